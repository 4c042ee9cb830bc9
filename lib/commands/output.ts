/**
 * Standard output as a sink that notices a full disk and a closed pipe.
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

const PAUSE_MILLISECONDS = 1;

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
    if (!(error instanceof Deno.errors.WouldBlock)) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new WriteError(`Cannot write ${name}: ${reason}`, { cause: error });
    }
    // Somebody made the pipe non-blocking; wait until there is room.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MILLISECONDS);
    return 0;
  }
}
