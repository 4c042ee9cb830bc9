/**
 * `deno task bench:replay`: the cost of replaying recordings of several sizes, measured as
 * processes on this machine, compared with an empty program that is started in the same way.
 *
 *   deno task bench:replay [VIRTUALxREAL...]
 */
import { join } from "node:path";
import { withTempDir } from "../tests/_commands.ts";
import { generateRecording } from "./generate.ts";
import {
  emptyProgram,
  type Figures,
  FORMATS,
  markdown,
  measure,
  programCommand,
  programName,
} from "./measure.ts";
import { nameOf, parseTable, type Table } from "./table.ts";

const RUNS = 7;
/** With fewer real servers, starting the program takes most of the time. */
const MIN_FOR_EACH = 1000;
const SHAPES = ["1x10", "1000x10", "2000x50"];

function record(table: Table, path: string): void {
  using file = Deno.openSync(path, { write: true, create: true });
  generateRecording(table, (bytes) => file.writeSync(bytes));
}

/** The rows of a table; the first figures are those of the empty program. */
function rowsOf(table: Table, [empty, ...formats]: readonly Figures[]): string[][] {
  const count = table.virtualServers * table.realServers;
  const row = (name: string, figure: (of: Figures) => number) => [
    nameOf(table),
    name,
    ...formats.map((of) => figure(of)).map((n) => n < 100 ? n.toFixed(2) : n.toFixed(0)),
  ];
  const cpu = (of: Figures) => of.cpuMilliseconds;
  const time = row("CPU time, ratio", (of) => cpu(of) / cpu(empty!));
  const each = row("CPU µs per real server", (of) => 1000 * (cpu(of) - cpu(empty!)) / count);
  const memory = row("peak memory, ratio", (of) => of.megabytes / empty!.megabytes);
  return count < MIN_FOR_EACH ? [time, memory] : [time, each, memory];
}

async function main(dir: string, tables: readonly Table[]): Promise<void> {
  const empty = await emptyProgram(dir);
  const commands = tables.flatMap((table, i) => {
    const path = join(dir, `${i}.pcap`);
    record(table, path);
    return FORMATS.map((format) => [...programCommand(), "--replay", path, "-o", format]);
  });
  const [base, ...figures] = await measure([empty, ...commands], { runs: RUNS, dir });
  const rows = tables.flatMap((table, i) => {
    const start = i * FORMATS.length;
    return rowsOf(table, [base!, ...figures.slice(start, start + FORMATS.length)]);
  });
  console.log(
    `Replay of generated recordings by ${programName()}; medians of ${RUNS} interleaved runs, ` +
      `with the output discarded. Ratios are relative to an empty program, and microseconds are in ` +
      `addition to it (here ${base!.cpuMilliseconds.toFixed(0)} ms, ${
        base!.megabytes.toFixed(0)
      } MB).\n`,
  );
  console.log(markdown(["Virtual × real servers", "", ...FORMATS], rows, 2));
}

if (import.meta.main) {
  const tables = (Deno.args.length > 0 ? Deno.args : SHAPES).map(parseTable);
  await withTempDir((dir) => main(dir, tables));
}
