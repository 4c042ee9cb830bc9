/** Fetches Deno for aarch64 and its libraries, for emulators. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type Release, unpackPackages } from "../_apt.ts";
import { cached, sha256 } from "../_cache.ts";
import { outputOf, type Programs, toInstall } from "../_commands.ts";

/** The Debian release of all packages for aarch64. */
export const RELEASE: Release = { codename: "bookworm", architecture: "arm64" };

/** The latest release of 2.9 that was available for aarch64; the toolchain is 2.9.6. */
const VERSION = "2.9.5";
const PACKAGE = `@deno/linux-arm64-glibc@${VERSION}`;
const DIGEST = "e1a70c5eb03b0ebaf761077029ef86b9ba22d50e2b54ca45ce5437457f701b63";

/** The Debian packages of the programs that fetching needs. */
const PACKAGES: Programs = { "apt-get": "apt", "dpkg-deb": "dpkg", npm: "npm" };

/** One line about what is missing for emulation with these programs; undefined if nothing is. */
export function missingForEmulation(programs: Programs): string | undefined {
  if (Deno.build.target !== "x86_64-unknown-linux-gnu") {
    return "Emulating aarch64 needs Linux on x86_64";
  }
  return toInstall({ ...PACKAGES, ...programs });
}

/** A root file system for aarch64 with what Deno needs. */
export interface Root {
  readonly folder: string;
  /** The fetched packages, one per line with the version and the digest. */
  readonly fetched: string;
}

async function unpackDeno(folder: string): Promise<void> {
  const archive = (await outputOf(["npm", "pack", "--silent", PACKAGE], { cwd: folder })).trim();
  const words = ["tar", "-xzf", archive, "--strip-components=1", "package/deno"];
  await outputOf(words, { cwd: folder });
  const program = join(folder, "deno");
  assert.equal(
    sha256(await Deno.readFile(program)),
    DIGEST,
    `the program in ${PACKAGE} has another digest`,
  );
  await Deno.rename(program, join(folder, "usr/bin/deno"));
  await Deno.remove(join(folder, archive));
}

/** Unpacks Debian packages for aarch64 into a directory, and adds their versions to fetched.txt. */
export async function unpackInto(folder: string, packages: readonly string[]): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  const fetched = await unpackPackages(RELEASE, packages, folder);
  const lines = fetched.map(({ file, digest }) => `${file} ${digest}\n`).join("");
  await Deno.writeTextFile(join(folder, "fetched.txt"), lines, { append: true });
}

async function makeRoot(folder: string): Promise<void> {
  await unpackInto(folder, ["libc6", "libgcc-s1"]);
  await Deno.mkdir(join(folder, "usr/bin"), { recursive: true });
  await unpackDeno(folder);
  const line = `${PACKAGE} SHA256:${DIGEST}\n`;
  await Deno.writeTextFile(join(folder, "fetched.txt"), line, { append: true });
}

/** Reads the list of packages that were fetched into a directory. */
export async function readFetched(folder: string): Promise<string> {
  return await Deno.readTextFile(join(folder, "fetched.txt"));
}

/**
 * Returns the directory with Deno (`usr/bin/deno`) and the C library; fetches it once.
 *
 * @throws {Error} with the message of apt-get or npm if a package cannot be fetched
 */
export async function aarch64Root(): Promise<Root> {
  try {
    const folder = await cached("aarch64-root", `${VERSION}-${RELEASE.codename}`, makeRoot);
    return { folder, fetched: await readFetched(folder) };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`Cannot fetch Deno and its libraries for aarch64: ${why}`, { cause });
  }
}
