/**
 * `deno task bench`: boots the kernel lab once, fills its table, and measures ipvstat against
 * ipvsadm and against the C floor, each as a whole process with its output thrown away. ipvstat is
 * cli.ts run by this Deno, or the binary that IPVSTAT_BIN names. The boot has one processor; only ratios within it mean anything. Takes some minutes, most of it for
 * filling the tables.
 *
 *   deno task bench [SERVICESxSERVERS...]      (default 1000x10 1000x100 10000x4)
 */
import { boot } from "../tests/kernel/_lab.ts";

const RUNS = 5;
const FORMATS = ["json", "influx", "prometheus", "openmetrics"];
const BASELINE = "ipvsadm -Ln --stats --exact";
const HERE = import.meta.dirname!;

/** A table in the form of `ipvsadm -R`. */
function rules(services: number, servers: number): string {
  const lines: string[] = [];
  const address = (first: number, n: number) =>
    `${first + (n >> 16)}.${(n >> 8) & 0xff}.${n & 0xff}`;
  for (let i = 0; i < services; i++) {
    const service = `10.${address(0, i)}:80`;
    lines.push(`-A -t ${service} -s wrr`);
    for (let j = 0; j < servers; j++) {
      const server = `172.${address(16, i * servers + j)}:8080`;
      lines.push(`-a -t ${service} -r ${server} -m -w ${j + 1}`);
    }
  }
  return `${lines.join("\n")}\n`;
}

/** What is measured, by the name that it has in the output. */
function commands(): [name: string, command: string][] {
  return [
    [BASELINE, BASELINE],
    ["C floor, each list once", "./floor once"],
    ["C floor, made sure", "./floor twice"],
    ...FORMATS.map((format): [string, string] => [
      `ipvstat -o ${format}`,
      `ipvstat -o ${format}`,
    ]),
  ];
}

function script(tables: readonly string[]): string {
  const steps = tables.map((table) => {
    const measured = commands().map(([name, command]) =>
      `echo "${table}|${name}|$(./measure ${RUNS} ${command})"`
    );
    return `ipvsadm -C && ipvsadm -R < ${table}\n${measured.join("\n")}`;
  });
  const warm = FORMATS.map((format) => `ipvstat -o ${format} > /dev/null`);
  const compile = ["measure", "floor"].map((name) => `gcc -O2 -o ${name} ${name}.c`);
  return ["set -e", ...compile, ...warm, ...steps].join("\n");
}

async function main(tables: readonly string[]): Promise<void> {
  const files: Record<string, string> = {
    "measure.c": Deno.readTextFileSync(`${HERE}/measure.c`),
    "floor.c": Deno.readTextFileSync(`${HERE}/floor.c`),
  };
  for (const table of tables) {
    const [services = 0, servers = 0] = table.split("x").map(Number);
    files[table] = rules(services, servers);
  }
  const result = await boot({
    script: script(tables),
    files,
    memory: "2G",
    timeoutMs: 1_200_000,
  });
  if (result.status !== 0) throw new Error(result.stderr);
  report(result.stdout);
}

function report(lines: string): void {
  let baseline = 1;
  console.log("| table | command | ms | of ipvsadm | peak MB |\n|---|---|---:|---:|---:|");
  for (const line of lines.trim().split("\n")) {
    const [table, name, figures = ""] = line.split("|");
    const [microseconds = 0, kilobytes = 0] = figures.split(" ").map(Number);
    if (name === BASELINE) baseline = microseconds;
    const ratio = (microseconds / baseline).toFixed(2);
    const milliseconds = (microseconds / 1000).toFixed(0);
    console.log(
      `| ${table} | ${name} | ${milliseconds} | ${ratio} | ${(kilobytes / 1024).toFixed(0)} |`,
    );
  }
}

if (import.meta.main) {
  await main(Deno.args.length > 0 ? Deno.args : ["1000x10", "1000x100", "10000x4"]);
}
