/** The permissions and run-time flags that `deno compile` writes into the binary. */

/** All permissions of the binary: one environment variable, no network, no other programs. */
export const PERMISSIONS: readonly string[] = [
  // Netlink through libc. It cannot be restricted to libc.so.6, because Deno interprets a name
  // without a directory as a file in the working directory.
  "--allow-ffi",
  // --replay FILE and the demo; the file is known only at run time.
  "--allow-read",
  // record FILE and --output-file FILE.
  "--allow-write",
  // stream -o netdata; netdata sets the variable for its plugins.
  "--allow-env=NETDATA_UPDATE_EVERY",
];

/** The flags for `deno run`, including the permissions. */
export const RUN_FLAGS: readonly string[] = [
  ...PERMISSIONS,
  // A missing permission is an error, even on a terminal.
  "--no-prompt",
  // A program that runs for a fraction of a second does not benefit from threads, or from early
  // optimization (a table of 100,000 real servers takes equally long). A command uses most of the
  // code that it loads, so eager parsing is faster than lazy parsing.
  "--v8-flags=--single-threaded,--no-opt,--no-sparkplug,--invocation-count-for-maglev=1600,--no-lazy",
];

/** The flags for `deno compile`. */
export const COMPILE_FLAGS: readonly string[] = [
  "--quiet",
  // `deno task check` checks the sources; the input here is a bundle.
  "--no-check",
  // The program would write a code cache to disk.
  "--no-code-cache",
  ...RUN_FLAGS,
];
