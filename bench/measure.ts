/** What the benchmarks share: measuring whole processes, the program's words, tables of results. */
import { join } from "node:path";
import { RUN_FLAGS } from "../packaging/flags.ts";
import { outputOf } from "../tests/_commands.ts";

const HERE = import.meta.dirname!;

/** The formats that are measured. */
export const FORMATS = ["json", "influx", "prometheus", "openmetrics", "table"] as const;

/** A program and its arguments. */
export type Command = readonly string[];

/** What one command took: medians. */
export interface Figures {
  /** Wall time. */
  readonly milliseconds: number;
  /** CPU time of all its threads, which other programs on the machine change little. */
  readonly cpuMilliseconds: number;
  /** The largest resident set. */
  readonly megabytes: number;
}

/** Compiles a C program of this folder into `dir`, and returns its path. */
export async function compileC(name: string, dir: string): Promise<string> {
  const program = join(dir, name);
  await outputOf(["gcc", "-O2", "-Wall", "-o", program, join(HERE, `${name}.c`)]);
  return program;
}

/** The commands as measure.c reads them. */
export function toLines(commands: readonly Command[]): string {
  return commands.map((words) => `${words.join("\t")}\n`).join("");
}

/** What measure.c printed. */
export function parseFigures(output: string): Figures[] {
  return output.trim().split("\n").map((line) => {
    const [wall = NaN, cpu = NaN, kilobytes = NaN] = line.split(" ").map(Number);
    return { milliseconds: wall / 1000, cpuMilliseconds: cpu / 1000, megabytes: kilobytes / 1024 };
  });
}

/** Runs the commands in turn, so often, with their output thrown away. */
export async function measure(
  commands: readonly Command[],
  { runs, dir }: { runs: number; dir: string },
): Promise<Figures[]> {
  const tool = await compileC("measure", dir);
  return parseFigures(await outputOf([tool, String(runs)], { input: toLines(commands) }));
}

/** The words that run a script of this checkout as the binary would run it. */
export function denoRun(script: string): Command {
  return [Deno.execPath(), "run", ...RUN_FLAGS, "--no-lock", "--cached-only", script];
}

/** The words that start the program: this Deno with cli.ts, or the binary that IPVSTAT_BIN names. */
export function programWords(): Command {
  const binary = Deno.env.get("IPVSTAT_BIN");
  return binary ? [Deno.realPathSync(binary)] : denoRun(join(HERE, "..", "cli.ts"));
}

/** How the results name what was measured. */
export function programName(): string {
  const binary = Deno.env.get("IPVSTAT_BIN");
  return binary ? "the binary" : `\`deno run cli.ts\` with Deno ${Deno.version.deno}`;
}

/** The median; of an even number of values the upper one in the middle. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

/** A table in Markdown; all columns but the first `texts` hold numbers. */
export function markdown(head: readonly string[], rows: readonly string[][], texts = 1): string {
  const rule = head.map((_, i) => i < texts ? "---" : "---:");
  return [head, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
