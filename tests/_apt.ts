/** Fetches packages of any Debian release with apt, without touching the system's own lists. */
import { join } from "node:path";
import { outputOf, withTempDir } from "./_commands.ts";

/** Where packages come from. */
export interface Release {
  /** Debian's name for it, such as `trixie`. */
  readonly codename: string;
  /** In dpkg's words, such as `arm64`. */
  readonly architecture: string;
}

/** What was fetched, to be printed beside the results it led to. */
export interface FetchedPackage {
  /** The file's name, which has the version. */
  readonly file: string;
  /** As in the archive's signed index, against which apt checks the file. */
  readonly digest: string;
}

const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** The archive that this machine's own Debian packages come from. */
async function findArchive(): Promise<string> {
  const targets = ["Created-By: Packages", "Origin: Debian", "Label: Debian"];
  const uris = await outputOf(["apt-get", "indextargets", "--format", "$(REPO_URI)", ...targets]);
  const [uri = ""] = uris.split("\n");
  if (uri !== "") return uri;
  throw new Error("Cannot find a Debian archive in apt's lists; run: apt-get update");
}

/** Options for an apt that reads one release and keeps everything in one folder. */
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
 * Unpacks a release's newest packages into a folder, without installing them.
 *
 * @throws {Error} with apt's own words where one cannot be had
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
