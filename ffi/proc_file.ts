/**
 * Files under /proc, read through libc: Deno itself opens them with every permission or not at all.
 *
 * @module
 */
import { cString, EINTR, libc, narrow } from "./libc.ts";

const O_RDONLY = 0;
const O_CLOEXEC = 0o2000000;
const CHUNK = 16 * 1024;

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
 * The text of a file of the calling thread's network namespace, `/proc/thread-self/net/<name>`;
 * undefined where it cannot be opened or read.
 */
export function readProcNet(name: string): string | undefined {
  const { symbols, errno } = libc();
  const fd = symbols.open(cString(`${NET}/${name}`), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return undefined;
  const decoder = new TextDecoder();
  const chunk = new Uint8Array(CHUNK);
  let text = "";
  try {
    for (;;) {
      const length = narrow(symbols.read(fd, chunk, BigInt(CHUNK)));
      if (length < 0 && errno() === EINTR) continue;
      if (length < 0) return undefined;
      if (length === 0) return text + decoder.decode();
      text += decoder.decode(chunk.subarray(0, length), { stream: true });
    }
  } finally {
    symbols.close(fd);
  }
}
