/**
 * Where a command's data goes: standard output, or any other sink that notices a full disk and a
 * closed pipe.
 *
 * @module
 */
import type { Sink } from "../output/byte_writer.ts";

/** Standard output, or a file, took no more. */
export class WriteError extends Error {
  override readonly name = "WriteError";
}

/** Whoever read standard output has enough of it. */
export class ClosedPipeError extends Error {
  override readonly name = "ClosedPipeError";
}

/** What can be written to, such as `Deno.stdout` or an open file. */
export interface Writable {
  /** Writes some of the bytes and returns how many. */
  writeSync(bytes: Uint8Array): number;
}

/** Where a command's data goes. */
export interface Output extends Disposable {
  /** Takes the data. */
  readonly sink: Sink;
  /** Whether it shows colours. */
  readonly color: boolean;
  /** Is to be called when the sink has been given everything. */
  commit(): void;
}

const PAUSE_MILLISECONDS = 1;

/** Standard output, which has what it is given at once. */
export function standardOutput(): Output {
  return {
    sink: sinkTo(Deno.stdout, "standard output"),
    color: !Deno.noColor && Deno.stdout.isTerminal(),
    commit() {},
    [Symbol.dispose]() {},
  };
}

/**
 * Makes a sink that writes all it is given.
 *
 * @throws {ClosedPipeError} from the sink, if nobody reads on.
 * @throws {WriteError} from the sink, if the write fails otherwise.
 */
export function sinkTo(writable: Writable, name: string): Sink {
  return (chunk) => {
    for (let rest = chunk; rest.length > 0;) rest = rest.subarray(writeSome(writable, rest, name));
  };
}

function writeSome(writable: Writable, bytes: Uint8Array, name: string): number {
  try {
    return writable.writeSync(bytes);
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) throw new ClosedPipeError(name, { cause: error });
    if (error instanceof Deno.errors.Interrupted) return 0;
    if (!(error instanceof Deno.errors.WouldBlock)) throw writeError(name, error);
    // Somebody made the pipe non-blocking; wait until there is room.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MILLISECONDS);
    return 0;
  }
}

/** Says what could not be written, and why, in the system's words. */
export function writeError(name: string, cause: unknown): WriteError {
  const message = cause instanceof Error ? cause.message : String(cause);
  // Deno adds the error's number, and the path that it tried.
  return new WriteError(`Cannot write ${name}: ${message.replace(/ \(os error \d+\).*$/s, "")}`, {
    cause,
  });
}
