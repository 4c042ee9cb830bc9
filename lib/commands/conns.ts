/**
 * `ipvstat conns`: the connection table, summed, and joined to the table of servers.
 *
 * @module
 */
import type { Snapshot } from "../ipvs/snapshot.ts";
import type { Sink } from "../output/byte_writer.ts";
import type { Prefixes } from "../query/client_sums.ts";
import type { ConnectionGroup } from "../query/connection_group.ts";
import { type Join, ServerIndex } from "../query/connection_join.ts";
import { type ReadConnections, readConnections } from "../query/connection_reader.ts";
import { isSelected } from "../query/connection_selection.ts";
import {
  type ConnectionsReport,
  countKinds,
  expiryRows,
  type JoinedGroup,
  serverRows,
  staleSummary,
} from "../query/connections_report.ts";
import type { Selection } from "../query/selection.ts";
import { nameCapture } from "./capture_error.ts";
import type { ConnectionInput } from "./connection_input.ts";
import type { ConnsFormat } from "./conns_options.ts";

/** What connections are broken down by. */
export type Grouping =
  | { readonly by: "server" }
  | { readonly by: "expiry" }
  | { readonly by: "client"; readonly prefixes: Prefixes };

/** What to report. */
export interface ConnsOptions {
  readonly format: ConnsFormat;
  readonly grouping: Grouping;
  /** Only stale connections; needs a table of servers. */
  readonly onlyStale: boolean;
  /** Maximum number of servers' rows (default: all) or of client networks (default 20). */
  readonly top?: number | undefined;
  readonly maxRows?: number | undefined;
  /** Seconds. */
  readonly maxTime?: number | undefined;
  readonly selection?: Selection | undefined;
  /** Table: whether to use colours. */
  readonly color: boolean;
}

/** Where the data comes from. */
export interface ConnsSources {
  readonly connections: ConnectionInput;
  /** Reads the table of servers; undefined if there is none. */
  readonly readTable?: (() => Snapshot) | undefined;
  /** Whether the table of servers is that of the running kernel, which may change meanwhile. */
  readonly isLive: boolean;
  /** Milliseconds since the start of the reading. */
  elapsed(): number;
  /** Shows how many entries were read. */
  progress?(rows: number): void;
}

/** The report, and the table of servers that it is based on. */
export interface ConnsResult {
  readonly report: ConnectionsReport;
  readonly snapshot: Snapshot | undefined;
}

const DEFAULT_CLIENTS = 20;

/** Reads the connections; writes the report after all of it was read. */
export async function conns(
  sources: ConnsSources,
  sink: Sink,
  options: ConnsOptions,
): Promise<ConnsResult> {
  const encode = await encoder(options);
  // Read first, so that a refusal is reported before a large file is read.
  let snapshot = sources.readTable?.();
  let index = snapshot && new ServerIndex(snapshot.virtualServers);
  const isCounted = (group: ConnectionGroup) => isWanted(group, index?.join(group), options);
  const found = read(sources, options, isCounted);
  let groups = joinAll(found, index);
  if (sources.isLive && groups.some(({ join }) => join?.stale)) {
    // Real servers that were added during the reading are not gone.
    snapshot = sources.readTable!();
    index = new ServerIndex(snapshot.virtualServers);
    groups = joinAll(found, index);
  }
  const wanted = groups.filter(({ group, join }) => isWanted(group, join, options));
  const report = reportOf(wanted, found, { name: sources.connections.name, snapshot, options });
  encode(report, sink);
  return { report, snapshot };
}

function read(
  { connections, elapsed, progress }: ConnsSources,
  { grouping, maxRows, maxTime }: ConnsOptions,
  isCounted: (group: ConnectionGroup) => boolean,
): ReadConnections {
  const limit = maxTime === undefined ? Infinity : 1000 * maxTime;
  try {
    return readConnections({
      read: (buffer) => connections.read(buffer),
      maxRows,
      isDue: (rows) => {
        progress?.(rows);
        return elapsed() >= limit;
      },
      clients: grouping.by === "client" ? grouping.prefixes : undefined,
      isCounted,
    });
  } catch (error) {
    throw nameCapture(connections.name, error);
  }
}

function joinAll({ groups }: ReadConnections, index: ServerIndex | undefined): JoinedGroup[] {
  return groups.map((group) => ({ group, join: index?.join(group) }));
}

function isWanted(
  group: ConnectionGroup,
  join: Join | undefined,
  { selection, onlyStale }: ConnsOptions,
): boolean {
  if (onlyStale && !join?.stale) return false;
  return selection === undefined || isSelected(selection, group, join);
}

function reportOf(
  groups: readonly JoinedGroup[],
  found: ReadConnections,
  { name, snapshot, options: { grouping, top } }: {
    name: string;
    snapshot: Snapshot | undefined;
    options: ConnsOptions;
  },
): ConnectionsReport {
  const { clients } = found;
  const head = {
    time: snapshot?.time ?? null,
    source: name,
    rowsRead: found.rows,
    cutBy: found.cutBy,
    uncounted: found.ungrouped + (clients?.uncounted ?? 0),
    total: countKinds(groups),
    stale: snapshot === undefined ? null : staleSummary(groups),
  };
  if (clients !== undefined) {
    const list = clients.top(top ?? DEFAULT_CLIENTS);
    return { ...head, clients: { networks: clients.size, top: list } };
  }
  if (grouping.by === "expiry") return { ...head, expiry: expiryRows(groups) };
  const rows = serverRows(groups);
  if (top === undefined) return { ...head, servers: rows };
  return { ...head, servers: rows.toSorted((a, b) => b.count - a.count).slice(0, top) };
}

async function encoder(
  { format, color }: ConnsOptions,
): Promise<(report: ConnectionsReport, sink: Sink) => void> {
  switch (format) {
    case "json":
      return (await import("../output/conns_json.ts")).encodeConnsJson;
    case "csv":
      return (await import("../output/conns_csv.ts")).encodeConnsCsv;
    case "table": {
      const { encodeConnsTable } = await import("../output/conns_table.ts");
      return (report, sink) => encodeConnsTable(report, sink, { color });
    }
  }
}
