/**
 * The one place that names C functions: what is called of libc, each beside its declaration.
 *
 * @module
 */

// One file name for glibc on every architecture.
const LIBC = "libc.so.6";

const SYMBOLS = {
  // int socket(int domain, int type, int protocol);
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  // int bind(int fd, const struct sockaddr *address, socklen_t length);
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  // int getsockname(int fd, struct sockaddr *address, socklen_t *length);
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  // int setsockopt(int fd, int level, int name, const void *value, socklen_t length);
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  // ssize_t send(int fd, const void *data, size_t length, int flags);
  send: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  // int recvmmsg(int fd, struct mmsghdr *messages, unsigned n, int flags, struct timespec *timeout);
  recvmmsg: { parameters: ["i32", "buffer", "u32", "i32", "pointer"], result: "i32" },
  // int open(const char *path, int flags, ...);
  open: { parameters: ["buffer", "i32"], result: "i32" },
  // ssize_t read(int fd, void *data, size_t length);
  read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  // int close(int fd);
  close: { parameters: ["i32"], result: "i32" },
  // int clock_gettime(clockid_t clock, struct timespec *time);
  clock_gettime: { parameters: ["i32", "buffer"], result: "i32" },
  // int *__errno_location(void);
  __errno_location: { parameters: [], result: "pointer" },
} as const;

/** What few runs call. Each symbol of a table costs time when the table is opened. */
const RARE_SYMBOLS = {
  // ssize_t readlink(const char *path, char *target, size_t length);
  readlink: { parameters: ["buffer", "buffer", "usize"], result: "isize" },
  // int fcntl(int fd, int command, ... /* long */);
  fcntl: { parameters: ["i32", "i32", "i64"], result: "i32" },
} as const;

const EINTR = 4;

type Symbols = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

/** libc's functions, and the errno of the last one that failed. */
export interface Libc {
  readonly symbols: Symbols;
  /**
   * The calling thread's errno. Read it in the statement after the call that failed, as
   * {@linkcode retried} does: an allocation in between can set it anew.
   */
  errno(): number;
}

let opened: Libc | undefined;

/**
 * Opens libc at the first call, and gives the same one ever after.
 *
 * @throws {Deno.errors.NotCapable} without --allow-ffi.
 */
export function libc(): Libc {
  if (opened !== undefined) return opened;
  const { symbols } = Deno.dlopen(LIBC, SYMBOLS);
  const location = symbols.__errno_location();
  if (location === null) throw new Error("Cannot find errno");
  const errno = new Deno.UnsafePointerView(location);
  opened = { symbols, errno: () => errno.getInt32() };
  return opened;
}

let rareOpened: Deno.DynamicLibrary<typeof RARE_SYMBOLS> | undefined;

/**
 * The functions that few runs call, likewise.
 *
 * @throws {Deno.errors.NotCapable} without --allow-ffi.
 */
export function rareLibc(): Deno.DynamicLibrary<typeof RARE_SYMBOLS>["symbols"] {
  rareOpened ??= Deno.dlopen(LIBC, RARE_SYMBOLS);
  return rareOpened.symbols;
}

/** Calls libc, again as long as a signal interrupts it; a failure is its errno, negative. */
export function retried(c: Libc, call: () => number | bigint): number {
  for (;;) {
    const result = call();
    if (result >= 0) return Number(result);
    const errno = c.errno();
    if (errno !== EINTR) return -errno;
  }
}

/** A path or name as C takes it. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(new TextEncoder().encode(`${text}\0`));
}
