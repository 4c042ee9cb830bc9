/**
 * `deno task bench`, part 2: the time of a reading in a process that has read a hundred times, as
 * `stream` and an exporter do, compared with a C program that reads as often.
 *
 *   deno run -A bench/warm.ts [VIRTUALxREAL...]
 */
import { join } from "node:path";
import { quoteWords } from "../tests/kernel/_prepare.ts";
import { boot } from "../tests/kernel/_lab.ts";
import { withTempDir } from "../tests/_commands.ts";
import { type Command, compileC, denoRun, FORMATS, markdown, median } from "./measure.ts";
import { nameOf, parseTable, rulesOf, type Table } from "./table.ts";

/** Number of processes for each column, interleaved, and of readings in each. */
const RUNS = 2;
const READINGS = 100;
/** Number of last readings of a process that are evaluated. */
const COUNTED = 11;
const SHAPES = ["100x10", "1000x10"];

const COLUMNS = [...FORMATS, "floor", "floor with recvmmsg"];

/** The commands to measure, by column. */
function commands(): Command[] {
  const reader = denoRun(join(import.meta.dirname!, "warm_reader.ts"));
  return [
    ...FORMATS.map((format) => [...reader, format, String(READINGS)]),
    ...["recv", "recvmmsg"].map((how) => ["./floor", how, String(READINGS)]),
  ];
}

/** The script for the guest: writes a file for each table and command. */
function script(tables: readonly Table[]): string {
  const steps = tables.map((_, i) => {
    const round = commands().map((words, j) => `${quoteWords(words)} >> "$LAB_OUT/${i}.${j}"`);
    const rounds = new Array<string[]>(RUNS).fill(round).flat();
    return ["ipvsadm -C", `ipvsadm -R < rules${i}`, ...rounds].join("\n");
  });
  const first = ["set -e", "chmod +x floor", "sysctl -qw net.ipv4.vs.run_estimation=0"];
  return [...first, ...steps].join("\n");
}

function microseconds(output: Uint8Array): number {
  const readings = new TextDecoder().decode(output).trim().split("\n").map(Number);
  return median(readings.filter((_, i) => i % READINGS >= READINGS - COUNTED));
}

async function main(dir: string, tables: readonly Table[]): Promise<void> {
  const files: Record<string, string | Uint8Array> = {
    floor: await Deno.readFile(await compileC("floor", dir)),
  };
  for (const [i, table] of tables.entries()) files[`rules${i}`] = rulesOf(table);
  const result = await boot({ script: script(tables), files });
  if (result.status !== 0) throw new Error(`Cannot measure in the lab: ${result.stderr}`);
  const rows = tables.map((table, i) => {
    const times = COLUMNS.map((_, j) => microseconds(result.files[`${i}.${j}`]!));
    const floor = times[FORMATS.length]!;
    return [nameOf(table), ...times.map((time) => (time / floor).toFixed(2))];
  });
  console.log(
    `Warm: the time of reading and encoding for the ${READINGS}th time in one process, as a ratio ` +
      `to the floor, which requests every list as often in one process. The library with Deno ` +
      `${Deno.version.deno}, in one boot of the lab, on one processor; medians of the last ` +
      `${COUNTED} of ${READINGS} readings of ${RUNS} interleaved processes.\n`,
  );
  console.log(markdown(["Virtual × real servers", ...COLUMNS], rows));
}

if (import.meta.main) {
  const tables = (Deno.args.length > 0 ? Deno.args : SHAPES).map(parseTable);
  await withTempDir((dir) => main(dir, tables));
}
