/**
 * The connection table for people.
 *
 * @module
 */
import type {
  Clients,
  ConnectionsReport,
  ExpiryRow,
  KindCounts,
  ServerRow,
  StaleSummary,
} from "../query/connections_report.ts";
import { ByteWriter, type Sink } from "./byte_writer.ts";
import { alignColumns } from "./align_columns.ts";
import { cutReason, networkText } from "./conns_text.ts";
import { countOf } from "./human.ts";
import { painter } from "./paint.ts";
import { printable } from "./printable.ts";
import { readableTime } from "./time.ts";

const GAP = "   ";
const BOLD = 1, ALARM = 31, WARNING = 33;

/** Encodes a report as aligned text. */
export function encodeConnsTable(
  report: ConnectionsReport,
  sink: Sink,
  { color }: { readonly color: boolean },
): void {
  const paint = painter(color);
  const out = new ByteWriter(sink);
  const write = (text: string) => out.text(`${text}\n`);
  write(headLine(report));
  const cut = cutLine(report);
  if (cut !== undefined) write(paint(ALARM, cut));
  if (report.stale === null) write("Stale connections cannot be found without a table of servers");
  else write(staleLine(report.stale));
  if (report.stale !== null && report.stale.rows.length > 0) {
    write("");
    const [head, ...rows] = staleTable(report.stale);
    write(paint(BOLD, head!));
    for (const row of rows) write(paint(WARNING, row));
  }
  const table = tableOf(report);
  if (table.length > 1) write("");
  if (table.length > 1) {
    table.forEach((line, i) => write(i === 0 || !line.startsWith(" ") ? paint(BOLD, line) : line));
  }
  out.flush();
}

function kinds({ connections, templates }: KindCounts, adjective = ""): string {
  const list = [countOf(connections, `${adjective}connection`)];
  if (templates > 0) list.push(countOf(templates, `${adjective}persistence template`));
  return list.join(", ");
}

function headLine({ time, source, total, clients }: ConnectionsReport): string {
  const parts = [kinds(total)];
  if (clients !== undefined) parts.push(countOf(clients.networks, "client network"));
  parts.push(printable(source));
  if (time !== null) parts.push(readableTime(time));
  return parts.join(GAP);
}

/** What the table does not cover; undefined if it is complete. */
function cutLine(report: ConnectionsReport): string | undefined {
  const { rowsRead, cutBy, uncounted } = report;
  switch (cutReason(report)) {
    case null:
      return undefined;
    case "memory":
      return `Incomplete: ${countOf(uncounted, "connection")} not in the rows, to limit memory`;
    default:
      return `Incomplete: stopped by --${cutBy} after ${rowsRead} entries`;
  }
}

function staleLine(stale: StaleSummary): string {
  const parts = [kinds(stale, "stale ")];
  if (stale.undecided > 0) parts.push(`${stale.undecided} undecided`);
  return parts.join(GAP);
}

function staleTable({ rows }: StaleSummary): string[] {
  return alignColumns(
    [["stale because", "", "protocol", "state", "count", "longest expiry"]].concat(
      rows.map(({ reason, kind, protocol, state, count, longestExpiry }) => [
        reason,
        kind === "connection" ? "" : kind,
        protocol ?? "fwmark",
        printable(state),
        String(count),
        `${longestExpiry}s`,
      ]),
    ),
    new Set([4, 5]),
  );
}

function tableOf({ servers, clients, expiry }: ConnectionsReport): string[] {
  if (clients !== undefined) return clientTable(clients);
  return expiry === undefined ? serverTable(servers!) : expiryTable(expiry);
}

function serverTable(rows: readonly ServerRow[]): string[] {
  const lines: string[][] = [["", "state", "count", "longest expiry", ""]];
  let virtual: string | undefined, real: string | null | undefined;
  for (const row of rows) {
    if (row.virtualServer !== virtual) {
      lines.push([row.virtualServer, "", "", "", ""]);
      real = undefined;
    }
    const name = row.realServer === real ? "" : row.realServer ?? "no real server";
    ({ virtualServer: virtual, realServer: real } = row);
    const cells = [stateOf(row), String(row.count), `${row.longestExpiry}s`, remarks(row)];
    lines.push([`  ${name}`, ...cells]);
  }
  return alignColumns(lines, new Set([2, 3]));
}

/** A virtual server with a fwmark can have connections of several protocols. */
function stateOf({ virtualServer, protocol, state }: ServerRow): string {
  const text = printable(state);
  return virtualServer.startsWith("fwmark") && protocol !== null ? `${protocol} ${text}` : text;
}

function remarks({ kind, origin, stale, reason, candidates }: ServerRow): string {
  const list: string[] = [];
  if (kind !== "connection") list.push(kind);
  if (origin === "SYNC") list.push("SYNC");
  if (reason !== null) list.push(reason);
  if (candidates.length > 0) {
    list.push(`${stale === null ? "undecided: " : ""}${candidates.join(" or ")}`);
  }
  return list.join(", ");
}

function clientTable({ networks, top }: Clients): string[] {
  const rows = top.map((client) => [
    `  ${networkText(client).network}`,
    String(client.connections),
    String(client.templates),
  ]);
  const lines = alignColumns([["", "connections", "templates"], ...rows], new Set([1, 2]));
  return networks > top.length ? [...lines, `  and ${networks - top.length} more`] : lines;
}

function expiryTable(rows: readonly ExpiryRow[]): string[] {
  const lines = rows.map(({ from, to, connections, templates }) => [
    to === null ? `  ${from}s and more` : `  ${from}s to ${to - 1}s`,
    String(connections),
    String(templates),
  ]);
  return alignColumns([["expire in", "connections", "templates"], ...lines], new Set([1, 2]));
}
