/**
 * Attacks the reading of captures: mutates captures of known structure, takes each through every
 * format, and holds the formats against each other. `deno task fuzz --seed S --inputs N`.
 */
import { parseArgs } from "node:util";
import { installCounters } from "../capture/_count_work.ts";
import { checkFile } from "./_check.ts";
import { fuzz, type Result, tryFile } from "./_run.ts";

const USAGE = `Usage: deno task fuzz [--seed S] [--inputs N] [--first I] [--folder DIR] [FILE...]

  --seed S      a number; the same seed makes the same inputs (default: a new one)
  --inputs N    how many inputs to make (default 20000)
  --first I     number of the first input (default 0)
  --folder DIR  where failing inputs are written (default tests/capture/data)
  FILE...       check these files instead`;

const OPTIONS = {
  seed: { type: "string" },
  inputs: { type: "string", default: "20000" },
  first: { type: "string", default: "0" },
  folder: { type: "string", default: new URL("../capture/data", import.meta.url).pathname },
  help: { type: "boolean", default: false },
} as const;

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value < 2 ** 32) return value;
  throw new Error(`--${name} takes a whole number below 2^32, not "${text}"`);
}

function checkFiles(files: readonly string[]): Result {
  const result = { accepted: 0, failures: 0 };
  for (const file of files) {
    const outcome = tryFile(Deno.readFileSync(file), checkFile);
    if (outcome === true) result.accepted++;
    if (!(outcome instanceof Error)) continue;
    result.failures++;
    console.error(`${file}: ${outcome.stack ?? outcome}`);
  }
  return result;
}

/** Runs the command line; returns the exit code. */
function main(args: string[]): number {
  const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  installCounters();
  if (positionals.length > 0) return conclude(positionals.length, checkFiles(positionals));
  const fresh = String(crypto.getRandomValues(new Uint32Array(1))[0]);
  const seed = wholeNumber("seed", values.seed ?? fresh);
  const [inputs, first] = (["inputs", "first"] as const).map((name) =>
    wholeNumber(name, values[name])
  );
  console.log(`seed ${seed}`);
  const plan = { seed, inputs: inputs!, first: first!, folder: values.folder };
  return conclude(plan.inputs, fuzz(plan, checkFile, console.error));
}

function conclude(inputs: number, { accepted, failures }: Result): number {
  console.log(`${inputs} inputs, ${accepted} accepted, ${failures} failures`);
  return failures === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(main(Deno.args));
