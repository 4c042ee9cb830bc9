/** The program from source and compiled, run in a shell. */
import { join } from "node:path";
import { ROOT } from "../../packaging/stage.ts";
import { type Result, run, type RunOptions } from "../_commands.ts";
import { binary } from "../packaging/_binary.ts";
import { cannotCompile } from "../packaging/_denort.ts";

const PERMISSIONS = ["--allow-ffi", "--allow-read", "--allow-write"];
const SCRIPT = [Deno.execPath(), "run", "--quiet", "--no-prompt", ...PERMISSIONS];

/** The program from source, or compiled. */
export interface Program {
  readonly name: string;
  /** For Deno.test: whether it is not available here. */
  readonly ignore: boolean;
  /** The command that starts it. */
  words(): Promise<readonly string[]>;
}

const CLI: Program = {
  name: `cli.ts under Deno ${Deno.version.deno}`,
  ignore: false,
  words: () => Promise.resolve([...SCRIPT, join(ROOT, "cli.ts")]),
};

/** The compiled program, whose runtime is older than the Deno that runs the tests. */
export const BINARY: Program = {
  name: "the binary",
  ignore: cannotCompile(),
  words: async () => [await binary()],
};

/** Both forms. */
export const PROGRAMS: readonly Program[] = [CLI, BINARY];

/** Runs a shell script in which `ipvstat` is the program. */
export async function shell(
  program: Program,
  script: string,
  options: RunOptions = {},
): Promise<Result> {
  const words = await program.words();
  const env = { NO_COLOR: "1", ...options.env };
  const text = `ipvstat() { ${words.map(quote).join(" ")} "$@"; }\n${script}`;
  return await run(["bash", "-c", text], { ...options, env });
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
