/**
 * CSV as in RFC 4180: a heading, a row for each virtual server and, unless they are rolled up, one for
 * each real server. Names and digits are those of the format json; a value that a server does not have
 * is empty.
 *
 * @module
 */
import type { RealServer } from "../ipvs/real_server.ts";
import type { Snapshot } from "../ipvs/snapshot.ts";
import type { VirtualServer } from "../ipvs/virtual_server.ts";
import { SHARE_METRICS, Shares } from "../metrics/shares.ts";
import {
  type Field,
  FIELDS,
  type FieldValue,
  MEASURED_FIELDS,
  OWNER_FIELDS,
  ROLLUP_FIELDS,
} from "../query/fields.ts";
import { SelectionError } from "../query/selection_error.ts";
import { ByteWriter, type Sink } from "./byte_writer.ts";
import { isoTime } from "./time.ts";

/** How to write rows. */
export interface CsvOptions {
  /** Names of the columns, in order; by default all. */
  readonly columns?: readonly string[] | undefined;
  /** Whether there is one row for each virtual server, with sums over its real servers. */
  readonly rollup?: boolean | undefined;
}

/** A column: its value for a virtual server, and for a real server of one. */
interface Column {
  readonly name: string;
  readonly virtual: (virtual: VirtualServer) => FieldValue;
  readonly real: (real: RealServer, virtual: VirtualServer) => FieldValue;
}

/** Labels that identify a virtual server, which have a column of their own with a prefix. */
const OWNED = new Set(OWNER_FIELDS.map(({ name }) => name.replace("virtual_", "")));

/**
 * Encodes a snapshot.
 *
 * @throws {SelectionError} if there is no column of a name.
 * @throws whatever the sink throws.
 */
export function encodeCsv(snapshot: Snapshot, sink: Sink, options: CsvOptions = {}): void {
  const columns = chosenColumns(snapshot, options);
  const out = new ByteWriter(sink);
  const row = (cells: readonly string[]) => out.text(`${cells.join(",")}\r\n`);
  row(columns.map(({ name }) => name));
  for (const virtual of snapshot.virtualServers) {
    row(columns.map((column) => cell(column.virtual(virtual))));
    if (options.rollup) continue;
    for (const real of virtual.realServers) {
      row(columns.map((column) => cell(column.real(real, virtual))));
    }
  }
  out.flush();
}

function chosenColumns(snapshot: Snapshot, { columns, rollup }: CsvOptions): Column[] {
  const all = allColumns(snapshot, rollup ?? false);
  return columns?.map((name) => {
    const column = all.find((one) => one.name === name);
    if (column !== undefined) return column;
    const names = all.map((one) => one.name).join(", ");
    throw new SelectionError(`Unknown column "${name}"; use one of ${names}`);
  }) ?? all;
}

function allColumns({ time, measured }: Snapshot, rollup: boolean): Column[] {
  const text = isoTime(time);
  const type: Column = {
    name: "type",
    virtual: () => "virtual_server",
    real: () => "real_server",
  };
  return [
    { name: "time", virtual: () => text, real: () => text },
    ...(rollup ? [] : [type]),
    ...OWNER_FIELDS.map(ownerColumn),
    ...FIELDS.map(withoutOwner).filter(rollup ? hasVirtual : hasAny).map(ownColumn),
    ...(measured === undefined ? [] : MEASURED_FIELDS.map(ownColumn)),
    ...(rollup ? [] : shareColumns()),
    ...(rollup ? ROLLUP_FIELDS.map(ownColumn) : []),
  ];
}

/** What identifies a virtual server is in the columns with the prefix only. */
function withoutOwner(field: Field): Field {
  return OWNED.has(field.name) ? { ...field, virtual: undefined } : field;
}

function hasVirtual({ virtual }: Field): boolean {
  return virtual !== undefined;
}

function hasAny({ virtual, real }: Field): boolean {
  return virtual !== undefined || real !== undefined;
}

function ownColumn({ name, virtual, real }: Field): Column {
  return { name, virtual: (server) => virtual?.(server), real: (server) => real?.(server) };
}

function ownerColumn({ name, virtual }: Field): Column {
  return { name, virtual: (server) => virtual?.(server), real: (_, owner) => virtual?.(owner) };
}

/** Sums up the real servers of a virtual server once. */
function shareColumns(): Column[] {
  let owner: VirtualServer | undefined, shares: Shares | undefined;
  const sharesOf = (virtual: VirtualServer) => {
    if (virtual !== owner) [owner, shares] = [virtual, new Shares(virtual)];
    return shares!;
  };
  return SHARE_METRICS.map(({ name, read }) => ({
    name,
    virtual: () => undefined,
    real: (real, virtual) => read(sharesOf(virtual), real) ?? undefined,
  }));
}

/** A cell, in quotes if it has to be. A list is separated by spaces. */
function cell(value: FieldValue): string {
  if (value === undefined) return "";
  const text = typeof value === "object" ? value.join(" ") : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
