/**
 * The composition root: gives each command its source and its output, and turns errors into an exit
 * code and a message that says what to do.
 *
 * @module
 */
import { openLive } from "./ffi/live_source.ts";
import { readFile, readLink } from "./ffi/proc_file.ts";
import { standardOutputProblem } from "./ffi/standard_output.ts";
import { DONE, INCONSISTENT, TROUBLE, UNKNOWN } from "./lib/commands/exit_codes.ts";
import { explainError, type Explanation } from "./lib/commands/explain.ts";
import { printDetails, printMessage } from "./lib/commands/messages.ts";
import type { DoctorFormat, Format, Shell } from "./lib/commands/options.ts";
import { ClosedPipeError, type Output, standardOutput, WriteError } from "./lib/commands/output.ts";
import { type Arguments, commandName, parseArguments } from "./lib/commands/parse.ts";
import type { Query } from "./lib/commands/query.ts";
import { QUERY_OPTIONS } from "./lib/commands/query_options.ts";
import type { ShowOptions } from "./lib/commands/show.ts";
import { numberOf, secondsOf, sizeOf } from "./lib/commands/values.ts";
import { collect, type Source } from "./lib/ipvs/collect.ts";
import type { Consistency } from "./lib/ipvs/snapshot.ts";
import { COMMIT, VERSION } from "./lib/version.ts";

const DEMO = new URL("./testdata/demo/capture.pcap", import.meta.url);

/** Runs a command line; returns the exit code. */
async function main(words: readonly string[]): Promise<number> {
  try {
    return await run(parseArguments(words));
  } catch (error) {
    return await fail(error, words);
  }
}

/** Reports the error of a command line, as the command does; returns its exit code. */
async function fail(error: unknown, words: readonly string[]): Promise<number> {
  const isClosed = error instanceof ClosedPipeError;
  const isDebug = words.includes("--debug");
  switch (commandName(words)) {
    case "check":
      return isClosed ? UNKNOWN : await reportUnknown(error);
    case "diff":
      if (!isClosed) await report(error, isDebug);
      return TROUBLE;
    default:
      return isClosed ? DONE : await report(error, isDebug);
  }
}

/** Reports an error on standard output, as a monitoring plugin does. */
async function reportUnknown(error: unknown): Promise<number> {
  const { unknownOutput } = await import("./lib/check/plugin_output.ts");
  const { line, hint } = await explain(error);
  try {
    print(unknownOutput(hint === undefined ? line : `${line}; ${hint}`));
  } catch {
    // Standard output is closed or full; the exit code remains.
  }
  return UNKNOWN;
}

/** Reports an error on standard error; returns the exit code. */
async function report(error: unknown, debug: boolean): Promise<number> {
  const { code, line, hint } = await explain(error);
  printMessage(hint === undefined ? line : `${line}; ${hint}`);
  if (debug) printDetails(error);
  return code;
}

async function run(args: Arguments): Promise<number> {
  const [operand] = args.operands;
  switch (args.command) {
    case "help":
      return print((await import("./lib/commands/help.ts")).helpText(operand));
    case "version":
      return print(versionText());
    case "stream":
      return await runStream(args);
    case "record":
      return await runRecord(args);
    case "doctor":
      return await runDoctor(args);
    case "diff":
      return await runDiff(args);
    case "check":
      return await runCheck(args);
    case "schema":
      return print((await import("./lib/commands/schema.ts")).schemaText());
    case "completions":
      return print((await import("./lib/commands/completions.ts")).completions(operand as Shell));
    case "man":
      return print((await import("./lib/commands/man_page.ts")).manPage());
    default:
      return await runShow(args);
  }
}

function print(text: string): number {
  using output = openStandardOutput();
  output.sink(new TextEncoder().encode(text));
  return DONE;
}

function versionText(): string {
  const { deno, v8 } = Deno.version;
  const { target } = Deno.build;
  return `ipvstat ${VERSION}\ncommit ${COMMIT}\nDeno ${deno}\nV8 ${v8}\ntarget ${target}\n`;
}

function openStandardOutput(): Output {
  // Replays and help texts work without the permission.
  const hasFfi = Deno.permissions.querySync({ name: "ffi" }).state === "granted";
  const problem = hasFfi ? standardOutputProblem() : undefined;
  if (problem !== undefined) throw new WriteError(`Cannot write standard output: ${problem}`);
  return standardOutput();
}

/** Opens a file; no name and `-` are standard output. */
async function openOutput(file = "-"): Promise<Output> {
  if (file === "-") return openStandardOutput();
  return new (await import("./lib/commands/output_file.ts")).OutputFile(file);
}

