/**
 * One boot for all tests on a real kernel: a file of tests names its phase, a script in guest/phases/, and
 * its tests look at what the script has left. The guest is started when the first test asks for it, with
 * the phases of all files that were imported by then: all of them from kernel_test.ts, or one where a file
 * is tested by itself.
 */
import assert from "node:assert/strict";
import { basename, join } from "node:path";
import { binary } from "../packaging/_binary.ts";
import { cannotCompile } from "../packaging/_denort.ts";
import type { Files } from "./_files.ts";
import { boot, type BootResult } from "./_lab.ts";
import { cannotBoot, denoCommand, guestDir } from "./_prepare.ts";

export type Test = (name: string, body: (files: Files) => void | Promise<void>) => void;

/** A part of the guest's work, with a folder of its own for what it leaves. */
interface Phase {
  /** The script's path. */
  readonly script: string;
  /** It comes before any module is loaded. */
  readonly withoutModules: boolean;
}

export interface PhaseOptions {
  /** The folder of the script, if it is not guest/phases/. */
  readonly folder?: string;
  /** It comes before any module is loaded. */
  readonly withoutModules?: boolean;
  /** Skips the tests, and the phase with them. */
  readonly ignore?: boolean;
}

const phases = new Map<string, Phase>();
let guest: Promise<BootResult> | undefined;

const skipsAll = cannotBoot();

/** Whether the program under test is cli.ts, run by this Deno, and not the compiled one. */
export const runsFromSource = Deno.env.get("IPVSTAT_PROGRAM") === "source" || cannotCompile();

/** The words that start the program under test: the compiled one, where it can be made. */
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

/** What a phase has left; its script must have ended well. */
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

/** Adds a phase to the guest's work, and makes tests of what it leaves. */
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
