/** An aarch64 machine, emulated by QEMU, that runs Debian's kernel from an initramfs. */
import { join } from "node:path";
import { cached, sha256 } from "../_cache.ts";
import { findProgram, outputOf, withTempDir } from "../_commands.ts";
import type { Files } from "../kernel/_files.ts";
import { aarch64Root, missingForEmulation, readFetched, RELEASE, unpackInto } from "./_deno.ts";

const here = import.meta.dirname!;
const checkout = join(here, "..", "..");

const EMULATOR = "qemu-system-aarch64";

/** The Debian packages of the programs that a machine needs. */
const PACKAGES = { [EMULATOR]: "qemu-system-arm", depmod: "kmod", busybox: "busybox-static" };

/** The package that depends on that of the newest kernel, whose name includes the version. */
const METAPACKAGE = "linux-image-arm64";

/** The packages on the machine besides Deno and its libraries. */
const PROGRAMS = [
  ...["busybox-static", "bash", "libtinfo6"],
  ...["ipvsadm", "libnl-3-200", "libnl-genl-3-200", "libpopt0"],
];

/** The modules of IPVS and their dependencies, in the kernel's package. */
const MODULES = [
  "crypto/crc32c_generic.ko",
  "drivers/net/dummy.ko",
  "lib/libcrc32c.ko",
  ...["net/ipv4/netfilter", "net/ipv6/netfilter", "net/netfilter"],
];

/** The program and its tests. */
const SOURCES = ["cli.ts", "deno.json", "lib", "ffi", "tests"];

/** Ends a machine that hangs; normally it takes less than a minute. */
const LIMIT_SECONDS = "3000";

/** One line about what is missing to start a machine; undefined if nothing is. */
export function missingForMachine(): string | undefined {
  return missingForEmulation(PACKAGES);
}

/**
 * Copies the modules from the kernel's package into a root file system, with the files for
 * modprobe.
 */
async function addModules(unpacked: string, release: string, root: string): Promise<void> {
  const tree = join("lib/modules", release);
  const paths = MODULES.map((path) => join(tree, "kernel", path));
  const lists = ["modules.builtin", "modules.order"].map((name) => join(tree, name));
  await outputOf(["cp", "-r", "--parents", ...paths, ...lists, root], { cwd: unpacked });
  await outputOf([findProgram("depmod")!, "-b", root, release]);
}

/** Creates a directory with the kernel, `vmlinuz`, and its programs and modules, `root`. */
async function makeSystem(folder: string): Promise<void> {
  const root = join(folder, "root");
  await unpackInto(root, [METAPACKAGE, ...PROGRAMS]);
  // Its documentation is a symbolic link named after the kernel's package.
  const kernel = await Deno.readLink(join(root, "usr/share/doc", METAPACKAGE));
  await withTempDir(async (unpacked) => {
    await unpackInto(unpacked, [kernel]);
    const release = kernel.replace("linux-image-", "");
    await addModules(unpacked, release, root);
    await Deno.copyFile(join(unpacked, "boot", `vmlinuz-${release}`), join(folder, "vmlinuz"));
    const fetched = await readFetched(root) + await readFetched(unpacked);
    await Deno.writeTextFile(join(folder, "fetched.txt"), fetched);
  });
  // The kernel runs this to load schedulers.
  await Deno.mkdir(join(root, "sbin"), { recursive: true });
  await Deno.symlink("/bin/busybox", join(root, "sbin/modprobe"));
}

/** Copies the checkout, and init.sh as the first process, into a directory. */
async function addSources(folder: string): Promise<void> {
  await Deno.copyFile(join(here, "init.sh"), join(folder, "init"));
  await Deno.chmod(join(folder, "init"), 0o755);
  await Deno.mkdir(join(folder, "checkout"));
  await outputOf(["cp", "-r", ...SOURCES, join(folder, "checkout")], { cwd: checkout });
}

/** Packs directories into an initramfs. */
async function pack(archive: string, folders: readonly string[]): Promise<void> {
  const script = `archive=$1; shift
    for folder; do (cd "$folder" && find . | busybox cpio -o -H newc); done > "$archive"`;
  await outputOf(["sh", "-ec", script, "sh", archive, ...folders]);
}

function emulatorCommand(dir: string, kernel: string): string[] {
  const drive = (name: string) => `file,id=${name},path=${join(dir, name)}`;
  return [
    ...["timeout", "-s", "KILL", LIMIT_SECONDS, EMULATOR],
    ...["-machine", "virt", "-cpu", "cortex-a72", "-smp", "2", "-m", "2G"],
    ...["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"],
    ...["-kernel", kernel, "-initrd", join(dir, "initrd")],
    ...["-append", "console=ttyAMA0 quiet panic=-1"],
    ...["-chardev", drive("console"), "-serial", "chardev:console"],
    ...["-chardev", drive("results"), "-device", "pci-serial,chardev=results"],
  ];
}

async function readResults(dir: string): Promise<Files> {
  const results = join(dir, "out");
  await Deno.mkdir(results);
  await outputOf(["tar", "-xf", join(dir, "results"), "-C", results]);
  const names = Array.from(Deno.readDirSync(results)).filter(({ isFile }) => isFile);
  return Object.fromEntries(
    names.map(({ name }) => [name, Deno.readFileSync(join(results, name))]),
  );
}

/**
 * Boots a machine that runs live.sh, and returns the files that the script wrote.
 *
 * @throws {Error} with the last lines of the console if there are no files
 */
export async function runMachine(): Promise<Files> {
  const missing = missingForMachine();
  if (missing !== undefined) throw new Error(missing);
  const root = await aarch64Root();
  const key = sha256([RELEASE.codename, ...PROGRAMS, ...MODULES].join(" "));
  const system = await cached("aarch64-system", key, makeSystem);
  console.error(`On aarch64, emulated, with\n${root.fetched}${await readFetched(system)}`);
  return await withTempDir(async (dir) => {
    const work = join(dir, "work");
    await Deno.mkdir(work);
    await addSources(work);
    await pack(join(dir, "initrd"), [root.folder, join(system, "root"), work]);
    try {
      await outputOf(emulatorCommand(dir, join(system, "vmlinuz")));
      return await readResults(dir);
    } catch (cause) {
      const text = await Deno.readTextFile(join(dir, "console")).catch(() => "");
      const tail = text.trimEnd().split("\n").slice(-40).join("\n");
      throw new Error(`The machine returned no results; its console ends with\n${tail}`, { cause });
    }
  });
}
