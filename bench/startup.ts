/**
 * `deno task bench:startup`: what the compiled program costs beyond the runtime that it is made
 * from, as ratios to an empty program compiled alike: medians of 20 runs each, taken in turn, with
 * their output thrown away.
 */
import { join } from "node:path";
import { outputOf, withTempDir } from "../tests/_commands.ts";
import { binary, emptyBinary } from "../tests/packaging/_binary.ts";

const RUNS = 20;

interface Figures {
  readonly milliseconds: number;
  /** The largest resident set. */
  readonly megabytes: number;
}

/** Runs every command in turn, so that what slows the machine slows them all. */
async function measure(dir: string, commands: readonly string[][]): Promise<Figures[][]> {
  const tool = join(dir, "measure");
  await outputOf(["gcc", "-O2", "-o", tool, join(import.meta.dirname!, "measure.c")]);
  const figures: Figures[][] = commands.map(() => []);
  for (let i = -1; i < RUNS; i++) {
    for (const [j, command] of commands.entries()) {
      const output = await outputOf([tool, "1", ...command]);
      const [microseconds = 0, kilobytes = 0] = output.split(" ").map(Number);
      // The first run is for the caches.
      if (i < 0) continue;
      figures[j]!.push({ milliseconds: microseconds / 1000, megabytes: kilobytes / 1024 });
    }
  }
  return figures;
}

/** Copies a program, for how a file came into memory tells on its start by a fifth. */
async function copyOf(path: string, copy: string): Promise<string> {
  await Deno.copyFile(path, copy);
  return copy;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

async function main(dir: string): Promise<void> {
  const program = await copyOf(await binary(), join(dir, "ipvstat"));
  const empty = await copyOf(await emptyBinary(), join(dir, "empty"));
  const lines = [["--version"], ["show", "--demo"], ["show", "--demo", "-o", "json"]];
  const figures = await measure(dir, [[empty], ...lines.map((words) => [program, ...words])]);
  const medians = figures.map((runs) => ({
    milliseconds: median(runs.map((one) => one.milliseconds)),
    megabytes: median(runs.map((one) => one.megabytes)),
  }));
  const base = medians[0]!;
  console.log("| command | ms | of the empty program | peak MB | of the empty program |");
  console.log("|---|---:|---:|---:|---:|");
  for (const [i, { milliseconds, megabytes }] of medians.entries()) {
    const name = i === 0 ? "an empty program" : `ipvstat ${lines[i - 1]!.join(" ")}`;
    const time = `${milliseconds.toFixed(1)} | ${(milliseconds / base.milliseconds).toFixed(2)}`;
    const memory = `${megabytes.toFixed(1)} | ${(megabytes / base.megabytes).toFixed(2)}`;
    console.log(`| ${name} | ${time} | ${memory} |`);
  }
}

if (import.meta.main) await withTempDir(main);
