/**
 * `deno task compile`: compiles the program for this machine to a single file, `dist/ipvstat` or
 * `--output FILE`. DENORT_BIN is the path of the runtime if Deno cannot download it.
 */
import { basename, dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { VERSION } from "../lib/version.ts";
import { readCommit } from "./commit.ts";
import { elfMachine } from "./elf.ts";
import { COMPILE_FLAGS } from "./flags.ts";
import { certificateHint, forDeno, reasonOf, run } from "./run.ts";
import { ROOT, stage, type Staged } from "./stage.ts";
import { hostTarget, type Target } from "./targets.ts";

/** The runtime that the program is appended to is not available. */
export class RuntimeMissingError extends Error {
  override readonly name = "RuntimeMissingError";

  constructor(target: Target, reason: string) {
    const why = `${reason}${certificateHint(reason)}`;
    super(
      `Cannot get the runtime of Deno ${Deno.version.deno} for ${target.arch} (${why}); let ` +
        "this machine reach dl.deno.land, or name that release's denort in DENORT_BIN",
    );
  }
}

/** DENORT_BIN, unless it is for another target. */
async function givenRuntime(target: Target): Promise<Record<string, string>> {
  const path = Deno.env.get("DENORT_BIN");
  if (!path) return {};
  const machine = await elfMachine(path).catch((error) => {
    throw new RuntimeMissingError(target, `DENORT_BIN: ${error.message}`);
  });
  return machine === target.machine ? { DENORT_BIN: path } : {};
}

/**
 * Checks that the program starts. Deno accepts the denort of another release, which cannot read what
 * is appended to it.
 */
async function checkStarts(program: string): Promise<void> {
  const { success, stdout, stderr } = await run([program, "--version"], {
    clearEnv: true,
    env: { NO_COLOR: "1" },
  });
  if (success && stdout.startsWith(`ipvstat ${VERSION}\n`)) return;
  throw new Error(
    `The program does not start (${reasonOf(stderr)}); DENORT_BIN must be the denort of Deno ` +
      Deno.version.deno,
  );
}

/**
 * Compiles the staged files.
 *
 * @throws {RuntimeMissingError} if the runtime for the target is not available.
 */
export async function compile(staged: Staged, target: Target, output: string): Promise<void> {
  const options = forDeno(await givenRuntime(target));
  const includes = staged.includes.flatMap((path) => ["--include", path]);
  const flags = ["--no-config", "--no-lock", "--target", target.triple, "--output", output];
  const words = [Deno.execPath(), "compile", ...COMPILE_FLAGS, ...flags, ...includes];
  const { success, stderr } = await run([...words, staged.script], options);
  if (!success && stderr.includes("Setting up base binary")) {
    throw new RuntimeMissingError(target, reasonOf(stderr));
  }
  if (!success) throw new Error(`Cannot compile the program: ${reasonOf(stderr)}`);
  await Deno.chmod(output, 0o755);
  if (target.triple === Deno.build.target) await checkStarts(output);
}

/** Runs `work` with a temporary directory in `dir`, from which complete results can be renamed. */
export async function inWorkDirectory<T>(
  dir: string,
  work: (dir: string) => Promise<T>,
): Promise<T> {
  await Deno.mkdir(dir, { recursive: true });
  const temporary = await Deno.makeTempDir({ dir, prefix: ".ipvstat-" });
  try {
    return await work(temporary);
  } finally {
    await Deno.remove(temporary, { recursive: true });
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({ args: Deno.args, options: { output: { type: "string" } } });
  const output = resolve(values.output ?? join(ROOT, "dist", "ipvstat"));
  const target = hostTarget();
  const commit = await readCommit(ROOT);
  await inWorkDirectory(dirname(output), async (dir) => {
    const program = join(dir, "ipvstat");
    await compile(await stage(dir, commit), target, program);
    await Deno.rename(program, output);
  });
  console.log(
    `${
      basename(output)
    } ${VERSION}, commit ${commit.name}, Deno ${Deno.version.deno}, ${target.arch}`,
  );
}

if (import.meta.main) {
  await main().catch((error: Error) => {
    console.error(`compile: ${error.message}`);
    Deno.exit(1);
  });
}
