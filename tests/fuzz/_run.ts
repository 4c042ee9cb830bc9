/** Makes inputs from a seed, checks each, and reports what fails. */
import { type Capture, writeCapture } from "./_capture.ts";
import { mutate } from "./_mutate.ts";
import { Random } from "./_random.ts";
import { fixedCaptures, randomCapture } from "./_seeds.ts";
import { shrink } from "./_shrink.ts";

/** Failures beyond these are counted, and neither shrunk nor written. */
const MOST_WRITTEN = 10;
const INPUTS_OF_A_TABLE = 8;

/** Whether a file is accepted; throws where something is not as it must be. */
export type Check = (file: Uint8Array) => boolean;

/** Which inputs are made, and where failing ones go. */
export interface Plan {
  readonly seed: number;
  readonly inputs: number;
  /** The number of the first input. */
  readonly first: number;
  readonly folder: string;
}

/** How many inputs were accepted, and how many failed. */
export interface Result {
  accepted: number;
  failures: number;
}

/** Makes inputs, each from the seed and its own number. */
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

  /** A table made at random, for some inputs in a row: to record it takes longest. */
  #randomBase(index: number): Capture {
    const number = Math.floor(index / INPUTS_OF_A_TABLE);
    if (this.#base.number !== number) {
      const random = new Random(~this.#seed, number);
      this.#base = { number, capture: randomCapture(random) };
    }
    return this.#base.capture;
  }
}

/** The error that a file fails with, or whether it is accepted. */
export function tryFile(file: Uint8Array, check: Check): Error | boolean {
  try {
    return check(file);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** Checks every input of a plan; what it has to say goes to `say`. */
export function fuzz(plan: Plan, check: Check, say: (line: string) => void): Result {
  const { seed, inputs, first } = plan;
  const source = new Inputs(seed);
  const result = { accepted: 0, failures: 0 };
  for (let index = first; index < first + inputs; index++) {
    const capture = source.make(index);
    const outcome = tryFile(writeCapture(capture), check);
    if (outcome === true) result.accepted++;
    if (!(outcome instanceof Error)) continue;
    result.failures++;
    if (result.failures > MOST_WRITTEN) continue;
    const file = `${plan.folder}/fuzz-${seed}-${index}.${capture.format.kind}`;
    writeSmallest(capture, outcome, { file, check });
    say(`input ${index} of seed ${seed}: ${outcome.stack ?? outcome}`);
    say(`  ipvstat --replay ${file} -o json`);
    say(`  deno task fuzz ${file}`);
  }
  return result;
}

interface Failing {
  readonly file: string;
  readonly check: Check;
}

/** Writes a failing input as small as it gets. */
function writeSmallest(capture: Capture, error: Error, { file, check }: Failing): void {
  const small = shrink(capture, (candidate) => {
    const outcome = tryFile(writeCapture(candidate), check);
    return outcome instanceof Error && kindOf(outcome) === kindOf(error);
  });
  Deno.writeFileSync(file, writeCapture(small));
}

/** What fails, without the numbers of this one input. */
function kindOf({ name, message }: Error): string {
  return `${name}: ${message.split("\n")[0]!.replaceAll(/[0-9]+/g, "0").slice(0, 40)}`;
}
