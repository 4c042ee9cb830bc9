/** Shared by the benchmarks: measuring processes, the command of the program, tables of results. */
import { join } from "node:path";
import { RUN_FLAGS } from "../packaging/flags.ts";
import { outputOf } from "../tests/_commands.ts";
import { emptyBinary } from "../tests/packaging/_binary.ts";

const HERE = import.meta.dirname!;

/** The formats to measure. */
export const FORMATS = ["json", "influx", "prometheus", "openmetrics", "table"] as const;

/** A program and its arguments. */
export type Command = readonly string[];

/** The medians for one command. */
export interface Figures {
  /** Wall time. */
  readonly milliseconds: number;
  /** CPU time of all threads; it depends little on other programs on the machine. */
  readonly cpuMilliseconds: number;
  /** Peak resident set size, in MiB. */
  readonly megabytes: number;
}

/** Compiles a C program in this directory to `dir`, and returns its path. */
export async function compileC(name: string, dir: string): Promise<string> {
  const program = join(dir, name);
  await outputOf(["gcc", "-O2", "-Wall", "-o", program, join(HERE, `${name}.c`)]);
  return program;
}

/** Formats commands for measure.c. */
export function toLines(commands: readonly Command[]): string {
  return commands.map((words) => `${words.join("\t")}\n`).join("");
}

/** Parses the output of measure.c. */
export function parseFigures(output: string): Figures[] {
  return output.trim().split("\n").map((line) => {
    const [wall = NaN, cpu = NaN, kilobytes = NaN] = line.split(" ").map(Number);
    return { milliseconds: wall / 1000, cpuMilliseconds: cpu / 1000, megabytes: kilobytes / 1024 };
  });
}

/** Runs the commands interleaved, `runs` times each, with their output discarded. */
export async function measure(
  commands: readonly Command[],
  { runs, dir }: { runs: number; dir: string },
): Promise<Figures[]> {
  const tool = await compileC("measure", dir);
  return parseFigures(await outputOf([tool, String(runs)], { input: toLines(commands) }));
}

/** The command that runs a script with the same flags as the binary. */
export function denoRun(script: string): Command {
  return [Deno.execPath(), "run", ...RUN_FLAGS, "--no-lock", "--cached-only", script];
}

/** The command of the program: cli.ts in this Deno, or the binary in IPVSTAT_BIN. */
export function programCommand(): Command {
  const binary = Deno.env.get("IPVSTAT_BIN");
  return binary ? [Deno.realPathSync(binary)] : denoRun(join(HERE, "..", "cli.ts"));
}

/** The command of an empty program that is started like {@linkcode programCommand}. */
export async function emptyProgram(dir: string): Promise<Command> {
  if (Deno.env.get("IPVSTAT_BIN")) return [await emptyBinary()];
  const script = join(dir, "empty.ts");
  await Deno.writeTextFile(script, "");
  return denoRun(script);
}

/** The name of the program for the results. */
export function programName(): string {
  const binary = Deno.env.get("IPVSTAT_BIN");
  return binary ? "the binary" : `\`deno run cli.ts\` with Deno ${Deno.version.deno}`;
}

/** The median; for an even number of values, the larger of the two in the middle. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

/** A Markdown table; all columns except the first `texts` contain numbers. */
export function markdown(head: readonly string[], rows: readonly string[][], texts = 1): string {
  const rule = head.map((_, i) => i < texts ? "---" : "---:");
  return [head, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
