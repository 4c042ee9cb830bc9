/** Stages the contents of the binary in a directory: the bundle and the demo's recording. */
import { dirname, join } from "node:path";
import type { Commit } from "./commit.ts";
import { certificateHint, forDeno, reasonOf, run } from "./run.ts";

/** The checkout. */
export const ROOT = join(import.meta.dirname!, "..");

const SOURCES = ["cli.ts", "lib", "ffi"];
const DEMO = "testdata/demo/capture.pcap";
const PLACEHOLDER = '"unreleased"';

/** The input of `deno compile`. */
export interface Staged {
  /** The bundled program. */
  readonly script: string;
  /** Files that it reads by paths relative to itself. */
  readonly includes: readonly string[];
}

async function copy(from: string, to: string): Promise<void> {
  if (!(await Deno.stat(from)).isDirectory) {
    await Deno.mkdir(dirname(to), { recursive: true });
    return await Deno.copyFile(from, to);
  }
  for await (const { name } of Deno.readDir(from)) await copy(join(from, name), join(to, name));
}

async function nameCommit(versionFile: string, commit: Commit): Promise<void> {
  const text = await Deno.readTextFile(versionFile);
  if (!text.includes(PLACEHOLDER)) {
    throw new Error(`Cannot name the commit: lib/version.ts has no ${PLACEHOLDER}`);
  }
  await Deno.writeTextFile(versionFile, text.replace(PLACEHOLDER, JSON.stringify(commit.name)));
}

/**
 * Bundles a program, with separate files for what only some commands need. The paths must be
 * relative, because the names of the files depend on them.
 */
async function bundle(cwd: string, entry: string, output: string): Promise<void> {
  const flags = ["--quiet", "--minify", "--code-splitting", "--no-config", "--no-lock"];
  const words = [Deno.execPath(), "bundle", ...flags, "--outdir", output, entry];
  const { success, stderr } = await run(words, { ...forDeno(), cwd });
  if (success) return;
  const reason = reasonOf(stderr);
  throw new Error(`Cannot bundle the program: ${reason}${certificateHint(reason)}`);
}

/** Creates a directory and stages the program in it. */
export async function stage(dir: string, commit: Commit): Promise<Staged> {
  const source = join(dir, "source");
  for (const path of SOURCES) await copy(join(ROOT, path), join(source, path));
  await nameCommit(join(source, "lib", "version.ts"), commit);
  const program = join(dir, "program");
  const demo = join(program, DEMO);
  await bundle(dir, "source/cli.ts", "program");
  await copy(join(ROOT, DEMO), demo);
  // The modification times of embedded files are embedded too.
  const parts = [...Deno.readDirSync(program)].filter(({ isFile }) => isFile);
  for (const path of [...parts.map(({ name }) => join(program, name)), demo]) {
    await Deno.utime(path, commit.time, commit.time);
  }
  return { script: join(program, "cli.js"), includes: [demo] };
}
