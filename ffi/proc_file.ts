/**
 * Files and links in /proc, read through libc: Deno would require all permissions for them.
 *
 * @module
 */
import { NetlinkError } from "../lib/netlink/errors.ts";
import { cString, libc, rareLibc, retryInterrupted } from "./libc.ts";

const O_RDONLY = 0;
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;
const EPERM = 1, ENOENT = 2, EACCES = 13, ENOTDIR = 20, EISDIR = 21;
const CHUNK = 16 * 1024;
const MAX_TARGET = 4096;

/** Errors that mean that the file does not exist, or not for this user. */
const ABSENT: ReadonlySet<number> = new Set([EPERM, ENOENT, EACCES, ENOTDIR, EISDIR]);

/** The files of the calling thread's network namespace. */
const NET = "/proc/thread-self/net";

/**
 * Whether `/proc/net` has a file of this name that this user may read.
 *
 * @throws {NetlinkError} if that cannot be determined, for example without a free descriptor.
 */
export function hasProcNet(name: string): boolean {
  const path = `${NET}/${name}`;
  const fd = open(path);
  if (fd < 0) return checkAbsent(path, -fd);
  libc().symbols.close(fd);
  return true;
}

/**
 * The text of a file of the calling thread's network namespace: `/proc/thread-self/net/<name>`, or
 * the setting `/proc/<name>` for a name that begins with `sys/`; undefined if it does not exist or
 * this user may not read it.
 *
 * @throws {NetlinkError} if it cannot be read for another reason.
 */
export function readProc(name: string): string | undefined {
  const path = name.startsWith("sys/") ? `/proc/${name}` : `${NET}/${name}`;
  const text = readFile(path);
  if (typeof text === "string") return text;
  checkAbsent(path, text);
  return undefined;
}

/** An open file of /proc. */
export interface ProcFile extends Disposable {
  /**
   * Reads some bytes into the buffer; returns their number, 0 at the end.
   *
   * @throws {NetlinkError} if the kernel returns an error.
   */
  read(buffer: Uint8Array<ArrayBuffer>): number;
}

/**
 * Opens `/proc/thread-self/net/<name>` to be read bit by bit; undefined if it does not exist or this
 * user may not read it. The kernel returns at most a page with each read.
 *
 * @throws {NetlinkError} if it cannot be opened for another reason.
 */
export function openProc(name: string): ProcFile | undefined {
  const path = `${NET}/${name}`;
  const fd = open(path);
  if (fd < 0) {
    checkAbsent(path, -fd);
    return undefined;
  }
  const { symbols } = libc();
  let isOpen = true;
  return {
    read(buffer) {
      const length = retryInterrupted(
        libc(),
        () => symbols.read(fd, buffer, BigInt(buffer.length)),
      );
      if (length < 0) throw new NetlinkError({ request: `reading ${path}`, errno: -length });
      return length;
    },
    [Symbol.dispose]() {
      if (isOpen) symbols.close(fd);
      isOpen = false;
    },
  };
}

/** Returns false for an error that means that a file is absent; throws any other error. */
function checkAbsent(path: string, errno: number): false {
  if (ABSENT.has(errno)) return false;
  throw new NetlinkError({ request: `reading ${path}`, errno });
}

/** Opens a file for reading, without waiting for a writer; returns the descriptor or -errno. */
export function open(path: string): number {
  const { symbols } = libc();
  const name = cString(path);
  const flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK;
  return retryInterrupted(libc(), () => symbols.open(name, flags));
}

/**
 * The text of a file, or the positive errno of the failure; with `limit`, only about that many bytes
 * of its beginning.
 */
export function readFile(path: string, limit = Infinity): string | number {
  const { symbols } = libc();
  const fd = open(path);
  if (fd < 0) return -fd;
  const decoder = new TextDecoder();
  const chunk = new Uint8Array(Math.min(CHUNK, limit));
  let text = "";
  try {
    for (let left = limit; left > 0;) {
      const length = retryInterrupted(libc(), () => symbols.read(fd, chunk, BigInt(chunk.length)));
      if (length < 0) return -length;
      if (length === 0) break;
      text += decoder.decode(chunk.subarray(0, length), { stream: true });
      left -= length;
    }
    return text + decoder.decode();
  } finally {
    symbols.close(fd);
  }
}

/** The target of a symbolic link, or the positive errno of the failure. */
export function readLink(path: string): string | number {
  const { readlink } = rareLibc();
  const target = new Uint8Array(MAX_TARGET);
  const name = cString(path);
  const length = retryInterrupted(libc(), () => readlink(name, target, BigInt(MAX_TARGET)));
  if (length < 0) return -length;
  return new TextDecoder().decode(target.subarray(0, length));
}
