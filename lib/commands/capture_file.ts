/**
 * Reading a capture from a file, a pipe or standard input. Devices are never read, and never more
 * than a size limit.
 *
 * @module
 */
import { isCapture, MAGIC_LENGTH } from "../capture/packets.ts";
import { cannotRead, CaptureFileError } from "./capture_error.ts";
import { resolveParents } from "./paths.ts";
import { systemReason } from "./system_error.ts";

/** The default size limit of a capture, in bytes. */
export const DEFAULT_MAX_SIZE: number = 2 ** 30;

const INITIAL_CAPACITY = 65_536;
const PAUSE_MILLISECONDS = 1;

/** Names of standard input, none of which Deno can open. */
const STANDARD_INPUT = new Set(["-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"]);

/** What can be read from, such as `Deno.stdin` or an open file. */
export interface Readable {
  /** Reads some bytes and returns their number; null at the end. */
  readSync(bytes: Uint8Array): number | null;
}

/** How messages name a capture; a URL is the built-in recording. */
export function captureName(file: string | URL): string {
  if (file instanceof URL) return "the built-in recording";
  return STANDARD_INPUT.has(file) ? "standard input" : file;
}

/**
 * Reads a whole capture; `-` and `/dev/stdin` are standard input.
 *
 * @throws {CaptureFileError} if it cannot be opened or read; is a directory, a device, a terminal or
 * not a capture; or is larger than `maxSize` bytes.
 * @throws {Deno.errors.NotCapable} without --allow-read.
 */
export function readCapture(file: string | URL, maxSize = DEFAULT_MAX_SIZE): Uint8Array {
  const name = captureName(file);
  try {
    // Its size cannot be queried in a compiled program.
    if (file instanceof URL) return Deno.readFileSync(file);
    if (name === file) return readNamedFile(file, maxSize);
    if (Deno.stdin.isTerminal()) {
      throw cannotRead(name, "it is a terminal; use a file or a pipe");
    }
    return readAll(Deno.stdin, { name, size: 0, maxSize });
  } catch (error) {
    throw explainFailure(name, error);
  }
}

/**
 * Turns errors of the system into errors that name the file.
 *
 * @param option What reads the file from standard input.
 */
export function explainFailure(name: string, error: unknown, option = "--replay"): unknown {
  if (error instanceof CaptureFileError) return error;
  if (error instanceof Deno.errors.NotFound) return cannotRead(name, "no such file", error);
  if (error instanceof Deno.errors.NotCapable) {
    // Deno asks for all permissions to open some files of /dev and /proc.
    if (!/all access/.test(error.message)) return error;
    const advice = `try: ipvstat ${option} - < ${name}`;
    return cannotRead(name, `the runtime does not open this file by name; ${advice}`, error);
  }
  return cannotRead(name, systemReason(error), error);
}

function readNamedFile(name: string, maxSize: number): Uint8Array {
  const path = resolveParents(name);
  // Opening a device can have side effects.
  rejectDevices(name, Deno.statSync(path));
  using file = Deno.openSync(path);
  const info = file.statSync();
  rejectDevices(name, info);
  return readAll(file, { name, size: info.size, maxSize });
}

/**
 * Opening a device can have side effects, so a name is checked before it is opened.
 *
 * @throws {CaptureFileError} for a directory or a device.
 */
export function rejectDevices(name: string, info: Deno.FileInfo): void {
  if (info.isDirectory) throw cannotRead(name, "it is a directory");
  if (info.isCharDevice || info.isBlockDevice) throw cannotRead(name, "it is a device");
}

/** A capture with its reported size and its size limit. */
interface Input {
  readonly name: string;
  readonly size: number;
  readonly maxSize: number;
}

function readAll(readable: Readable, { name, size, maxSize }: Input): Uint8Array {
  const begin = readUntil(readable, new Uint8Array(MAGIC_LENGTH), 0);
  if (begin.length > 0 && !isCapture(begin)) {
    throw cannotRead(name, "it is neither pcap nor pcapng");
  }
  if (size > maxSize) throw tooLarge(name, maxSize);
  // One byte more than allowed, to detect captures that are too large.
  let buffer = new Uint8Array(Math.min(maxSize, Math.max(size, INITIAL_CAPACITY)) + 1);
  buffer.set(begin.subarray(0, buffer.length));
  let length = begin.length;
  for (;;) {
    length = readUntil(readable, buffer, length).length;
    if (length > maxSize) throw tooLarge(name, maxSize);
    if (length < buffer.length) return buffer.subarray(0, length);
    const larger = new Uint8Array(Math.min(maxSize + 1, 2 * buffer.length));
    larger.set(buffer);
    buffer = larger;
  }
}

function tooLarge(name: string, maxSize: number): CaptureFileError {
  const limit = maxSize === DEFAULT_MAX_SIZE ? "1 GiB" : `${maxSize} bytes`;
  return cannotRead(name, `it is larger than ${limit}; raise the limit with --max-size`);
}

/** Fills a buffer from `length` on, until it is full or the input ends. */
function readUntil(readable: Readable, buffer: Uint8Array, length: number): Uint8Array {
  let end = length;
  while (end < buffer.length) {
    const count = readSome(readable, buffer.subarray(end));
    if (count === null) break;
    end += count;
  }
  return buffer.subarray(0, end);
}

/** Reads some bytes; returns their number, or null at the end. Waits for data of a pipe. */
export function readSome(readable: Readable, buffer: Uint8Array): number | null {
  try {
    return readable.readSync(buffer);
  } catch (error) {
    if (error instanceof Deno.errors.Interrupted) return 0;
    if (!(error instanceof Deno.errors.WouldBlock)) throw error;
    // The pipe is non-blocking and empty; wait for data.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MILLISECONDS);
    return 0;
  }
}
