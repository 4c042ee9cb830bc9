/**
 * `deno task bench`, part 1: the additional time for a large table, compared with a table of one
 * virtual and one real server, relative to `ipvsadm` and to a C program that discards the replies.
 * The difference excludes the start of the process, which in the lab depends more on the machine
 * than on the program.
 *
 *   deno run -A bench/growth.ts [VIRTUALxREAL...]
 */
import { boot } from "../tests/kernel/_lab.ts";
import { withTempDir } from "../tests/_commands.ts";
import {
  type Command,
  compileC,
  FORMATS,
  markdown,
  parseFigures,
  programCommand,
  programName,
  toLines,
} from "./measure.ts";
import { nameOf, parseTable, rulesOf, type Table } from "./table.ts";

const RUNS = 3;
const SHAPES = ["2000x50", "1000x100", "10000x4", "50000x1"];

const IPVSADM = ["ipvsadm", "-Ln", "--stats", "--exact"];
const FLOORS = ["recv", "recvmmsg"];

/** The commands to measure: ipvsadm, the floors, and each format. */
function commands(): Command[] {
  return [
    IPVSADM,
    ...FLOORS.map((how) => ["./floor", how]),
    ...FORMATS.map((format) => [...programCommand(), "-o", format]),
  ];
}

/** The script for the guest: loads each file of rules and measures. */
function script(files: readonly string[]): string {
  const steps = files.map((file) =>
    `ipvsadm -C\nipvsadm -R < ${file}\n./measure ${RUNS} < commands\n`
  );
  return `set -e
chmod +x measure floor
# The estimator would use part of the only processor, more for larger tables.
sysctl -qw net.ipv4.vs.run_estimation=0
${steps.join("")}`;
}

/** The duration of each command for each table, in milliseconds. */
async function measureInLab(tables: readonly Table[], dir: string): Promise<number[][]> {
  const files: Record<string, string | Uint8Array> = { commands: toLines(commands()) };
  for (const name of ["measure", "floor"]) {
    files[name] = await Deno.readFile(await compileC(name, dir));
  }
  const names = tables.map((table, i) => {
    files[`rules${i}`] = rulesOf(table);
    return `rules${i}`;
  });
  const { status, stdout, stderr } = await boot({ script: script(names), files, memory: "2G" });
  if (status !== 0) throw new Error(`Cannot measure in the lab: ${stderr}`);
  const times = parseFigures(stdout).map(({ milliseconds }) => milliseconds);
  const count = commands().length;
  return tables.map((_, i) => times.slice(i * count, (i + 1) * count));
}

/** The rows of a table: relative to ipvsadm, and relative to the floor. */
function rowsOf(
  table: Table,
  [ipvsadm, recv, recvmmsg, ...formats]: readonly number[],
): string[][] {
  const row = (name: string, base: number) => [
    nameOf(table),
    name,
    ...[...formats, ipvsadm!, recv!, recvmmsg!].map((growth) => (growth / base).toFixed(2)),
  ];
  return [row("ipvsadm", ipvsadm!), row("floor", recv!)];
}

async function main(dir: string, tables: readonly Table[]): Promise<void> {
  const [small = [], ...large] = await measureInLab([parseTable("1x1"), ...tables], dir);
  const rows = tables.flatMap((table, i) =>
    rowsOf(table, large[i]!.map((time, j) => time - small[j]!))
  );
  console.log(
    `Growth: the time for the table minus the time for a table of 1 × 1, as a ratio to the same ` +
      `difference for \`${IPVSADM.join(" ")}\` and for the floor, a C program that requests ` +
      `every list once and discards the replies. ${programName()}, in one boot of the lab, on one ` +
      `processor; medians of ${RUNS} interleaved runs, with the output discarded.\n`,
  );
  const head = [
    "Virtual × real servers",
    "relative to",
    ...FORMATS,
    "ipvsadm",
    "floor",
    "floor with recvmmsg",
  ];
  console.log(markdown(head, rows, 2));
}

if (import.meta.main) {
  const tables = (Deno.args.length > 0 ? Deno.args : SHAPES).map(parseTable);
  await withTempDir((dir) => main(dir, tables));
}
