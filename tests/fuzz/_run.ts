/** Generates inputs from a seed, checks them, and reports failures. */
import { type Capture, writeCapture } from "./_capture.ts";
import { mutate } from "./_mutate.ts";
import { Random } from "./_random.ts";
import { fixedCaptures, randomCapture } from "./_seeds.ts";
import { shrink } from "./_shrink.ts";

/** Maximum number of failing inputs that are shrunk and written; others are only counted. */
const MAX_WRITTEN = 10;
/** Number of consecutive inputs with the same random table. */
const INPUTS_PER_TABLE = 8;

/** Returns whether a file is accepted; throws if a check fails. */
export type Check = (file: Uint8Array) => boolean;

/** The inputs to generate, and where to write failing ones. */
export interface Plan {
  readonly seed: number;
  readonly inputs: number;
  /** The number of the first input. */
  readonly first: number;
  readonly folder: string;
}

/** The numbers of accepted inputs and of failures. */
export interface Result {
  accepted: number;
  failures: number;
}

/** Generates inputs, each from the seed and its number. */
export class Inputs {
  readonly #seed: number;
  readonly #fixed = fixedCaptures();
  #base = { number: -1, capture: this.#fixed[0]! };

  constructor(seed: number) {
    this.#seed = seed;
  }

  make(index: number): Capture {
    const random = new Random(this.#seed, index);
    const base = random.oneIn(2) ? this.#randomBase(index) : random.pick(this.#fixed);
    return mutate(base, random, this.#fixed);
  }

  /** A recording of a random table, shared by some inputs as recording takes longest. */
  #randomBase(index: number): Capture {
    const number = Math.floor(index / INPUTS_PER_TABLE);
    if (this.#base.number !== number) {
      const random = new Random(~this.#seed, number);
      this.#base = { number, capture: randomCapture(random) };
    }
    return this.#base.capture;
  }
}

/** Checks a file; returns the error if it fails, or whether it is accepted. */
export function tryFile(file: Uint8Array, check: Check): Error | boolean {
  try {
    return check(file);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** Checks all inputs of a plan; reports failures to `log`. */
export function fuzz(plan: Plan, check: Check, log: (line: string) => void): Result {
  const { seed, inputs, first } = plan;
  const source = new Inputs(seed);
  const result = { accepted: 0, failures: 0 };
  for (let index = first; index < first + inputs; index++) {
    const capture = source.make(index);
    const outcome = tryFile(writeCapture(capture), check);
    if (outcome === true) result.accepted++;
    if (!(outcome instanceof Error)) continue;
    result.failures++;
    if (result.failures > MAX_WRITTEN) continue;
    const file = `${plan.folder}/fuzz-${seed}-${index}.${capture.format.kind}`;
    writeSmallest(capture, outcome, { file, check });
    log(`input ${index} of seed ${seed}: ${outcome.stack ?? outcome}`);
    log(`  ipvstat --replay ${file} -o json`);
    log(`  deno task fuzz ${file}`);
  }
  return result;
}

interface Failing {
  readonly file: string;
  readonly check: Check;
}

/** Shrinks a failing input and writes it. */
function writeSmallest(capture: Capture, error: Error, { file, check }: Failing): void {
  const small = shrink(capture, (candidate) => {
    const outcome = tryFile(writeCapture(candidate), check);
    return outcome instanceof Error && kindOf(outcome) === kindOf(error);
  });
  Deno.writeFileSync(file, writeCapture(small));
}

/** The error without the numbers, which depend on the input. */
function kindOf({ name, message }: Error): string {
  return `${name}: ${message.split("\n")[0]!.replaceAll(/[0-9]+/g, "0").slice(0, 40)}`;
}
