/**
 * Whether standard output can be written. A write does not show it: the runtime replaces a closed
 * descriptor by /dev/null before anything else runs, and hides the error of a descriptor that is not
 * open for writing.
 *
 * @module
 */
import { rareLibc } from "./libc.ts";
import { readLink } from "./proc_file.ts";

const STDIN = 0, STDOUT = 1, STDERR = 2;
const F_GETFL = 3, F_SETFL = 4;
const O_ACCMODE = 3, O_RDONLY = 0, O_RDWR = 2;
const O_APPEND = 0o2000;

/**
 * Why standard output cannot be written; undefined if it can.
 *
 * The runtime opens its /dev/null read-write, and for one descriptor. Shells (`> /dev/null`) and
 * systemd open it write-only; daemons share one open file between all three descriptors. Python's
 * DEVNULL and Node's "ignore", used for standard output alone, look the same as a closed descriptor.
 */
export function standardOutputProblem(): string | undefined {
  const { fcntl } = rareLibc();
  const flags = fcntl(STDOUT, F_GETFL, 0n);
  if (flags < 0) return "it is closed";
  const mode = flags & O_ACCMODE;
  if (mode === O_RDONLY) return "it is open read-only";
  if (mode !== O_RDWR || readLink("/proc/self/fd/1") !== "/dev/null") return undefined;
  if (isShared(STDIN) || isShared(STDERR)) return undefined;
  return "it is closed, or /dev/null opened read-write; to discard the output, use > /dev/null";
}

/** Whether a descriptor shares its open file with standard output: then they share their flags. */
function isShared(fd: number): boolean {
  const { fcntl } = rareLibc();
  const flags = fcntl(STDOUT, F_GETFL, 0n);
  const other = fcntl(fd, F_GETFL, 0n);
  if (other !== flags) return false;
  // O_APPEND has no effect on /dev/null.
  fcntl(STDOUT, F_SETFL, BigInt(flags ^ O_APPEND));
  const isSame = fcntl(fd, F_GETFL, 0n) !== other;
  fcntl(STDOUT, F_SETFL, BigInt(flags));
  return isSame;
}
