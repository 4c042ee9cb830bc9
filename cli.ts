/**
 * The composition root: gives each command its source and its output, and turns errors into an exit
 * code and a message that says what to do.
 *
 * @module
 */
import { openLive } from "./ffi/live_source.ts";
import { openProc, readFile, readLink } from "./ffi/proc_file.ts";
import { standardOutputProblem } from "./ffi/standard_output.ts";
import { DONE, FAILED, TROUBLE, UNKNOWN } from "./lib/commands/exit_codes.ts";
import { explainError, type Explanation } from "./lib/commands/explain.ts";
import { displayOf, useColor } from "./lib/commands/display.ts";
import { printDetails, printMessage } from "./lib/commands/messages.ts";
import type { NamespaceEnvironment, NamespaceReading } from "./lib/commands/namespaces.ts";
import type { DoctorFormat } from "./lib/commands/options.ts";
import { ClosedPipeError, type Output, standardOutput, WriteError } from "./lib/commands/output.ts";
import { type Arguments, commandName, parseArguments } from "./lib/commands/parse.ts";
import type { Query } from "./lib/commands/query.ts";
import { QUERY_OPTIONS } from "./lib/commands/query_options.ts";
import type { Read } from "./lib/commands/readings.ts";
import type { Collect } from "./lib/commands/source.ts";
import type { ShowOptions } from "./lib/commands/show.ts";
import { traced } from "./lib/commands/traced.ts";
import { verdict } from "./lib/commands/verdict.ts";
import { numberOf, sizeOf } from "./lib/commands/values.ts";
import { collect, type Source } from "./lib/ipvs/collect.ts";
import { NamespaceError } from "./lib/netlink/errors.ts";

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
    case "check": {
      const { reportUnknown } = await import("./lib/commands/check_failure.ts");
      return isClosed ? UNKNOWN : reportUnknown(await explain(error), print);
    }
    case "diff":
      if (!isClosed) await report(error, isDebug);
      return TROUBLE;
    default:
      return isClosed ? DONE : await report(error, isDebug);
  }
}

function explain(error: unknown): Promise<Explanation> {
  return explainError(error, { readFile, readLink });
}

/** Reports an error on standard error, of a network namespace with its label; returns the exit code. */
async function report(error: unknown, debug: boolean, netns?: string): Promise<number> {
  const { code, line, hint } = await explain(error);
  const isNamed = netns === undefined || error instanceof NamespaceError;
  const where = isNamed ? "" : `Network namespace ${netns}: `;
  printMessage(hint === undefined ? `${where}${line}` : `${where}${line}; ${hint}`);
  if (debug) printDetails(error);
  return code;
}

async function run(args: Arguments): Promise<number> {
  switch (args.command) {
    case "show":
      return await runShow(args);
    case "stream":
      return await runStream(args);
    case "record":
      return await runRecord(args);
    case "doctor":
      return await runDoctor(args);
    case "conns":
      return await runConns(args);
    case "diff":
      return await runDiff(args);
    case "check":
      return await runCheck(args);
    default:
      return print(await (await import("./lib/commands/text_commands.ts")).commandText(args));
  }
}

function print(text: string): number {
  using output = openStandardOutput();
  output.sink(new TextEncoder().encode(text));
  return DONE;
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
  const query = await queryOf(args);
  using output = await openOutput(args.options.get("output-file"));
  const collect = await collectorOf(args);
  const { snapshots, failure } = await showOn(args, output, {
    ...displayOf(args, output),
    collect,
    query,
  });
  if (snapshots.length === 0) return failure;
  output.commit();
  let code = failure;
  for (const { netns, unknownAttributes, consistency } of snapshots) {
    if (args.options.has("debug")) {
      printMessage(`debug: ${unknownAttributes} unknown attributes skipped`);
    }
    const doubtful = verdict(consistency, netns);
    code ||= doubtful;
  }
  if (code !== DONE || query === undefined) return code;
  return (await import("./lib/commands/query.ts")).matchVerdict(args, query, snapshots);
}

