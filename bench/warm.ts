/**
 * `deno task bench`, part 2: the time of a reading in a process that has read many times, as `stream`
 * does, compared with a C program that reads as often and with a scrape of node_exporter.
 *
 *   deno run -A bench/warm.ts [VIRTUALxREAL...]
 */
import { join } from "node:path";
import { quoteWords } from "../tests/kernel/_prepare.ts";
import { boot } from "../tests/kernel/_lab.ts";
import { withTempDir } from "../tests/_commands.ts";
import { type Command, compileC, denoRun, FORMATS, markdown, median } from "./measure.ts";
import { nameOf, parseTable, rulesOf, type Table } from "./table.ts";

/** Number of processes for each column, interleaved. */
const RUNS = 2;
/** Number of readings in each process, and of last ones that are evaluated. */
const READINGS = 60;
const COUNTED = 11;
const SHAPES = ["1000x10", "10000x4"];

const COLUMNS = [...FORMATS, "floor", "floor with recvmmsg"];
const EXPORTER = "prometheus-node-exporter";
/** Scrapes of node_exporter before the measurement, and in it. */
const WARM_UP = 5;
const SCRAPES = 20;

/** The commands to measure, by column. */
function commands(): Command[] {
  const reader = denoRun(join(import.meta.dirname!, "warm_reader.ts"));
  return [
    ...FORMATS.map((format) => [...reader, format, String(READINGS)]),
    ...["recv", "recvmmsg"].map((how) => ["./floor", how, String(READINGS)]),
  ];
}

/** Functions of the guest's script. */
const SCRAPING = `
scrape() { # COUNT
  local n
  for n in $(seq "$1"); do busybox wget -q -O /dev/null http://127.0.0.1:9100/metrics; done
}

# CPU time of a process in clock ticks: user and system time.
ticks() { awk '{ print $14 + $15 }' "/proc/$1/stat"; }

# Prints node_exporter's CPU time for a scrape in microseconds.
measure_exporter() {
  local pid before after
  ${EXPORTER} --collector.disable-defaults --collector.ipvs --web.listen-address=127.0.0.1:9100 \\
    --web.disable-exporter-metrics > /dev/null 2>&1 &
  pid=$!
  until scrape 1 2> /dev/null; do kill -0 $pid; sleep 0.1; done
  scrape ${WARM_UP}
  before=$(ticks $pid)
  scrape ${SCRAPES}
  after=$(ticks $pid)
  kill $pid
  echo $(((after - before) * 1000000 / $(getconf CLK_TCK) / ${SCRAPES}))
}
`;

/** The script for the guest: writes a file for each table and command. */
function script(tables: readonly Table[]): string {
  const steps = tables.map((_, i) => {
    const round = commands().map((words, j) => `${quoteWords(words)} >> "$LAB_OUT/${i}.${j}"`);
    const rounds = new Array<string[]>(RUNS).fill(round).flat();
    const exporter = `measure_exporter > "$LAB_OUT/${i}.exporter"`;
    return ["ipvsadm -C", `ipvsadm -R < rules${i}`, ...rounds, exporter].join("\n");
  });
  const first = ["set -e", SCRAPING, "chmod +x floor", "ip link set lo up"];
  return [...first, "sysctl -qw net.ipv4.vs.run_estimation=0", ...steps].join("\n");
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
    const exporter = Number(new TextDecoder().decode(result.files[`${i}.exporter`]));
    return [nameOf(table), ...[...times, exporter].map((time) => (time / floor).toFixed(2))];
  });
  console.log(
    `Warm: the time of reading and encoding for the ${READINGS}th time in one process, as a ratio ` +
      `to the floor, which requests every list as often in one process. The library with Deno ` +
      `${Deno.version.deno}, in one boot of the lab, on one processor; medians of the last ` +
      `${COUNTED} of ${READINGS} readings of ${RUNS} interleaved processes. Last, the CPU time of ` +
      `${EXPORTER} for a scrape, the mean of ${SCRAPES}.\n`,
  );
  console.log(markdown(["Virtual × real servers", ...COLUMNS, "node_exporter"], rows));
}

if (import.meta.main) {
  const tables = (Deno.args.length > 0 ? Deno.args : SHAPES).map(parseTable);
  await withTempDir((dir) => main(dir, tables));
}
