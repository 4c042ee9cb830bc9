/**
 * Files and links under /proc, read through libc: Deno itself reads them with every permission or
 * not at all.
 *
 * @module
 */
import { NetlinkError } from "../lib/netlink/errors.ts";
import { cString, libc, rareLibc, retried } from "./libc.ts";

const O_RDONLY = 0;
const O_CLOEXEC = 0o2000000;
const EPERM = 1, ENOENT = 2, EACCES = 13, ENOTDIR = 20, EISDIR = 21;
const CHUNK = 16 * 1024;
const LONGEST_TARGET = 4096;

/** Errors that say: there is no such file here, or none for this user. */
const ABSENT: ReadonlySet<number> = new Set([EPERM, ENOENT, EACCES, ENOTDIR, EISDIR]);

/** The directory of the calling thread's network namespace. */
const NET = "/proc/thread-self/net";

/**
 * Whether `/proc/net` can be read at all, and has a file of this name.
 *
 * @throws {NetlinkError} if that cannot be found out, as without a free descriptor.
 */
export function hasProcNet(name: string): boolean {
  const path = `${NET}/${name}`;
  const fd = open(path);
  if (fd < 0) return absent(path, -fd);
  libc().symbols.close(fd);
  return true;
}

/**
 * The text of a file of the calling thread's network namespace: `/proc/thread-self/net/<name>`, or
 * for a name that begins with `sys/` the setting `/proc/<name>`; undefined where there is none, or
 * none that this user may read.
 *
 * @throws {NetlinkError} if it cannot be read for another reason.
 */
export function readProc(name: string): string | undefined {
  const path = name.startsWith("sys/") ? `/proc/${name}` : `${NET}/${name}`;
  const text = readFile(path);
  if (typeof text === "string") return text;
  absent(path, text);
  return undefined;
}

/** False for an error that says that a file is absent; what else is wrong is not passed over. */
function absent(path: string, errno: number): false {
  if (ABSENT.has(errno)) return false;
  throw new NetlinkError({ request: `reading ${path}`, errno });
}

function open(path: string): number {
  const { symbols } = libc();
  const name = cString(path);
  return retried(libc(), () => symbols.open(name, O_RDONLY | O_CLOEXEC));
}

/**
 * The text of a file, or the positive errno that says why it cannot be read; with `most`, only its
 * beginning of about as many bytes.
 */
export function readFile(path: string, most = Infinity): string | number {
  const { symbols } = libc();
  const fd = open(path);
  if (fd < 0) return -fd;
  const decoder = new TextDecoder();
  const chunk = new Uint8Array(Math.min(CHUNK, most));
  let text = "";
  try {
    for (let left = most; left > 0;) {
      const length = retried(libc(), () => symbols.read(fd, chunk, BigInt(chunk.length)));
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

/** Where a symbolic link points to, or the positive errno that says why that cannot be read. */
export function readLink(path: string): string | number {
  const { readlink } = rareLibc();
  const target = new Uint8Array(LONGEST_TARGET);
  const name = cString(path);
  const length = retried(libc(), () => readlink(name, target, BigInt(LONGEST_TARGET)));
  if (length < 0) return -length;
  return new TextDecoder().decode(target.subarray(0, length));
}
