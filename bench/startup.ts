/**
 * `deno task bench:startup`: the start-up cost of the compiled program, compared on this machine
 * with an empty program compiled in the same way.
 */
import { join } from "node:path";
import { withTempDir } from "../tests/_commands.ts";
import { binary, emptyBinary } from "../tests/packaging/_binary.ts";
import { markdown, measure } from "./measure.ts";

const RUNS = 20;
const ARGUMENTS = [["--version"], ["show", "--demo"], ["show", "--demo", "-o", "json"]];

/**
 * Copies a program, as the page cache state of the original changes its start-up time by a fifth.
 */
async function copyOf(path: string, copy: string): Promise<string> {
  await Deno.copyFile(path, copy);
  return copy;
}

async function main(dir: string): Promise<void> {
  const program = await copyOf(await binary(), join(dir, "ipvstat"));
  const empty = await copyOf(await emptyBinary(), join(dir, "empty"));
  const commands = [[empty], ...ARGUMENTS.map((words) => [program, ...words])];
  const [base, ...figures] = await measure(commands, { runs: RUNS, dir });
  const rows = figures.map(({ milliseconds, cpuMilliseconds, megabytes }, i) => [
    `\`ipvstat ${ARGUMENTS[i]!.join(" ")}\``,
    (milliseconds / base!.milliseconds).toFixed(2),
    (cpuMilliseconds / base!.cpuMilliseconds).toFixed(2),
    (megabytes / base!.megabytes).toFixed(2),
  ]);
  console.log(
    `The compiled program compared with an empty one (here ${base!.milliseconds.toFixed(1)} ms, ` +
      `${base!.megabytes.toFixed(1)} MB); medians of ${RUNS} interleaved runs, with the output ` +
      `discarded.\n`,
  );
  console.log(markdown(["Command", "Time", "CPU time", "Peak memory"], rows));
}

if (import.meta.main) await withTempDir(main);
