/** What the lab needs on the host before a guest can start: packages, helpers, modules, caches. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { exists, findProgram, outputOf, toInstall } from "../_commands.ts";

/** This folder, the checkout it stands in, and the guest's scripts. */
export const kernelDir = import.meta.dirname!;
export const checkout = join(kernelDir, "..", "..");
export const guestDir = join(kernelDir, "guest");

/** What the program under test may do; a compiled binary (IPVSTAT_BIN) brings its own. */
export const ipvstatPermissions = [
  "--allow-ffi",
  "--allow-read",
  "--allow-env",
  "--allow-write",
];

/** What the README advises for a program that runs as shortly. */
const v8Flags = "--v8-flags=--single-threaded,--no-opt";

/** The guest has no network, and the lock file belongs to the checkout: neither is to be tried. */
const offlineFlags = ["--no-prompt", "--cached-only", "--no-remote", "--no-lock"];

/** Of programs and files the Debian packages that bring them, one for each package. */
const PACKAGES = {
  "linux.uml": "user-mode-linux",
  ipvsadm: "ipvsadm",
  ip: "iproute2",
  depmod: "kmod",
  sysctl: "procps",
  busybox: "busybox-static",
  tcpdump: "tcpdump",
  tshark: "tshark",
  gcc: "gcc",
  "/usr/include/linux/ip_vs.h": "libc6-dev",
  "iptables-legacy": "iptables",
  strace: "strace",
};

/** Undefined when the lab can start; else one line that says what to install. */
export function missingPackages(): string | undefined {
  if (Deno.build.os !== "linux" || Deno.build.arch !== "x86_64") {
    return "The kernel lab needs Linux on x86_64: User Mode Linux runs nowhere else";
  }
  return toInstall(PACKAGES);
}

/** One folder per user, kept between runs; removing it costs a second. */
export async function cacheDir(): Promise<string> {
  const user = (await outputOf(["id", "-u"])).trim();
  const dir = join(Deno.env.get("TMPDIR") ?? "/tmp", `ipvstat-lab-cache-${user}`);
  await Deno.mkdir(dir, { recursive: true, mode: 0o700 });
  return dir;
}

/** Compiles a C source into the cache unless it is there; several tests may do so at once. */
async function compile(cache: string, source: string, flags: string[]): Promise<string> {
  const digest = createHash("sha256").update(await Deno.readFile(source)).digest("hex");
  const target = join(cache, `${digest.slice(0, 16)}.bin`);
  if (exists(target)) return target;
  const unfinished = await Deno.makeTempFile({ dir: cache });
  await outputOf(["gcc", "-O2", "-Wall", ...flags, "-o", unfinished, source, "-ldl"]);
  await Deno.chmod(unfinished, 0o755);
  await Deno.rename(unfinished, target);
  return target;
}

/**
 * A module tree for modprobe -d: the kernel package's modules with the dependency list it lacks.
 * So nothing is written under /lib/modules and nobody needs to be root.
 */
async function moduleTree(cache: string): Promise<string> {
  const packaged = "/usr/lib/uml/modules";
  const version = Array.from(Deno.readDirSync(packaged), (entry) => entry.name).sort().at(-1);
  if (version === undefined) throw new Error(`Cannot find the guest's modules in ${packaged}`);
  const target = join(cache, `modules-${version}`);
  if (exists(target)) return target;
  const unfinished = await Deno.makeTempDir({ dir: cache });
  const dir = join(unfinished, "lib", "modules", version);
  await Deno.mkdir(dir, { recursive: true });
  await Deno.symlink(join(packaged, version, "kernel"), join(dir, "kernel"));
  for (const name of ["modules.builtin", "modules.builtin.modinfo", "modules.order"]) {
    await Deno.copyFile(join(packaged, version, name), join(dir, name));
  }
  await outputOf([findProgram("depmod")!, "-b", unfinished, version]);
  // Whoever comes second finds the first one's tree in the way, and it is as good.
  await Deno.rename(unfinished, target).catch(() => Deno.remove(unfinished, { recursive: true }));
  return target;
}

/** The words that start the program under test, and the Deno cache they need. */
export function ipvstatCommand(): string[] {
  const binary = Deno.env.get("IPVSTAT_BIN");
  if (binary) return [Deno.realPathSync(binary)];
  const script = join(checkout, "cli.ts");
  return [Deno.execPath(), "run", v8Flags, ...offlineFlags, ...ipvstatPermissions, script];
}

/** Gives a boot its own warm Deno cache: two guests must not write one database. */
async function warmDenoDir(cache: string, target: string): Promise<void> {
  if (Deno.env.get("IPVSTAT_BIN") || !exists(join(checkout, "cli.ts"))) return;
  const shared = join(cache, "deno");
  // One at a time, and --version so that the code cache is filled, too.
  const script =
    'export DENO_DIR="$1"; target=$2; shift 2; "$@" --version >&2; cp -r "$DENO_DIR" "$target"';
  await outputOf([
    ...["flock", join(cache, "deno.lock")],
    ...["sh", "-c", script, "sh", shared, target, ...ipvstatCommand()],
  ]);
}

export interface Prepared {
  cache: string;
  shim: string;
  modules: string;
  modprobe: string;
  /** Helper programs for the guest, by the name they get on its PATH. */
  helpers: Record<string, string>;
}

export async function prepare(denoDir: string): Promise<Prepared> {
  const missing = missingPackages();
  if (missing) throw new Error(missing);
  const cache = await cacheDir();
  const [shim, traffic, ipvsGenl, modules] = await Promise.all([
    compile(cache, join(kernelDir, "ptrace_shim.c"), ["-shared", "-fPIC"]),
    compile(cache, join(guestDir, "traffic.c"), []),
    compile(cache, join(guestDir, "ipvs_genl.c"), []),
    moduleTree(cache),
    warmDenoDir(cache, denoDir),
  ]);
  const helpers = { traffic, ipvs_genl: ipvsGenl };
  return { cache, shim, modules, modprobe: findProgram("modprobe")!, helpers };
}
