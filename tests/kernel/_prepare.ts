/** What the lab needs on the host before a guest can start: packages, helpers, modules, caches. */
import { join } from "node:path";

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

const searchPath = `${Deno.env.get("PATH") ?? ""}:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin`;

/** Of each Debian package one file that only it brings: a command, or a path. */
const packageFiles: Record<string, string> = {
  "user-mode-linux": "linux.uml",
  ipvsadm: "ipvsadm",
  iproute2: "ip",
  kmod: "depmod",
  procps: "sysctl",
  "busybox-static": "busybox",
  tcpdump: "tcpdump",
  tshark: "tshark",
  gcc: "gcc",
  "libc6-dev": "/usr/include/linux/ip_vs.h",
  iptables: "iptables-legacy",
  strace: "strace",
};

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

function findCommand(name: string): string | undefined {
  if (name.startsWith("/")) return exists(name) ? name : undefined;
  return searchPath.split(":").map((dir) => join(dir, name)).find(exists);
}

/** Undefined when the lab can start; else one line that says what to install. */
export function missingPackages(): string | undefined {
  if (Deno.build.os !== "linux" || Deno.build.arch !== "x86_64") {
    return "The kernel lab needs Linux on x86_64: User Mode Linux runs nowhere else";
  }
  const missing = Object.entries(packageFiles).filter(([, file]) => !findCommand(file));
  if (missing.length === 0) return undefined;
  return `Install the kernel lab's packages: apt-get install ${
    missing.map(([name]) => name).join(" ")
  }`;
}

export async function run(command: string, args: string[]): Promise<string> {
  const output = await new Deno.Command(command, { args, env: { PATH: searchPath } }).output();
  if (output.success) return new TextDecoder().decode(output.stdout);
  const why = new TextDecoder().decode(output.stderr).trim();
  throw new Error(`Cannot prepare the kernel lab: ${command} ${args.join(" ")}: ${why}`);
}

/** One folder per user, kept between runs; removing it costs a second. */
export async function cacheDir(): Promise<string> {
  const user = (await run("id", ["-u"])).trim();
  const dir = join(Deno.env.get("TMPDIR") ?? "/tmp", `ipvstat-lab-cache-${user}`);
  await Deno.mkdir(dir, { recursive: true, mode: 0o700 });
  return dir;
}

/** Compiles a C source into the cache unless it is there; several tests may do so at once. */
async function compile(cache: string, source: string, flags: string[]): Promise<string> {
  const bytes = await Deno.readFile(source);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const target = join(cache, `${digest.toHex().slice(0, 16)}.bin`);
  if (exists(target)) return target;
  const unfinished = await Deno.makeTempFile({ dir: cache });
  await run("gcc", ["-O2", "-Wall", ...flags, "-o", unfinished, source, "-ldl"]);
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
  await run("depmod", ["-b", unfinished, version]);
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
  await run("flock", [
    join(cache, "deno.lock"),
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
  return { cache, shim, modules, modprobe: findCommand("modprobe")!, helpers };
}
