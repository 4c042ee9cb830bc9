/**
 * Whether standard output takes data. Writing does not tell: in place of a closed descriptor the
 * runtime opens /dev/null before anything else runs, and from a descriptor that is not open for
 * writing it hides the error.
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
 * Why standard output takes no data; undefined where it does.
 *
 * The runtime's /dev/null is open for reading and writing, and it is nobody else's. That of a shell
 * (`> /dev/null`) and of systemd is open for writing only; that of a daemon is the same one on all
 * three descriptors. Python's DEVNULL and Node's "ignore", given for standard output alone, cannot
 * be told from a closed one.
 */
export function whyNoOutput(): string | undefined {
  const { fcntl } = rareLibc();
  const flags = fcntl(STDOUT, F_GETFL, 0n);
  if (flags < 0) return "it is closed";
  const mode = flags & O_ACCMODE;
  if (mode === O_RDONLY) return "it is open for reading only";
  if (mode !== O_RDWR || readLink("/proc/self/fd/1") !== "/dev/null") return undefined;
  if (isShared(STDIN) || isShared(STDERR)) return undefined;
  return "it is closed, or it is /dev/null opened for reading as well; to discard the output, " +
    "use > /dev/null";
}

/** Whether another descriptor is the same open file as standard output: a flag set on one shows on both. */
function isShared(fd: number): boolean {
  const { fcntl } = rareLibc();
  const flags = fcntl(STDOUT, F_GETFL, 0n);
  const other = fcntl(fd, F_GETFL, 0n);
  if (other !== flags) return false;
  // It changes nothing for /dev/null.
  fcntl(STDOUT, F_SETFL, BigInt(flags ^ O_APPEND));
  const isSame = fcntl(fd, F_GETFL, 0n) !== other;
  fcntl(STDOUT, F_SETFL, BigInt(flags));
  return isSame;
}
