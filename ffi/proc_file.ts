/**
 * Files and links under /proc, read through libc: Deno itself reads them with every permission or
 * not at all.
 *
 * @module
 */
import { cString, EINTR, libc, narrow, rareLibc } from "./libc.ts";

const O_RDONLY = 0;
const O_CLOEXEC = 0o2000000;
const CHUNK = 16 * 1024;
const LONGEST_TARGET = 4096;

/** The directory of the calling thread's network namespace. */
const NET = "/proc/thread-self/net";

/** Whether `/proc/net` can be read at all, and has a file of this name. */
export function hasProcNet(name: string): boolean {
  const { symbols } = libc();
  const fd = symbols.open(cString(`${NET}/${name}`), O_RDONLY | O_CLOEXEC);
  if (fd >= 0) symbols.close(fd);
  return fd >= 0;
}

/**
 * The text of a file of the calling thread's network namespace: `/proc/thread-self/net/<name>`, or
 * for a name that begins with `sys/` the setting `/proc/<name>`; undefined if it cannot be opened or
 * read.
 */
export function readProc(name: string): string | undefined {
  const text = readFile(name.startsWith("sys/") ? `/proc/${name}` : `${NET}/${name}`);
  return typeof text === "string" ? text : undefined;
}

/**
 * The text of a file, or the positive errno that says why it cannot be read; with `most`, only its
 * beginning of about as many bytes.
 */
export function readFile(path: string, most = Infinity): string | number {
  const { symbols, errno } = libc();
  const fd = symbols.open(cString(path), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno();
  const decoder = new TextDecoder();
  const chunk = new Uint8Array(Math.min(CHUNK, most));
  let text = "";
  try {
    for (let left = most; left > 0;) {
      const length = narrow(symbols.read(fd, chunk, BigInt(chunk.length)));
      if (length < 0) {
        const code = errno();
        if (code === EINTR) continue;
        return code;
      }
      if (length === 0) break;
      text += decoder.decode(chunk.subarray(0, length), { stream: true });
      left -= length;
    }
    return text + decoder.decode();
  } finally {
    symbols.close(fd);
  }
}

/** Where a symbolic link points to, or the positive errno that says why that cannot be read. */
export function readLink(path: string): string | number {
  const { errno } = libc();
  const { readlink } = rareLibc();
  const target = new Uint8Array(LONGEST_TARGET);
  const length = narrow(readlink(cString(path), target, BigInt(LONGEST_TARGET)));
  if (length < 0) return errno();
  return new TextDecoder().decode(target.subarray(0, length));
}
