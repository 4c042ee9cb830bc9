/**
 * Where the data of a command goes: standard output, or another sink that detects a full disk and a
 * closed pipe.
 *
 * @module
 */
import type { Sink } from "../output/byte_writer.ts";
import { systemReason } from "./system_error.ts";

/** Standard output or a file cannot be written. */
export class WriteError extends Error {
  override readonly name = "WriteError";
}

/** The reader of standard output closed its end of the pipe. */
export class ClosedPipeError extends Error {
  override readonly name = "ClosedPipeError";
}

/** What can be written to, such as `Deno.stdout` or an open file. */
export interface Writable {
  /** Writes some of the bytes and returns their number. */
  writeSync(bytes: Uint8Array): number;
}

/** Where a command's data goes. */
export interface Output extends Disposable {
  /** Takes the data. */
  readonly sink: Sink;
  /** Whether it shows colours. */
  readonly color: boolean;
  /** Width of the terminal in characters; undefined if it is not one. */
  readonly width?: number | undefined;
  /** Completes the output; call it after all data was written to the sink. */
  commit(): void;
}

const PAUSE_MILLISECONDS = 1;
const DEFAULT_WIDTH = 80;

/** Standard output, which needs no {@linkcode Output.commit}. */
export function standardOutput(): Output {
  return {
    sink: sinkTo(Deno.stdout, "standard output"),
    color: !Deno.noColor && Deno.stdout.isTerminal(),
    width: Deno.stdout.isTerminal() ? terminalWidth() : undefined,
    commit() {},
    [Symbol.dispose]() {},
  };
}

/** 80 if the terminal does not report its width. */
function terminalWidth(): number {
  try {
    return Deno.consoleSize().columns || DEFAULT_WIDTH;
  } catch {
    return DEFAULT_WIDTH;
  }
}

/**
 * Makes a sink that writes every chunk completely.
 *
 * @throws {ClosedPipeError} from the sink, if the reader closed the pipe.
 * @throws {WriteError} from the sink, if the write fails for another reason.
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
    // The pipe is non-blocking and full; wait until there is room.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MILLISECONDS);
    return 0;
  }
}

/** The error of a failed write, with the system's reason. */
export function writeError(name: string, cause: unknown): WriteError {
  return new WriteError(`Cannot write ${name}: ${systemReason(cause)}`, { cause });
}
