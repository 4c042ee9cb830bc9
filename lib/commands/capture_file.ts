/**
 * Reading a capture from a file, a pipe or standard input: a device is never read, and of anything
 * else no more than a limit.
 *
 * @module
 */
import { CaptureError } from "../capture/error.ts";
import { isCapture, MAGIC_LENGTH } from "../capture/packets.ts";
import { withoutParents } from "./paths.ts";

/** How many bytes a capture may have where nothing else is said. */
export const DEFAULT_MAX_SIZE: number = 2 ** 30;

const FIRST_CAPACITY = 65_536;
const PAUSE_MILLISECONDS = 1;

/** Deno opens none of these names of standard input. */
const STANDARD_INPUT = new Set(["-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"]);

/** What can be read from, such as `Deno.stdin` or an open file. */
interface Readable {
  /** Reads some bytes and returns how many; null at the end. */
  readSync(bytes: Uint8Array): number | null;
}

/**
 * Reads a whole capture; `-` and `/dev/stdin` are standard input.
 *
 * @throws {CaptureError} if it is a directory, a device, a terminal, no capture, or larger than
 * `maxSize` bytes.
 * @throws {Deno.errors.NotFound} and the like if it cannot be read.
 */
export function readCapture(file: string | URL, maxSize = DEFAULT_MAX_SIZE): Uint8Array {
  if (typeof file === "string" && STANDARD_INPUT.has(file)) {
    if (Deno.stdin.isTerminal()) {
      throw new CaptureError("standard input is a terminal; name a file or a pipe");
    }
    return readAll(Deno.stdin, { name: "standard input", size: 0, maxSize });
  }
  // The program's own file, which in a compiled program cannot be asked for its size.
  if (file instanceof URL) return Deno.readFileSync(file);
  using open = openFile(withoutParents(file), file);
  const info = open.statSync();
  refuse(file, info);
  return readAll(open, { name: file, size: info.size, maxSize });
}

function openFile(file: string, name: string): Deno.FsFile {
  try {
    // Opening a device can do something to it.
    refuse(name, Deno.statSync(file));
    return Deno.openSync(file);
  } catch (error) {
    // Deno asks for all permissions to open some files of /dev and /proc.
    if (!(error instanceof Deno.errors.NotCapable) || !/all access/.test(error.message)) {
      throw error;
    }
    const advice = `try: ipvstat --replay - < ${name}`;
    throw new CaptureError(`${name} cannot be opened by its name; ${advice}`, { cause: error });
  }
}

function refuse(name: string, info: Deno.FileInfo): void {
  if (info.isDirectory) throw new CaptureError(`${name} is a directory`);
  if (info.isCharDevice || info.isBlockDevice) throw new CaptureError(`${name} is a device`);
}

/** What is read, how large it says it is, and how large it may be. */
interface Input {
  readonly name: string;
  readonly size: number;
  readonly maxSize: number;
}

function readAll(readable: Readable, { name, size, maxSize }: Input): Uint8Array {
  const begin = readUntil(readable, new Uint8Array(MAGIC_LENGTH), 0);
  if (begin.length > 0 && !isCapture(begin)) {
    throw new CaptureError("it is neither pcap nor pcapng");
  }
  if (size > maxSize) throw tooLarge(name, maxSize);
  // A byte more than there is room for tells what is too large.
  let buffer = new Uint8Array(Math.min(maxSize, Math.max(size, FIRST_CAPACITY)) + 1);
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

function tooLarge(name: string, maxSize: number): CaptureError {
  const limit = maxSize === DEFAULT_MAX_SIZE ? "1 GiB" : `${maxSize} bytes`;
  return new CaptureError(
    `${name} is larger than the limit; raise it with --max-size (now ${limit})`,
  );
}

/** Fills a buffer from `length` on, until it is full or there is nothing more. */
function readUntil(readable: Readable, buffer: Uint8Array, length: number): Uint8Array {
  let end = length;
  while (end < buffer.length) {
    const count = readSome(readable, buffer.subarray(end));
    if (count === null) break;
    end += count;
  }
  return buffer.subarray(0, end);
}

function readSome(readable: Readable, buffer: Uint8Array): number | null {
  try {
    return readable.readSync(buffer);
  } catch (error) {
    if (error instanceof Deno.errors.Interrupted) return 0;
    if (!(error instanceof Deno.errors.WouldBlock)) throw error;
    // Somebody made the pipe non-blocking; wait until something is in it.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MILLISECONDS);
    return 0;
  }
}
