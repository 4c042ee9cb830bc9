/**
 * `deno task release`: builds a tarball and a Debian package for every target, and SHA256SUMS, in
 * `dist/`. Targets whose runtime is not available are skipped with a message.
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Build } from "./build.ts";
import { readCommit } from "./commit.ts";
import { compile, inWorkDirectory, RuntimeMissingError } from "./compile.ts";
import { makeDebianPackage } from "./debian.ts";
import { ROOT, stage } from "./stage.ts";
import { makeTarball } from "./tarball.ts";
import { TARGETS } from "./targets.ts";

const SUMS = "SHA256SUMS";
const RELEASE_FILES = /^(ipvstat[-_].*\.(tar\.gz|deb)|SHA256SUMS)$/;

/** Compiles for every target; prints which ones it skips. */
async function builds(dir: string): Promise<Build[]> {
  const { name, time } = await readCommit(ROOT);
  if (name.endsWith("-dirty")) console.error(`Uncommitted changes: --version prints ${name}`);
  const staged = await stage(dir, { name, time });
  const done: Build[] = [];
  for (const target of TARGETS) {
    const build = { dir: join(dir, target.arch), program: join(dir, target.arch, "ipvstat") };
    await Deno.mkdir(build.dir);
    try {
      await compile(staged, target, build.program);
      done.push({ ...build, target, time });
    } catch (error) {
      if (!(error instanceof RuntimeMissingError)) throw error;
      console.error(`Skipped ${target.arch}: ${error.message}`);
    }
  }
  return done;
}

function digest(path: string): string {
  return createHash("sha256").update(Deno.readFileSync(path)).digest("hex");
}

async function release(dist: string, dir: string): Promise<string> {
  const made = await builds(dir);
  if (made.length === 0) throw new Error("No target can be built here");
  const packages = made.flatMap((build) =>
    [makeTarball, makeDebianPackage].map(async (make) => {
      const name = await make(build);
      return { name, path: join(build.dir, name) };
    })
  );
  const files = await Promise.all(packages);
  files.sort((a, b) => a.name < b.name ? -1 : 1);
  const sums = files.map(({ name, path }) => `${digest(path)}  ${name}\n`).join("");
  // Remove the previous release, so that SHA256SUMS covers all files in the directory.
  for await (const { name } of Deno.readDir(dist)) {
    if (RELEASE_FILES.test(name)) await Deno.remove(join(dist, name));
  }
  for (const { name, path } of files) await Deno.rename(path, join(dist, name));
  await Deno.writeTextFile(join(dist, SUMS), sums);
  return sums;
}

async function main(): Promise<void> {
  const dist = join(ROOT, "dist");
  console.log((await inWorkDirectory(dist, (dir) => release(dist, dir))).trimEnd());
}

if (import.meta.main) {
  await main().catch((error: Error) => {
    console.error(`release: ${error.message}`);
    Deno.exit(1);
  });
}
