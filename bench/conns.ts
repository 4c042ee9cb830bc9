/**
 * `deno task bench:conns`: the cost of summing a saved connection table, measured as processes on
 * this machine, compared with mawk and with an empty program.
 *
 *   deno task bench:conns [CONNECTIONS]
 */
import { join } from "node:path";
import { withTempDir } from "../tests/_commands.ts";
import { generateConnections } from "./connections.ts";
import {
  type Command,
  emptyProgram,
  type Figures,
  markdown,
  measure,
  programCommand,
  programName,
} from "./measure.ts";

const RUNS = 3;
const CONNECTIONS = 1_000_000;

/** Counts by protocol, virtual server, real server and state, as `conns` does. */
const COUNT = "NR > 1 { n[$1, $4, $5, $6, $7, $8]++ } END { for (key in n) print key, n[key] }";
/** Finds the longest expiry of each, too. */
const COUNT_AND_EXPIRY = "NR > 1 { key = $1 SUBSEP $4 SUBSEP $5 SUBSEP $6 SUBSEP $7 SUBSEP $8; " +
  "n[key]++; if ($10 + 0 > longest[key]) longest[key] = $10 + 0 } " +
  "END { for (key in n) print key, n[key], longest[key] }";
/** Counts by client, most connections first. */
const COUNT_CLIENTS = 'NR > 1 { n[$2]++ } END { for (key in n) print n[key], key | "sort -nr" }';

function commandsFor(file: string): ReadonlyMap<string, Command> {
  const ipvstat = (...words: string[]) => [...programCommand(), "conns", "--file", file, ...words];
  return new Map<string, Command>([
    ["ipvstat conns", ipvstat()],
    ["ipvstat conns -o json", ipvstat("-o", "json")],
    ["ipvstat conns --by client", ipvstat("--by", "client")],
    ["mawk, count", ["mawk", COUNT, file]],
    ["mawk, count and longest expiry", ["mawk", COUNT_AND_EXPIRY, file]],
    ["mawk, count by client, and sort", ["mawk", COUNT_CLIENTS, file]],
  ]);
}

async function main(dir: string, connections: number): Promise<void> {
  const file = join(dir, "ip_vs_conn_sync");
  using output = Deno.openSync(file, { write: true, create: true });
  generateConnections(connections, (bytes) => void output.writeSync(bytes));
  const commands = commandsFor(file);
  const empty = await emptyProgram(dir);
  const [base, ...figures] = await measure([empty, ...commands.values()], { runs: RUNS, dir });
  const mawk = figures[3]!;
  const row = (name: string, of: Figures) => [
    name,
    of.milliseconds.toFixed(0),
    of.cpuMilliseconds.toFixed(0),
    (of.milliseconds / mawk.milliseconds).toFixed(2),
    (of.megabytes - base!.megabytes).toFixed(0),
  ];
  console.log(
    `Summing ${connections} connections by ${programName()}; medians of ${RUNS} interleaved runs, ` +
      `with the output discarded. The empty program takes ${
        base!.milliseconds.toFixed(0)
      } ms and ` +
      `${base!.megabytes.toFixed(0)} MB.\n`,
  );
  const head = ["", "ms", "CPU ms", "time, ratio to mawk's count", "MB more than empty"];
  console.log(markdown(head, [...commands.keys()].map((name, i) => row(name, figures[i]!))));
}

if (import.meta.main) {
  await withTempDir((dir) => main(dir, Number(Deno.args[0] ?? CONNECTIONS)));
}
