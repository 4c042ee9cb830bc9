/**
 * Runs all tests on a real kernel with a single boot. Each test file registers a phase, a script in
 * guest/phases/, and its tests check the files that the script wrote. The first test boots the
 * guest, with the phases of all test files imported so far: all of them from kernel_test.ts, or one
 * if a file is run by itself.
 */
import assert from "node:assert/strict";
import { basename, join } from "node:path";
import { binary } from "../packaging/_binary.ts";
import { cannotCompile } from "../packaging/_denort.ts";
import type { Files } from "./_files.ts";
import { boot, type BootResult } from "./_lab.ts";
import { cannotBoot, denoCommand, guestDir } from "./_prepare.ts";

/** Defines a test that gets the files of a phase. */
export type Test = (name: string, body: (files: Files) => void | Promise<void>) => void;

/** A script that runs in the guest, with its own output directory. */
interface Phase {
  /** The path of the script. */
  readonly script: string;
  /** Whether it runs before any module is loaded. */
  readonly withoutModules: boolean;
}

/** Options of {@linkcode phase}. */
export interface PhaseOptions {
  /** The directory of the script (default: guest/phases). */
  readonly folder?: string;
  /** Whether it runs before any module is loaded. */
  readonly withoutModules?: boolean;
  /** Whether to skip the tests and the phase. */
  readonly ignore?: boolean;
}

const phases = new Map<string, Phase>();
let guest: Promise<BootResult> | undefined;

const skipsAll = cannotBoot();

/** Whether the program under test is cli.ts in this Deno, rather than the compiled binary. */
export const runsFromSource = Deno.env.get("IPVSTAT_PROGRAM") === "source" || cannotCompile();

/** The command of the program under test: the compiled binary, if it can be compiled. */
export async function programCommand(): Promise<string[]> {
  return runsFromSource ? denoCommand() : [await binary()];
}

async function bootPhases(): Promise<BootResult> {
  const list = [...phases.values()];
  const scripts = (early: boolean) =>
    list.filter(({ withoutModules }) => withoutModules === early).map(({ script }) => script);
  const program = await programCommand();
  const env = {
    LAB_EARLY_PHASES: scripts(true).join(" "),
    LAB_PHASES: scripts(false).join(" "),
    LAB_PROGRAM: program[0]!,
    LAB_BINARY: cannotCompile() ? "" : await binary(),
  };
  const script = Deno.readTextFileSync(join(guestDir, "run_phases.sh"));
  return await boot({ script, modules: [], program, env });
}

/** The files of a phase; fails if its script failed. */
async function resultsOf(phase: string): Promise<Files> {
  const { status, stderr, files } = await (guest ??= bootPhases());
  assert.equal(status, 0, stderr);
  const prefix = `${phase}/`;
  const own = Object.entries(files).filter(([path]) => path.startsWith(prefix));
  const results = Object.fromEntries(
    own.map(([path, bytes]) => [path.slice(prefix.length), bytes]),
  );
  const text = (name: string) => new TextDecoder().decode(results[name]);
  assert.equal(text("phase.status").trim(), "0", `${phase}: ${text("phase.stderr")}`);
  return results;
}

/** Registers a phase, and returns the function that defines tests of its files. */
export function phase(script: string, options: PhaseOptions = {}): Test {
  const name = basename(script, ".sh");
  const ignore = skipsAll || (options.ignore ?? false);
  if (!ignore) {
    const path = join(options.folder ?? join(guestDir, "phases"), script);
    phases.set(name, { script: path, withoutModules: options.withoutModules ?? false });
  }
  return (test, body) =>
    Deno.test({ name: test, ignore, fn: async () => await body(await resultsOf(name)) });
}
