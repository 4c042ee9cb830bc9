/** Prepares the host for the lab: packages, a kernel, helper programs, caches. */
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

/** This directory, the checkout, and the directory of the guest's scripts. */
export const kernelDir = import.meta.dirname!;
export const checkout = join(kernelDir, "..", "..");
export const guestDir = join(kernelDir, "guest");

/** The flags in docs/building.md for running without a binary. */
const RUN_FLAGS = [
  ...["--allow-ffi", "--allow-read", "--allow-write"],
  "--v8-flags=--single-threaded,--no-opt",
];

/** Flags for the guest, which has no network and must not change the lock file. */
const OFFLINE_FLAGS = ["--no-prompt", "--cached-only", "--no-remote", "--no-lock"];

/** The Debian packages that every guest needs, by a program or file of each. */
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

function unsupportedMachine(): string | undefined {
  if (Deno.build.os === "linux" && Deno.build.arch === "x86_64") return undefined;
  return "The kernel lab needs Linux on x86_64, for User Mode Linux";
}

/** One line about what to install for the lab; undefined if nothing is missing. */
export function missingPackages(): string | undefined {
  return unsupportedMachine() ?? toInstall(PACKAGES);
}

/** Whether to skip tests that need the lab. */
export function cannotBoot(): boolean {
  return anyOf(mustSkip(unsupportedMachine()), cannotFind(PACKAGES));
}

/** Compiles a C source; cached by its content. */
async function compileC(source: string, flags: string[] = []): Promise<string> {
  const content = await Deno.readFile(source);
  const name = source.split("/").at(-1)!.replace(".c", "");
  return await cached(name, sha256(content), async (unfinished) => {
    await outputOf(["gcc", "-O2", "-Wall", ...flags, "-o", unfinished, source, "-ldl"]);
  });
}

/** The command that runs cli.ts. */
export function denoCommand(): string[] {
  return [Deno.execPath(), "run", ...RUN_FLAGS, ...OFFLINE_FLAGS, join(checkout, "cli.ts")];
}

/** The command that runs guest/reader.ts. */
export function readerCommand(): string[] {
  return [Deno.execPath(), "run", "-A", ...OFFLINE_FLAGS, join(guestDir, "reader.ts")];
}

/** Copies a warm Deno cache for a boot, as two guests must not write to the same database. */
async function warmDenoDir(cache: string, target: string): Promise<void> {
  const shared = join(cache, "deno");
  // Runs both programs once to fill the code cache; one boot at a time.
  const script = `export DENO_DIR="$1"; ${quoteWords(denoCommand())} --version >&2
    ${quoteWords(readerCommand())} < /dev/null && cp -r "$DENO_DIR" "$2"`;
  await outputOf([
    ...["flock", join(cache, "deno.lock")],
    ...["sh", "-ec", script, "sh", shared, target],
  ]);
}

/** Quotes a word for a shell. */
export function quoteShell(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** Quotes a command for a shell. */
export function quoteWords(words: readonly string[]): string {
  return words.map(quoteShell).join(" ");
}

/** The command that runs guest/attacks.ts. */
export function attacksCommand(): string[] {
  return [Deno.execPath(), "run", "-A", ...OFFLINE_FLAGS, join(guestDir, "attacks.ts")];
}

/** The command that runs an example program. */
export function exampleCommand(): string[] {
  return [Deno.execPath(), "run", "--allow-ffi", "--allow-read", ...OFFLINE_FLAGS];
}

/** Everything that a boot needs from the host. */
export interface Prepared {
  /** The cache directory, with a lock file for each processor. */
  cache: string;
  kernel: Kernel;
  /** The library that overrides ptrace(); see ptrace_shim.c. */
  shim: string;
  /** Helper programs, by their name on the guest's PATH. */
  helpers: Record<string, string>;
}

/** Prepares everything that a boot needs; its Deno cache goes to `denoDir`. */
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

/** The path of the host's modprobe, which guests use. */
export function modprobe(): string {
  return findProgram("modprobe")!;
}