/** Shows one snapshot, or those of the network namespaces that the command line names. */
async function showOn(
  args: Arguments,
  output: Output,
  options: ShowOptions,
): Promise<NamespaceReading> {
  const { show, showNamespaces } = await import("./lib/commands/show.ts");
  const namespaces = await namespacesOf(args, options.query);
  if (namespaces !== undefined) return await showNamespaces(namespaces, output.sink, options);
  using source = await openSource(args);
  const snapshot = await traced(args, source, (from) => show(from, output.sink, options))
    .catch((error) => {
      throw source.explain?.(error) ?? error;
    });
  return { snapshots: [snapshot], failure: DONE };
}

/** The network namespaces that the command line names; undefined if it names none. */
async function findersOf(args: Arguments) {
  if (!args.options.has("netns")) return undefined;
  const { namespacesIn } = await import("./lib/commands/namespaces.ts");
  const words = namespacesIn(args);
  const { findNamespaces } = await import("./ffi/namespace_sources.ts");
  return () => findNamespaces(words, abort);
}

async function namespacesOf(
  args: Arguments,
  query: Query | undefined,
): Promise<NamespaceEnvironment | undefined> {
  const find = await findersOf(args);
  if (find === undefined) return undefined;
  return {
    find,
    read: await readerOf(args, query),
    report: (error, netns) => report(error, args.options.has("debug"), netns),
  };
}

/** Ends the process at once, as it may be in a network namespace that is not its own. */
function abort(message: string): never {
  printMessage(message);
  Deno.exit(FAILED);
}

/** Reads what the query needs, from the source that the command line names. */
async function readerOf(args: Arguments, query: Query | undefined): Promise<Read> {
  const read = await collectorOf(args) ?? collect;
  return (source) => traced(args, source, (from) => read(from, query?.identities(source)));
}

async function collectorOf(args: Arguments): Promise<Collect | undefined> {
  if (!args.options.has("source")) return undefined;
  return (await import("./lib/commands/source.ts")).collectorOf(args);
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
    namespaces: await namespacesOf(args, query),
    capture: captureOf(args),
    read: await readerOf(args, query),
    report: (error) => report(error, args.options.has("debug")),
    verdict,
  });
}

async function runRecord(args: Arguments): Promise<number> {
  const { startRecord } = await import("./lib/commands/start_record.ts");
  const query = await queryOf(args);
  const find = await findersOf(args);
  using output = await openOutput(args.operands[0]);
  return await startRecord(args, output, {
    query,
    withKernel: async (use) => {
      using source = kernelOf(find)();
      return await traced(args, source, use);
    },
    verdict,
  });
}

async function runDoctor(args: Arguments): Promise<number> {
  const { doctor, doctorNamespaces } = await import("./lib/commands/doctor.ts");
  const find = await findersOf(args);
  using output = await openOutput(args.options.get("output-file"));
  const options = {
    format: (args.options.get("output") ?? "table") as DoctorFormat,
    color: useColor(args, output),
    explain,
    verdict,
  };
  const code = find === undefined
    ? await doctor({ readFile, readLink, openSource: openLive }, output.sink, options)
    : await doctorNamespaces(find(), output.sink, {
      ...options,
      report: (error, netns) => report(error, false, netns),
    });
  output.commit();
  return code;
}

async function runConns(args: Arguments): Promise<number> {
  const { startConns } = await import("./lib/commands/start_conns.ts");
  const program = { openOutput, openProc, openSource, queryOf, traced, useColor, verdict };
  return await startConns(args, program);
}

async function runDiff(args: Arguments): Promise<number> {
  const { startDiff } = await import("./lib/commands/diff.ts");
  using output = await openOutput(args.options.get("output-file"));
  const openKernel = kernelOf(await findersOf(args));
  const color = useColor(args, output);
  const code = await startDiff(args, output.sink, { openKernel, color, verdict });
  output.commit();
  return code;
}

async function runCheck(args: Arguments): Promise<number> {
  const { check } = await import("./lib/commands/check.ts");
  using output = openStandardOutput();
  const find = await findersOf(args);
  const open = async () => find === undefined ? await openSource(args) : kernelOf(find)();
  return await check(args, output.sink, open);
}

/** Opens the kernel, in the only network namespace that the command line names. */
function kernelOf(find: Awaited<ReturnType<typeof findersOf>>): typeof openLive {
  return find === undefined ? openLive : () => find().sources[0]!.open();
}

interface DisposableSource extends Source, Disposable {
  /** Translates an error of a source that is not the running kernel. */
  explain?(error: unknown): unknown;
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

if (import.meta.main) Deno.exit(await main(Deno.args));
