/**
 * CSV as in RFC 4180: a heading, a row for each virtual server and, unless they are rolled up, one for
 * each real server. Names and digits are those of the format json; a value that a server does not have
 * is empty.
 *
 * @module
 */
import type { RealServer } from "../ipvs/real_server.ts";
import { type Snapshot, snapshotList, type Snapshots } from "../ipvs/snapshot.ts";
import { ifKnown } from "../ipvs/unknown_value.ts";
import type { VirtualServer } from "../ipvs/virtual_server.ts";
import { knownMetrics } from "../metrics/known.ts";
import { SHARE_METRICS, SharesByOwner } from "../metrics/shares.ts";
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
import { csvRecord } from "./csv_record.ts";
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
 * Encodes snapshots below one heading; with a column `netns` if they have labels.
 *
 * @throws {SelectionError} if there is no column of a name.
 * @throws whatever the sink throws.
 */
export function encodeCsv(snapshots: Snapshots, sink: Sink, options: CsvOptions = {}): void {
  const list = snapshotList(snapshots);
  const kind: RowKind = {
    source: list.find(({ source }) => source !== undefined)?.source,
    isNamed: list.some(({ netns }) => netns !== undefined),
    isMeasured: list.some(({ measured }) => measured !== undefined),
    isRolledUp: options.rollup ?? false,
  };
  const out = new ByteWriter(sink);
  const row = (cells: readonly string[]) => out.text(csvRecord(cells));
  list.forEach((snapshot, i) => {
    const columns = chosenColumns(allColumns(snapshot, kind), options);
    if (i === 0) row(columns.map(({ name }) => name));
    for (const virtual of snapshot.virtualServers) {
      row(columns.map((column) => cell(column.virtual(virtual))));
      if (kind.isRolledUp) continue;
      for (const real of virtual.realServers) {
        row(columns.map((column) => cell(column.real(real, virtual))));
      }
    }
  });
  out.flush();
}

function chosenColumns(all: Column[], { columns }: CsvOptions): Column[] {
  return columns?.map((name) => {
    const column = all.find((one) => one.name === name);
    if (column !== undefined) return column;
    const names = all.map((one) => one.name).join(", ");
    throw new SelectionError(`Unknown column "${name}"; use one of ${names}`);
  }) ?? all;
}

/** Which columns there are. */
interface RowKind {
  readonly source: Snapshot["source"];
  readonly isNamed: boolean;
  readonly isMeasured: boolean;
  readonly isRolledUp: boolean;
}

function allColumns(
  { time, netns }: Snapshot,
  { source, isNamed, isMeasured, isRolledUp: rollup }: RowKind,
): Column[] {
  const origin: Column = { name: "source", virtual: () => source, real: () => source };
  const text = isoTime(time);
  const namespace: Column = { name: "netns", virtual: () => netns, real: () => netns };
  const type: Column = {
    name: "type",
    virtual: () => "virtual_server",
    real: () => "real_server",
  };
  return [
    ...(isNamed ? [namespace] : []),
    ...(source === undefined ? [] : [origin]),
    { name: "time", virtual: () => text, real: () => text },
    ...(rollup ? [] : [type]),
    ...OWNER_FIELDS.map(ownerColumn),
    ...FIELDS.map(withoutOwner).filter(rollup ? hasVirtual : hasAny).map(ownColumn),
    ...(isMeasured ? MEASURED_FIELDS.map(ownColumn) : []),
    ...(rollup ? ROLLUP_FIELDS.map(ownColumn) : shareColumns(source)),
  ];
}

/** The shares of real servers, which not every source knows. */
function shareColumns(source: Snapshot["source"]): Column[] {
  const { hasStates } = knownMetrics({ source });
  const shares = new SharesByOwner();
  return SHARE_METRICS.map(({ name, read }) => ({
    name,
    virtual: () => undefined,
    real: (real, owner) => hasStates ? read(shares.of(owner), real) ?? undefined : undefined,
  }));
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
  return {
    name,
    virtual: ifKnown((server) => virtual?.(server)),
    real: ifKnown((server) => real?.(server)),
  };
}

function ownerColumn({ name, virtual }: Field): Column {
  return { name, virtual: (server) => virtual?.(server), real: (_, owner) => virtual?.(owner) };
}

/** The text of a cell. A list is separated by spaces. */
function cell(value: FieldValue): string {
  if (value === undefined) return "";
  return typeof value === "object" ? value.join(" ") : String(value);
}
