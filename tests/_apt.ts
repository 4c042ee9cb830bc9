/** Fetches packages of any Debian release with apt, without touching the system's own lists. */
import { join } from "node:path";
import { outputOf, withTempDir } from "./_commands.ts";

/** A Debian release for one architecture. */
export interface Release {
  /** The codename, such as `trixie`. */
  readonly codename: string;
  /** The architecture as dpkg names it, such as `arm64`. */
  readonly architecture: string;
}

/** A package that was fetched; test results name it. */
export interface FetchedPackage {
  /** The file name, which contains the version. */
  readonly file: string;
  /** The digest in the signed index of the archive, which apt checks. */
  readonly digest: string;
}

const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** The archive of this machine's own Debian packages. */
async function findArchive(): Promise<string> {
  const targets = ["Created-By: Packages", "Origin: Debian", "Label: Debian"];
  const uris = await outputOf(["apt-get", "indextargets", "--format", "$(REPO_URI)", ...targets]);
  const [uri = ""] = uris.split("\n");
  if (uri !== "") return uri;
  throw new Error("Cannot find a Debian archive in apt's lists; run: apt-get update");
}

/** Options that make apt use one release and keep its files in one directory. */
async function aptOptions(dir: string, release: Release): Promise<string[]> {
  const list = join(dir, "sources.list");
  const archive = await findArchive();
  await Deno.writeTextFile(
    list,
    `deb [signed-by=${KEYRING}] ${archive} ${release.codename} main\n`,
  );
  for (const name of ["lists/partial", "cache/archives/partial", "packages"]) {
    await Deno.mkdir(join(dir, name), { recursive: true });
  }
  const settings = {
    "Dir::Etc::sourcelist": list,
    "Dir::Etc::sourceparts": "/dev/null",
    "Dir::State::lists": join(dir, "lists"),
    "Dir::State::status": "/dev/null",
    "Dir::Cache": join(dir, "cache"),
    "APT::Architecture": release.architecture,
    "APT::Architectures": release.architecture,
    "APT::Sandbox::User": "root",
    "Acquire::Languages": "none",
  };
  return Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
}

/**
 * Unpacks the newest packages of a release into a directory, without installing them.
 *
 * @throws {Error} with the message of apt if a package cannot be fetched.
 */
export async function unpackPackages(
  release: Release,
  packages: readonly string[],
  folder: string,
): Promise<FetchedPackage[]> {
  return await withTempDir(async (dir) => {
    const apt = ["apt-get", "-qq", ...await aptOptions(dir, release)];
    const cwd = join(dir, "packages");
    await outputOf([...apt, "update"]);
    // 'ADDRESS' FILE SIZE DIGEST
    const uris = await outputOf([...apt, "download", "--print-uris", ...packages], { cwd });
    const fetched = uris.trim().split("\n").map((line) => {
      const [, file = "", , digest = ""] = line.split(" ");
      return { file, digest };
    });
    await outputOf([...apt, "download", ...packages], { cwd });
    for (const { name } of Deno.readDirSync(cwd)) {
      await outputOf(["dpkg-deb", "-x", join(cwd, name), folder]);
    }
    return fetched;
  });
}
