/** What the binary may do, and how it runs: `deno compile` writes both into it. */

/** The permissions, all that there are: no environment, no network, no other programs. */
export const PERMISSIONS: readonly string[] = [
  // Netlink through libc. Deno takes a bare name like libc.so.6 for a file of the working folder,
  // so that this cannot be narrowed to it.
  "--allow-ffi",
  // --replay FILE and the demo; which file is known at run time only.
  "--allow-read",
  // record FILE and --output-file FILE.
  "--allow-write",
];

/** How it runs, permissions included. */
export const RUN_FLAGS: readonly string[] = [
  ...PERMISSIONS,
  // What is not permitted is an error, also on a terminal.
  "--no-prompt",
  // A program that ends in a fraction of a second gains nothing by threads, nor by code that is
  // optimized before it is hot (a table of 100,000 real servers takes as long either way); and of
  // what a command loads it uses most, so that parsing it once is quicker than parsing it lazily.
  "--v8-flags=--single-threaded,--no-opt,--no-sparkplug,--invocation-count-for-maglev=1600,--no-lazy",
];

/** What `deno compile` is told besides. */
export const COMPILE_FLAGS: readonly string[] = [
  "--quiet",
  // The sources' own check is `deno task check`; what is compiled is a bundle.
  "--no-check",
  // With a code cache the program would write one to disk.
  "--no-code-cache",
  ...RUN_FLAGS,
];
