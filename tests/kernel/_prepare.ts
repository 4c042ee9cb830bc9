/** What the lab needs on the host before a guest can start: packages, a kernel, helpers, caches. */
import { join } from "node:path";
import { cached, cacheDir, sha256 } from "../_cache.ts";
import {
  anyOf,
  cannotFind,
  exists,
  findProgram,
  mustSkip,
  outputOf,
  toInstall,
} from "../_commands.ts";
import { chosenKernel, findKernel, type Kernel, type KernelName } from "./_kernels.ts";

/** This folder, the checkout it is in, and the guest's scripts. */
export const kernelDir = import.meta.dirname!;
export const checkout = join(kernelDir, "..", "..");
export const guestDir = join(kernelDir, "guest");

/** The README's words for a run without a binary. */
const RUN_FLAGS = [
  ...["--allow-ffi", "--allow-read", "--allow-write"],
  "--v8-flags=--single-threaded,--no-opt",
];

/** The guest has no network, and the lock file belongs to the checkout: neither is to be tried. */
const OFFLINE_FLAGS = ["--no-prompt", "--cached-only", "--no-remote", "--no-lock"];

/** The Debian package of each program or file that every guest needs, one for each package. */
const PACKAGES = {
  "apt-get": "apt",
  patchelf: "patchelf",
  ipvsadm: "ipvsadm",
  ip: "iproute2",
  depmod: "kmod",
  sysctl: "procps",
  busybox: "busybox-static",
  tcpdump: "tcpdump",
  gcc: "gcc",
  "/usr/include/linux/ip_vs.h": "libc6-dev",
  strace: "strace",
};

function unfitMachine(): string | undefined {
  if (Deno.build.os === "linux" && Deno.build.arch === "x86_64") return undefined;
  return "The kernel lab needs Linux on x86_64: User Mode Linux runs nowhere else";
}

/** Undefined when the lab can start; else one line that says what to install. */
export function missingPackages(): string | undefined {
  return unfitMachine() ?? toInstall(PACKAGES);
}

/** For Deno.test: whether to skip what needs the lab. */
export function cannotBoot(): boolean {
  return anyOf(mustSkip(unfitMachine()), cannotFind(PACKAGES));
}

/** Compiles a C source once for each of its states. */
async function compileC(source: string, flags: string[] = []): Promise<string> {
  const content = await Deno.readFile(source);
  const kind = source.split("/").at(-1)!.replace(".c", "");
  return await cached(kind, sha256(content), async (unfinished) => {
    await outputOf(["gcc", "-O2", "-Wall", ...flags, "-o", unfinished, source, "-ldl"]);
  });
}

/** The words that run the command line from the checkout. */
export function denoCommand(): string[] {
  return [Deno.execPath(), "run", ...RUN_FLAGS, ...OFFLINE_FLAGS, join(checkout, "cli.ts")];
}

/** The words that start the process of guest/reader.ts, which reads by the program's own code. */
export function readerCommand(): string[] {
  return [Deno.execPath(), "run", "-A", ...OFFLINE_FLAGS, join(guestDir, "reader.ts")];
}

/** Gives a boot its own warm Deno cache: two guests must not write one database. */
async function warmDenoDir(cache: string, target: string): Promise<void> {
  const shared = join(cache, "deno");
  // One at a time, and both programs once, so that the code cache is filled, too.
  const script = `export DENO_DIR="$1"; ${quoteWords(denoCommand())} --version >&2
    ${quoteWords(readerCommand())} < /dev/null && cp -r "$DENO_DIR" "$2"`;
  await outputOf([
    ...["flock", join(cache, "deno.lock")],
    ...["sh", "-ec", script, "sh", shared, target],
  ]);
}

/** A word as a shell reads it back. */
export function quoteShell(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** The words of a command as a shell reads them back. */
export function quoteWords(words: readonly string[]): string {
  return words.map(quoteShell).join(" ");
}

/** The words that start guest/attacks.ts. */
export function attacksCommand(): string[] {
  return [Deno.execPath(), "run", "-A", ...OFFLINE_FLAGS, join(guestDir, "attacks.ts")];
}

export interface Prepared {
  /** The folder with a lock file for each processor. */
  cache: string;
  kernel: Kernel;
  /** The library that stands before the C library's ptrace(). */
  shim: string;
  /** Helper programs for the guest, by the name they get on its PATH. */
  helpers: Record<string, string>;
}

/** Makes everything that a guest needs, and its Deno cache in a folder of its own. */
export async function prepare(
  denoDir: string,
  name: KernelName = chosenKernel(),
): Promise<Prepared> {
  const missing = missingPackages();
  if (missing) throw new Error(missing);
  const cache = await cacheDir();
  const [kernel, shim, traffic, ipvsGenl] = await Promise.all([
    findKernel(name),
    compileC(join(kernelDir, "ptrace_shim.c"), ["-shared", "-fPIC"]),
    compileC(join(guestDir, "traffic.c")),
    compileC(join(guestDir, "ipvs_genl.c")),
    exists(join(checkout, "cli.ts")) ? warmDenoDir(cache, denoDir) : undefined,
  ]);
  return { cache, kernel, shim, helpers: { traffic, ipvs_genl: ipvsGenl } };
}

/** The path of the host's modprobe, which guests share. */
export function modprobe(): string {
  return findProgram("modprobe")!;
}
