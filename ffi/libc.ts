/**
 * The C functions that are called, each with its declaration. No other file names any.
 *
 * @module
 */

// The name of glibc on every architecture.
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

/** Functions that few runs call. Each symbol of a table costs time when the table is opened. */
const RARE_SYMBOLS = {
  // ssize_t readlink(const char *path, char *target, size_t length);
  readlink: { parameters: ["buffer", "buffer", "usize"], result: "isize" },
  // int fcntl(int fd, int command, ... /* long */);
  fcntl: { parameters: ["i32", "i32", "i64"], result: "i32" },
} as const;

/** Functions for network namespaces and their folders. */
const NAMESPACE_SYMBOLS = {
  // int setns(int fd, int type);
  setns: { parameters: ["i32", "i32"], result: "i32" },
  // int statx(int folder, const char *path, int flags, unsigned mask, struct statx *result);
  statx: { parameters: ["i32", "buffer", "i32", "u32", "buffer"], result: "i32" },
  // DIR *opendir(const char *path);
  opendir: { parameters: ["buffer"], result: "pointer" },
  // struct dirent *readdir(DIR *directory);
  readdir: { parameters: ["pointer"], result: "pointer" },
  // int closedir(DIR *directory);
  closedir: { parameters: ["pointer"], result: "i32" },
} as const;

const EINTR = 4;

type Symbols = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

/** The functions of libc, and errno. */
export interface Libc {
  readonly symbols: Symbols;
  /**
   * The errno of the calling thread. Read it in the statement after the failed call, as
   * {@linkcode retryInterrupted} does: an allocation in between can change it.
   */
  errno(): number;
}

let opened: Libc | undefined;

/**
 * Opens libc on the first call; later calls return the same object.
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
 * The functions that few runs call; opened like {@linkcode libc}.
 *
 * @throws {Deno.errors.NotCapable} without --allow-ffi.
 */
export function rareLibc(): Deno.DynamicLibrary<typeof RARE_SYMBOLS>["symbols"] {
  rareOpened ??= Deno.dlopen(LIBC, RARE_SYMBOLS);
  return rareOpened.symbols;
}

/** The functions for network namespaces. */
export type NamespaceLibc = Deno.DynamicLibrary<typeof NAMESPACE_SYMBOLS>["symbols"];

let namespaceOpened: Deno.DynamicLibrary<typeof NAMESPACE_SYMBOLS> | undefined;

/**
 * The functions for network namespaces; opened like {@linkcode libc}.
 *
 * @throws {Deno.errors.NotCapable} without --allow-ffi.
 */
export function namespaceLibc(): NamespaceLibc {
  namespaceOpened ??= Deno.dlopen(LIBC, NAMESPACE_SYMBOLS);
  return namespaceOpened.symbols;
}

/** Calls a function again while signals interrupt it; returns the negative errno of a failure. */
export function retryInterrupted(c: Libc, call: () => number | bigint): number {
  for (;;) {
    const result = call();
    if (result >= 0) return Number(result);
    const errno = c.errno();
    if (errno !== EINTR) return -errno;
  }
}

/** A string with the NUL at its end that C expects. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(new TextEncoder().encode(`${text}\0`));
}
