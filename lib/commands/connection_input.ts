/**
 * Where the connection table comes from: a file of the running kernel, or a saved copy.
 *
 * @module
 */
import { cannotRead } from "./capture_error.ts";
import {
  captureName,
  explainFailure,
  type Readable,
  readSome,
  rejectDevices,
} from "./capture_file.ts";
import { resolveParents } from "./paths.ts";

/** An open file with the connection table. */
export interface ConnectionInput extends Disposable {
  /** How messages and outputs name it. */
  readonly name: string;
  /**
   * Reads some bytes into the buffer; returns their number, 0 at the end.
   *
   * @throws if it cannot be read; the message names the file.
   */
  read(buffer: Uint8Array<ArrayBuffer>): number;
}

/**
 * Opens a saved copy of ip_vs_conn or ip_vs_conn_sync; `-` is standard input.
 *
 * @throws {CaptureFileError} if it cannot be opened, or is a directory, a device or a terminal.
 */
export function openConnectionFile(file: string): ConnectionInput {
  const name = captureName(file);
  const explain = <T>(action: () => T): T => {
    try {
      return action();
    } catch (error) {
      throw explainFailure(name, error, "conns --file");
    }
  };
  const readable = explain(() => name === file ? openNamed(file) : openStandardInput(name));
  return {
    name,
    read: (buffer) => explain(() => readAtLeastOne(readable, buffer)),
    [Symbol.dispose]() {
      if (readable !== Deno.stdin) readable.close();
    },
  };
}

function openNamed(name: string): Deno.FsFile {
  const path = resolveParents(name);
  rejectDevices(name, Deno.statSync(path));
  return Deno.openSync(path);
}

function openStandardInput(name: string): typeof Deno.stdin {
  if (Deno.stdin.isTerminal()) throw cannotRead(name, "it is a terminal; use a file or a pipe");
  return Deno.stdin;
}

/** Reads some bytes; waits for those of a pipe. Returns 0 at the end. */
function readAtLeastOne(readable: Readable, buffer: Uint8Array): number {
  for (;;) {
    const length = readSome(readable, buffer);
    if (length !== 0) return length ?? 0;
  }
}
