/**
 * The kernels of the lab: User Mode Linux from four Debian releases, fetched once with apt into the
 * user's cache.
 */
import { join } from "node:path";
import { unpackPackages } from "../_apt.ts";
import { cached } from "../_cache.ts";
import { findProgram, outputOf } from "../_commands.ts";

/** Paths of the kernel and its modules in Debian's package. */
const PROGRAM = "usr/bin/linux.uml";
const PACKAGED_MODULES = "usr/lib/uml/modules";

interface KernelSource {
  /** The Debian release. */
  readonly codename: string;
  /** Whether it needs a copy of the release's C library, because it is newer than Debian 12's. */
  readonly ownLibc: boolean;
  /** Arguments for its command line: since Linux 6.16 it can use seccomp instead of ptrace. */
  readonly args: readonly string[];
}

/** The kernels by version, as in `deno task lab --kernel`. */
const SOURCES = {
  "7.2": { codename: "forky", ownLibc: true, args: ["seccomp=on"] },
  "6.12": { codename: "trixie", ownLibc: true, args: [] },
  "6.1": { codename: "bookworm", ownLibc: false, args: [] },
  "5.10": { codename: "bullseye", ownLibc: false, args: [] },
} as const satisfies Record<string, KernelSource>;

/** A kernel of the lab. */
export type KernelName = keyof typeof SOURCES;

/** The versions of all kernels. */
export const KERNEL_NAMES = Object.keys(SOURCES) as KernelName[];

/** The fastest kernel: with seccomp it takes half to a quarter of the time of the others. */
const DEFAULT_KERNEL: KernelName = "7.2";

/** A kernel that can be booted. */
export interface Kernel {
  readonly name: KernelName;
  /** The path of the kernel, an executable. */
  readonly program: string;
  /** Its release, as `uname -r` prints it. */
  readonly release: string;
  /** The directory of its modules in Debian's package. */
  readonly packagedModules: string;
  /** The directory for `modprobe -d`. */
  readonly modules: string;
  readonly args: readonly string[];
}

/** Whether there is a kernel of this version. */
export function isKernelName(word: string): word is KernelName {
  return Object.hasOwn(SOURCES, word);
}

/** The kernel for the tests: IPVSTAT_KERNEL, or the default. */
export function chosenKernel(): KernelName {
  const word = Deno.env.get("IPVSTAT_KERNEL") || DEFAULT_KERNEL;
  if (isKernelName(word)) return word;
  throw new Error(`IPVSTAT_KERNEL must be one of ${KERNEL_NAMES.join(", ")}, not ${word}`);
}

/** The only version of modules in the kernel's package. */
function releaseOf(folder: string): string {
  const [entry] = Deno.readDirSync(join(folder, PACKAGED_MODULES));
  if (entry === undefined) throw new Error(`Cannot find the guest's modules in ${folder}`);
  return entry.name;
}

/** Makes the kernel use its own C library, by writing the path into the executable. */
async function bindToOwnLibc(folder: string, path: string): Promise<void> {
  const libc = join(path, "usr/lib/x86_64-linux-gnu");
  const interpreter = ["--set-interpreter", join(libc, "ld-linux-x86-64.so.2")];
  const libraries = ["--set-rpath", `${libc}:/usr/lib/x86_64-linux-gnu`];
  await outputOf(["patchelf", ...interpreter, ...libraries, join(folder, PROGRAM)]);
}

/** Creates the directory for modprobe, with modules.dep, which the package lacks. */
async function addModuleTree(folder: string): Promise<void> {
  const release = releaseOf(folder);
  const tree = join(folder, "tree/lib/modules", release);
  await Deno.mkdir(tree, { recursive: true });
  await Deno.symlink(
    join("../../../..", PACKAGED_MODULES, release, "kernel"),
    join(tree, "kernel"),
  );
  for (const name of ["modules.builtin", "modules.builtin.modinfo", "modules.order"]) {
    await Deno.copyFile(join(folder, PACKAGED_MODULES, release, name), join(tree, name));
  }
  await outputOf([findProgram("depmod")!, "-b", join(folder, "tree"), release]);
}

/**
 * Fetches a kernel into a directory that will be moved to `path`; reports the packages on stderr.
 */
async function fetchKernel(name: KernelName, folder: string, path: string): Promise<void> {
  const { codename, ownLibc }: KernelSource = SOURCES[name];
  try {
    const packages = ["user-mode-linux", ...(ownLibc ? ["libc6"] : [])];
    const release = { codename, architecture: "amd64" };
    const fetched = await unpackPackages(release, packages, folder);
    if (ownLibc) await bindToOwnLibc(folder, path);
    await addModuleTree(folder);
    for (const { file, digest } of fetched) console.error(`Fetched ${file} ${digest}`);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const message = `Cannot fetch Linux ${name} (user-mode-linux of Debian ${codename}): ${why}`;
    throw new Error(message, { cause });
  }
}

/**
 * Fetches a kernel, or finds it in the cache.
 *
 * @throws {Error} if the kernel cannot be fetched
 */
export async function findKernel(name: KernelName): Promise<Kernel> {
  const folder = await cached(
    `linux-${name}`,
    SOURCES[name].codename,
    (folder, path) => fetchKernel(name, folder, path),
  );
  const release = releaseOf(folder);
  return {
    name,
    release,
    program: join(folder, PROGRAM),
    packagedModules: join(folder, PACKAGED_MODULES, release),
    modules: join(folder, "tree"),
    args: SOURCES[name].args,
  };
}
