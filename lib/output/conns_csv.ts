/**
 * The connection table as CSV according to RFC 4180.
 *
 * @module
 */
import type { ConnectionsReport } from "../query/connections_report.ts";
import { ByteWriter, type Sink } from "./byte_writer.ts";
import { cutReason, networkText } from "./conns_text.ts";
import { csvRecord } from "./csv_record.ts";

/** A value; null is an empty field. */
type Field = string | number | boolean | null;

/**
 * Encodes the rows of a report. The last column of each says why the rows do not cover the whole
 * connection table; it is empty if they do.
 */
export function encodeConnsCsv(report: ConnectionsReport, sink: Sink): void {
  const out = new ByteWriter(sink);
  const [head, rows] = tableOf(report);
  const cut = cutReason(report);
  out.text(record([...head, "cut"]));
  for (const row of rows) out.text(record([...row, cut]));
  out.flush();
}

function tableOf({ servers, clients, expiry }: ConnectionsReport): [string[], Field[][]] {
  if (clients !== undefined) {
    const head = ["network", "address_family", "connections", "templates"];
    return [
      head,
      clients.top.map((client) => {
        const { network, addressFamily } = networkText(client);
        return [network, addressFamily, client.connections, client.templates];
      }),
    ];
  }
  if (expiry !== undefined) {
    const head = ["from", "to", "connections", "templates"];
    return [head, expiry.map((row) => [row.from, row.to, row.connections, row.templates])];
  }
  const head = [
    "virtual_server",
    "real_server",
    "protocol",
    "kind",
    "state",
    "origin",
    "stale",
    "reason",
  ];
  return [
    [...head, "count", "longest_expiry", "candidates"],
    servers!.map((row) => [
      ...[row.virtualServer, row.realServer, row.protocol, row.kind, row.state, row.origin],
      ...[row.stale, row.reason, row.count, row.longestExpiry, row.candidates.join("; ")],
    ]),
  ];
}

function record(fields: readonly Field[]): string {
  return csvRecord(fields.map((field) => field === null ? "" : String(field)));
}
