/**
 * Fuzzes the reading of captures: mutates valid captures, replays each, encodes it in every format,
 * and compares the formats with each other. `deno task fuzz --seed S --inputs N`.
 */
import { parseArgs } from "node:util";
import { installCounters } from "../capture/_count_work.ts";
import { checkFile } from "./_check.ts";
import { fuzz, type Result, tryFile } from "./_run.ts";

const USAGE = `Usage: deno task fuzz [--seed S] [--inputs N] [--first I] [--folder DIR] [FILE...]

  --seed S      seed of the inputs, a number (default: random)
  --inputs N    number of inputs (default: 20000)
  --first I     number of the first input (default: 0)
  --folder DIR  write failing inputs to this directory (default: tests/capture/data)
  FILE...       check these files instead`;

const OPTIONS = {
  seed: { type: "string" },
  inputs: { type: "string", default: "20000" },
  first: { type: "string", default: "0" },
  folder: { type: "string", default: new URL("../capture/data", import.meta.url).pathname },
  help: { type: "boolean", default: false },
} as const;

function parseInteger(name: string, text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value < 2 ** 32) return value;
  throw new Error(`--${name} must be an integer from 0 to 4294967295, not "${text}"`);
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

/** Runs the command; returns the exit code. */
function main(args: string[]): number {
  const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  installCounters();
  if (positionals.length > 0) return report(positionals.length, checkFiles(positionals));
  const fresh = String(crypto.getRandomValues(new Uint32Array(1))[0]);
  const seed = parseInteger("seed", values.seed ?? fresh);
  const [inputs, first] = (["inputs", "first"] as const).map((name) =>
    parseInteger(name, values[name])
  );
  console.log(`seed ${seed}`);
  const plan = { seed, inputs: inputs!, first: first!, folder: values.folder };
  return report(plan.inputs, fuzz(plan, checkFile, console.error));
}

function report(inputs: number, { accepted, failures }: Result): number {
  console.log(`${inputs} inputs, ${accepted} accepted, ${failures} failures`);
  return failures === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(main(Deno.args));