async function runShow(args: Arguments): Promise<number> {
  const { show } = await import("./lib/commands/show.ts");
  const query = await queryOf(args);
  using output = await openOutput(args.options.get("output-file"));
  using source = await openSource(args);
  const snapshot = await traced(args, source, (from) =>
    show(from, output.sink, {
      format: (args.options.get("output") ?? "table") as Format,
      extended: args.options.has("extended"),
      compat: args.options.get("compat") as ShowOptions["compat"],
      aggregate: args.options.get("aggregate") as ShowOptions["aggregate"],
      color: useColor(args, output),
      width: tableWidth(args, output),
      columns: args.options.get("columns")?.split(","),
      rollup: args.options.has("rollup"),
      rates: secondsOf(args.options, "rates"),
      query,
    })).catch((error) => {
      throw source.explain?.(error) ?? error;
    });
  output.commit();
  if (args.options.has("debug")) {
    printMessage(`debug: ${snapshot.unknownAttributes} unknown attributes skipped`);
  }
  const code = verdict(snapshot.consistency);
  if (code !== DONE || query === undefined) return code;
  return (await import("./lib/commands/query.ts")).matchVerdict(args, query, snapshot);
}

/** Which servers to select, and their order; undefined if the command line asks for neither. */
async function queryOf(args: Arguments): Promise<Query | undefined> {
  if (!QUERY_OPTIONS.some(({ name }) => args.options.has(name))) return undefined;
  return await (await import("./lib/commands/query.ts")).parseQuery(args);
}

async function runStream(args: Arguments): Promise<number> {
  const { startStream } = await import("./lib/commands/start_stream.ts");
  const query = await queryOf(args);
  using output = openStandardOutput();
  return await startStream(args, output.sink, {
    openKernel: openLive,
    query,
    capture: captureOf(args),
    read: (source) => traced(args, source, (from) => collect(from, query?.identities(source))),
    report: (error) => report(error, args.options.has("debug")),
    verdict,
  });
}

async function runRecord(args: Arguments): Promise<number> {
  const { record } = await import("./lib/commands/record.ts");
  using output = await openOutput(args.operands[0]);
  using source = openLive();
  const consistency = await traced(args, source, (from) =>
    record(from, output.sink, {
      rounds: numberOf(args.options, "rounds") ?? 1,
      interval: secondsOf(args.options, "interval") ?? 2,
    }));
  output.commit();
  return verdict(consistency);
}

async function runDoctor(args: Arguments): Promise<number> {
  const { doctor } = await import("./lib/commands/doctor.ts");
  using output = await openOutput(args.options.get("output-file"));
  const machine = { readFile, readLink, openSource: openLive };
  const code = await doctor(machine, output.sink, {
    format: (args.options.get("output") ?? "table") as DoctorFormat,
    color: useColor(args, output),
    explain,
    verdict,
  });
  output.commit();
  return code;
}

async function runDiff(args: Arguments): Promise<number> {
  const { startDiff } = await import("./lib/commands/diff.ts");
  using output = await openOutput(args.options.get("output-file"));
  const color = useColor(args, output);
  const code = await startDiff(args, output.sink, { openKernel: openLive, color, verdict });
  output.commit();
  return code;
}

async function runCheck(args: Arguments): Promise<number> {
  const { check } = await import("./lib/commands/check.ts");
  using output = openStandardOutput();
  return await check(args, output.sink, () => openSource(args));
}

function useColor(args: Arguments, output: Output): boolean {
  const when = args.options.get("color") ?? "auto";
  return when === "auto" ? output.color : when === "always";
}

/** Undefined for no limit. */
function tableWidth(args: Arguments, output: Output): number | undefined {
  if (args.options.get("output") === "wide") return undefined;
  return numberOf(args.options, "width") ?? output.width;
}

/** Reports an inconsistent snapshot on standard error. */
function verdict({ doubts }: Consistency): number {
  if (doubts.length === 0) return DONE;
  const more = doubts.length > 1 ? ` (and ${doubts.length - 1} more)` : "";
  printMessage(`The table kept changing during the read; ${doubts[0]}${more}`);
  return INCONSISTENT;
}

interface DisposableSource extends Source, Disposable {
  /** Translates an error of a source that is not the running kernel. */
  explain?(error: unknown): unknown;
}

/** Uses a source, with --debug a traced one. */
async function traced<T>(
  args: Arguments,
  source: Source & {
    /** Number of datagrams dropped because another process sent them. */
    readonly foreign?: number;
  },
  use: (source: Source) => T | Promise<T>,
): Promise<T> {
  if (!args.options.has("debug")) return await use(source);
  const log = (line: string) => printMessage(`debug: ${line}`);
  const { Trace } = await import("./lib/commands/trace.ts");
  const trace = new Trace(log);
  try {
    return await use(trace.attach(source));
  } finally {
    trace.finish();
    if (source.foreign) log(`${source.foreign} datagrams of other processes dropped`);
  }
}

/** The capture to read; undefined for the running kernel. */
function captureOf({ options }: Arguments): string | URL | undefined {
  return options.get("replay") ?? (options.has("demo") ? DEMO : undefined);
}

async function openSource(args: Arguments): Promise<DisposableSource> {
  const capture = captureOf(args);
  if (capture === undefined) return openLive();
  const { openReplay } = await import("./lib/commands/replay.ts");
  return openReplay(capture, {
    round: numberOf(args.options, "round"),
    maxSize: sizeOf(args.options, "max-size"),
  });
}

function explain(error: unknown): Promise<Explanation> {
  return explainError(error, { readFile, readLink });
}

if (import.meta.main) Deno.exit(await main(Deno.args));
