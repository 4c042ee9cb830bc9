/**
 * From the command line to {@linkcode conns}: the options, and where the data comes from.
 *
 * @module
 */
import { collect, type Source } from "../ipvs/collect.ts";
import type { Consistency } from "../ipvs/snapshot.ts";
import { needsTable } from "../query/connection_selection.ts";
import type { Selection } from "../query/selection.ts";
import { type ConnectionInput, openConnectionFile } from "./connection_input.ts";
import { conns, type ConnsOptions, type ConnsResult, type Grouping } from "./conns.ts";
import type { ConnsFormat } from "./conns_options.ts";
import { DONE, FAILED } from "./exit_codes.ts";
import { printMessage } from "./messages.ts";
import type { Output } from "./output.ts";
import type { Arguments } from "./parse.ts";
import { Progress } from "./progress.ts";
import type { Query } from "./query.ts";
import { UsageError } from "./usage_error.ts";
import { numberOf, secondsOf } from "./values.ts";

/** A file of /proc that is read bit by bit. */
export interface ProcFile extends Disposable {
  /** Reads some bytes into the buffer; returns their number, 0 at the end. */
  read(buffer: Uint8Array<ArrayBuffer>): number;
}

/** The source of a table of servers. */
type TableSource = Source & Disposable & { explain?(error: unknown): unknown };

/** What the command needs of the program: its functions for the options that other commands have. */
export interface Program {
  openOutput(file?: string): Promise<Output>;
  /** Opens a file of /proc/net; undefined if it does not exist. */
  openProc(name: string): ProcFile | undefined;
  openSource(args: Arguments): Promise<TableSource>;
  queryOf(args: Arguments): Promise<Query | undefined>;
  /** Uses a source, with --debug a traced one. */
  traced<T>(args: Arguments, source: Source, use: (from: Source) => T | Promise<T>): Promise<T>;
  useColor(args: Arguments, output: Output): boolean;
  /** Reports an inconsistent table; returns the exit code. */
  verdict(consistency: Consistency): number;
}

/** The files with the connection table; the first one also has the origin. */
const FILES = ["ip_vs_conn_sync", "ip_vs_conn"];
const DEFAULT_PREFIX_INET6 = 64;

/** Runs the command; returns the exit code. */
export async function startConns(args: Arguments, program: Program): Promise<number> {
  const query = await program.queryOf(args);
  const file = args.options.get("file");
  const hasTable = file === undefined || args.options.has("replay");
  using output = await program.openOutput(args.options.get("output-file"));
  const options = optionsOf(args, query?.selection, program.useColor(args, output));
  if (!hasTable) refuseWithoutTable(options);
  using source = hasTable ? await program.openSource(args) : undefined;
  using connections = file === undefined ? openLive(program) : openConnectionFile(file);
  const start = performance.now();
  const elapsed = () => performance.now() - start;
  using progress = Deno.stderr.isTerminal() ? new Progress(writeToTerminal, elapsed) : undefined;
  const sources = {
    ...{ connections, elapsed, isLive: file === undefined },
    progress: (entries: number) => progress?.show(entries),
  };
  const run = (from?: Source) =>
    conns({ ...sources, readTable: from && (() => collect(from)) }, output.sink, options);
  const result = await (source === undefined ? run() : program.traced(args, source, run))
    .catch((error: unknown) => {
      throw source?.explain?.(error) ?? error;
    });
  output.commit();
  progress?.[Symbol.dispose]();
  return report(args, result, query?.selection, program);
}

function openLive({ openProc }: Program): ConnectionInput {
  for (const name of FILES) {
    const file = openProc(name);
    if (file !== undefined) return Object.assign(file, { name: `/proc/net/${name}` });
  }
  throw new Error(`Cannot read /proc/net/${FILES.at(-1)}: it does not exist or is not readable`);
}

function writeToTerminal(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(text));
}

function optionsOf(
  { options }: Arguments,
  selection: Selection | undefined,
  color: boolean,
): ConnsOptions {
  return {
    format: (options.get("output") ?? "table") as ConnsFormat,
    grouping: parseGrouping(options.get("by") ?? "server"),
    onlyStale: options.has("stale"),
    top: numberOf(options, "top"),
    maxRows: numberOf(options, "max-rows"),
    maxTime: secondsOf(options, "max-time"),
    selection,
    color,
  };
}

/**
 * Parses `server`, `client`, `client/24`, `client/24,64` or `expiry`.
 *
 * @throws {UsageError} if it is none of them.
 */
export function parseGrouping(text: string): Grouping {
  if (text === "server" || text === "expiry") return { by: text };
  const [isClient, inet, inet6] = /^client(?:\/(\d{1,2})(?:,(\d{1,3}))?)?$/.exec(text) ?? [];
  const prefixes = inet === undefined
    ? { inet: 32, inet6: 128 }
    : { inet: Number(inet), inet6: Number(inet6 ?? DEFAULT_PREFIX_INET6) };
  if (isClient !== undefined && prefixes.inet <= 32 && prefixes.inet6 <= 128) {
    return { by: "client", prefixes };
  }
  throw new UsageError(
    `Invalid WHAT "${text}" for --by: use server, client, client/24, client/24,64 or expiry`,
  );
}

function refuseWithoutTable({ onlyStale, selection }: ConnsOptions): void {
  const option = onlyStale
    ? "--stale"
    : selection !== undefined && needsTable(selection)
    ? "--scheduler and --state"
    : undefined;
  if (option === undefined) return;
  throw new UsageError(`With --file, ${option} requires --replay for the table of servers`);
}

function report(
  { options }: Arguments,
  { report, snapshot }: ConnsResult,
  selection: Selection | undefined,
  program: Program,
): number {
  const { cutBy, uncounted, rowsRead, total } = report;
  if (cutBy !== null) {
    printMessage(`Stopped by --${cutBy} after ${rowsRead} entries; the rest is not counted`);
  }
  if (uncounted > 0) {
    const advice = report.clients === undefined
      ? "select fewer servers"
      : "use shorter prefixes, such as --by client/16,48";
    printMessage(`To limit memory, ${uncounted} entries are not in the rows; ${advice}`);
  }
  const code = snapshot === undefined ? DONE : program.verdict(snapshot.consistency);
  if (code !== DONE || total.connections + total.templates > 0) return code;
  const isRequired = options.has("require-match");
  const isSelective = options.has("stale") || !(selection?.isEverything ?? true);
  if (isRequired || isSelective) {
    printMessage(isSelective ? "No connection matches the selection" : "There is no connection");
  }
  return isRequired ? FAILED : DONE;
}
