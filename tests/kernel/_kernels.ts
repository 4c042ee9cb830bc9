/**
 * The kernels of the lab: the User Mode Linux of four Debian releases. Each is fetched once, with apt,
 * into the user's cache.
 */
import { join } from "node:path";
import { unpackPackages } from "../_apt.ts";
import { cached } from "../_cache.ts";
import { findProgram, outputOf } from "../_commands.ts";

/** Where Debian's package has the kernel and its modules. */
const PROGRAM = "usr/bin/linux.uml";
const PACKAGED = "usr/lib/uml/modules";

interface KernelSource {
  /** The Debian release that has it. */
  readonly codename: string;
  /** Whether the release's C library is too new for Debian 12, so that the kernel needs its own copy. */
  readonly ownLibc: boolean;
  /** Words for its command line: since Linux 6.16 a guest can do without ptrace. */
  readonly words: readonly string[];
}

/** By the version that the tests and `deno task lab --kernel` name. */
const SOURCES = {
  "7.2": { codename: "forky", ownLibc: true, words: ["seccomp=on"] },
  "6.12": { codename: "trixie", ownLibc: true, words: [] },
  "6.1": { codename: "bookworm", ownLibc: false, words: [] },
  "5.10": { codename: "bullseye", ownLibc: false, words: [] },
} as const satisfies Record<string, KernelSource>;

/** A kernel of the lab. */
export type KernelName = keyof typeof SOURCES;

export const KERNEL_NAMES = Object.keys(SOURCES) as KernelName[];

/** The fastest: under seccomp it takes half to a quarter of the time of the others. */
const DEFAULT_KERNEL: KernelName = "7.2";

export interface Kernel {
  readonly name: KernelName;
  /** The program that is the kernel. */
  readonly program: string;
  /** Its release, as `uname -r` prints it. */
  readonly release: string;
  /** The folder of modules that Debian packaged for it. */
  readonly packagedModules: string;
  /** A folder for `modprobe -d`. */
  readonly modules: string;
  readonly words: readonly string[];
}

/** Whether a word names a kernel. */
export function isKernelName(word: string): word is KernelName {
  return Object.hasOwn(SOURCES, word);
}

/** The kernel that the tests are run on: IPVSTAT_KERNEL, or the default. */
export function chosenKernel(): KernelName {
  const word = Deno.env.get("IPVSTAT_KERNEL") || DEFAULT_KERNEL;
  if (isKernelName(word)) return word;
  throw new Error(`IPVSTAT_KERNEL=${word} is none of ${KERNEL_NAMES.join(", ")}`);
}

/** The only version of modules in a kernel's package. */
function releaseOf(folder: string): string {
  const [entry] = Deno.readDirSync(join(folder, PACKAGED));
  if (entry === undefined) throw new Error(`Cannot find the guest's modules in ${folder}`);
  return entry.name;
}

/** A C library newer than the system's is found by the path that is written into the program. */
async function bindToOwnLibc(folder: string, path: string): Promise<void> {
  const libc = join(path, "usr/lib/x86_64-linux-gnu");
  const interpreter = ["--set-interpreter", join(libc, "ld-linux-x86-64.so.2")];
  const libraries = ["--set-rpath", `${libc}:/usr/lib/x86_64-linux-gnu`];
  await outputOf(["patchelf", ...interpreter, ...libraries, join(folder, PROGRAM)]);
}

/** The modules as modprobe wants them, with the dependency list that the package lacks. */
async function addModuleTree(folder: string): Promise<void> {
  const release = releaseOf(folder);
  const tree = join(folder, "tree/lib/modules", release);
  await Deno.mkdir(tree, { recursive: true });
  await Deno.symlink(join("../../../..", PACKAGED, release, "kernel"), join(tree, "kernel"));
  for (const name of ["modules.builtin", "modules.builtin.modinfo", "modules.order"]) {
    await Deno.copyFile(join(folder, PACKAGED, release, name), join(tree, name));
  }
  await outputOf([findProgram("depmod")!, "-b", join(folder, "tree"), release]);
}

/** Fetches a kernel to be moved to a path, and says on standard error what it got. */
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
 * A kernel that is ready to boot.
 *
 * @throws {Error} that names the kernel, where it cannot be fetched
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
    packagedModules: join(folder, PACKAGED, release),
    modules: join(folder, "tree"),
    words: SOURCES[name].words,
  };
}
