/**
 * The columns of the table: the catalogue's metrics, with short headings. A metric without words
 * of its own here gets a column under its name.
 *
 * @module
 */
import type { RecordCursor } from "../ipvs/records.ts";
import { CATALOGUE, type Metric, type Place } from "../metrics/catalogue.ts";
import { humanByteRate, humanBytes, humanCount } from "./human.ts";

/** Text of a value. */
export type Format = (value: number | bigint) => string;

/** How a metric is shown. */
interface Words {
  /** Heading that neighbours have in common. */
  readonly group?: string;
  readonly head: string;
  readonly format?: Format;
  /** Only where some server has another value than 0. */
  readonly whereSet?: boolean;
}

const WORDS: Readonly<Record<string, Words>> = {
  weight: { head: "weight", format: (value) => (value === 0 ? "drained" : String(value)) },
  upper_threshold: { group: "thresholds", head: "upper", format: String, whereSet: true },
  lower_threshold: { group: "thresholds", head: "lower", format: String, whereSet: true },
  active_connections: { group: "connections", head: "active" },
  inactive_connections: { group: "connections", head: "inact" },
  persistent_connections: { group: "connections", head: "persist", whereSet: true },
  connections: { group: "connections", head: "total" },
  pkts_in: { group: "packets", head: "in" },
  pkts_out: { group: "packets", head: "out" },
  bytes_in: { group: "bytes", head: "in", format: humanBytes },
  bytes_out: { group: "bytes", head: "out", format: humanBytes },
  cps: { head: "conn/s" },
  pps_in: { group: "pkt/s", head: "in" },
  pps_out: { group: "pkt/s", head: "out" },
  bytes_in_per_second: { group: "bytes/s", head: "in", format: humanByteRate },
  bytes_out_per_second: { group: "bytes/s", head: "out", format: humanByteRate },
};

const WIDE_GAP = 2;
const NARROW_GAP = 1;

/** Metrics that are in the words about a virtual server. */
const ELSEWHERE: ReadonlySet<string> = new Set(["persistence_timeout"]);

/** A column, which grows as wide as its widest cell. */
export interface TableColumn {
  /** Heading that neighbours have in common; empty for none. */
  readonly group: string;
  /** Its own heading. */
  readonly head: string;
  /** Makes the text of a cell. */
  readonly format: Format;
  /** Whether it is shown only where some server has another value than 0. */
  readonly whereSet: boolean;
  /** Where a virtual server's value is; undefined where it has none. */
  readonly virtual: Place | undefined;
  /** Where a real server's value is, likewise. */
  readonly real: Place | undefined;
  /** Characters of its widest cell. */
  width: number;
  /** Spaces before it: fewer between columns of one group. */
  gap: number;
  /** Whether some server has another value than 0. */
  set: boolean;
}

/** The columns, as wide as their headings. */
export function tableColumns(): TableColumn[] {
  return CATALOGUE.filter((metric) => !ELSEWHERE.has(metric.name)).map((metric: Metric) => {
    const words: Words = WORDS[metric.name] ?? { head: metric.name };
    return {
      group: words.group ?? "",
      head: words.head,
      format: words.format ?? humanCount,
      whereSet: words.whereSet ?? false,
      virtual: metric.virtual,
      real: metric.real,
      width: words.head.length,
      gap: WIDE_GAP,
      set: false,
    };
  });
}

/** The columns that are shown, which were measured before. */
export function shownColumns(columns: readonly TableColumn[]): TableColumn[] {
  const shown = columns.filter((column) => column.set || !column.whereSet);
  shown.forEach((column, i) => {
    if (column.group !== "" && column.group === shown[i - 1]?.group) column.gap = NARROW_GAP;
  });
  return shown;
}

/** The text of a record's value; none where its scope has no such metric. */
export function cellText(column: TableColumn, record: RecordCursor, place?: Place): string {
  return place === undefined ? "" : column.format(valueOf(record, place));
}

/** Widens a column for a record's value. */
export function measureCell(column: TableColumn, record: RecordCursor, place?: Place): void {
  if (place === undefined) return;
  const value = valueOf(record, place);
  if (value !== 0) column.set = true;
  const { length } = column.format(value);
  if (length > column.width) column.width = length;
}

function valueOf(record: RecordCursor, place: Place): number | bigint {
  return place.wide ? record.wide(place.slot) : record.get(place.slot);
}
