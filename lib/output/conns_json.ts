/**
 * The connection table as one JSON document, with each row on a line of its own.
 *
 * @module
 */
import type {
  ConnectionsReport,
  ExpiryRow,
  ServerRow,
  StaleRow,
  StaleSummary,
} from "../query/connections_report.ts";
import type { ClientNetwork } from "../query/client_sums.ts";
import { ByteWriter, type Sink } from "./byte_writer.ts";
import { cutReason, networkText } from "./conns_text.ts";
import { jsonText } from "./printable.ts";
import { isoTime } from "./time.ts";

/** The version of the format, which increases with every incompatible change. */
const CONNS_JSON_VERSION = 1;

/** Encodes a report. */
export function encodeConnsJson(report: ConnectionsReport, sink: Sink): void {
  const out = new ByteWriter(sink);
  out.text(`{"format":"ipvstat-conns","version":${CONNS_JSON_VERSION}`);
  for (const [name, value] of Object.entries(headOf(report))) {
    out.text(`,\n"${name}":${jsonText(value)}`);
  }
  const [name, rows] = rowsOf(report);
  out.text(`,\n"${name}":[`);
  rows.forEach((row, i) => out.text(`${i === 0 ? "" : ","}\n${jsonText(row)}`));
  out.text("]}\n");
  out.flush();
}

function headOf(report: ConnectionsReport): Record<string, unknown> {
  const { time, source, rowsRead, uncounted, total, stale, clients } = report;
  return {
    time: time === null ? null : isoTime(time),
    source,
    rows_read: rowsRead,
    cut: cutReason(report),
    uncounted,
    ...total,
    stale: stale && staleObject(stale),
    ...(clients === undefined ? {} : { client_networks: clients.networks }),
  };
}

function staleObject({ connections, templates, undecided, rows }: StaleSummary) {
  return { connections, templates, undecided, rows: rows.map(staleRow) };
}

function staleRow({ longestExpiry, ...row }: StaleRow) {
  return { ...row, longest_expiry: longestExpiry };
}

function rowsOf({ servers, clients, expiry }: ConnectionsReport): [string, readonly unknown[]] {
  if (clients !== undefined) return ["clients", clients.top.map(clientRow)];
  return expiry === undefined
    ? ["servers", servers!.map(serverRow)]
    : ["expiry", expiry.map(expiryRow)];
}

function serverRow({ virtualServer, realServer, longestExpiry, ...row }: ServerRow) {
  const { candidates, ...others } = row;
  return {
    virtual_server: virtualServer,
    real_server: realServer,
    ...others,
    longest_expiry: longestExpiry,
    candidates,
  };
}

function clientRow(client: ClientNetwork) {
  const { network, addressFamily } = networkText(client);
  const { connections, templates } = client;
  return { network, address_family: addressFamily, connections, templates };
}

function expiryRow({ from, to, connections, templates }: ExpiryRow) {
  return { from, to, connections, templates };
}
