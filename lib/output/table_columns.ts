/**
 * The columns of the table: the catalogue's metrics with short headings.
 *
 * @module
 */
import type { RealServer } from "../ipvs/real_server.ts";
import type { Server } from "../ipvs/server.ts";
import type { Snapshot } from "../ipvs/snapshot.ts";
import type { VirtualServer } from "../ipvs/virtual_server.ts";
import { sumOf } from "../metrics/aggregates.ts";
import {
  MEASURED_METRICS,
  type MeasuredMetric,
  type Metric,
  REAL_METRICS,
  VIRTUAL_METRICS,
} from "../metrics/catalogue.ts";
import { knownMetrics } from "../metrics/known.ts";
import { SHARE_METRICS, type ShareMetric, type Shares } from "../metrics/shares.ts";
import { SelectionError } from "../query/selection_error.ts";
import { humanAmount, humanCount, humanPercent } from "./human.ts";

/** Which columns there are, and what they show. */
export interface ColumnOptions {
  /** Whether the rates are those that were measured between two snapshots. */
  readonly isMeasured?: boolean;
  /** Names of the metrics to show, in order; undefined for all. */
  readonly names?: readonly string[] | undefined;
  /** Whether there are only virtual servers, with sums over their real servers. */
  readonly rollup?: boolean | undefined;
  /** Where the servers were read, if it does not know all metrics. */
  readonly source?: Snapshot["source"];
}

/** How a metric is shown. */
interface ColumnSpec {
  readonly name: string;
  readonly head: string;
  /** 1 is the most important. Columns of equal rank are shown together or not at all. */
  readonly rank: number;
  readonly format: (value: number | bigint) => string;
  /** Whether the column is shown only if some server has another value than 0. */
  readonly onlyIfSet?: boolean;
  /** Whether a virtual server shows the sum of its real servers. */
  readonly sum?: boolean;
  /** The heading in a rollup, where a virtual server shows the sum of its real servers. */
  readonly rollupHead?: string;
}

/** In the order of the table. */
const SPECS: readonly ColumnSpec[] = [
  { name: "weight", head: "weight", rollupHead: "weights", rank: 2, format: String },
  { name: "weight_share", head: "weight %", rank: 12, format: humanPercent },
  { name: "share", head: "share %", rank: 12, format: humanPercent },
  { name: "upper_threshold", head: "upper", rank: 11, format: String, onlyIfSet: true },
  { name: "lower_threshold", head: "lower", rank: 11, format: String, onlyIfSet: true },
  { name: "active_connections", head: "active", rank: 1, format: humanCount, sum: true },
  { name: "inactive_connections", head: "inact", rank: 4, format: humanCount, sum: true },
  {
    name: "persistent_connections",
    head: "persist",
    rank: 7,
    format: humanCount,
    onlyIfSet: true,
    sum: true,
  },
  { name: "cps", head: "conn/s", rank: 3, format: humanAmount },
  { name: "pps_in", head: "in pkt/s", rank: 6, format: humanAmount },
  { name: "pps_out", head: "out pkt/s", rank: 6, format: humanAmount },
  { name: "bytes_in_per_second", head: "in B/s", rank: 5, format: humanAmount },
  { name: "bytes_out_per_second", head: "out B/s", rank: 5, format: humanAmount },
  { name: "connections", head: "conns", rank: 8, format: humanAmount },
  { name: "pkts_in", head: "in pkts", rank: 9, format: humanAmount },
  { name: "pkts_out", head: "out pkts", rank: 9, format: humanAmount },
  { name: "bytes_in", head: "in bytes", rank: 10, format: humanAmount },
  { name: "bytes_out", head: "out bytes", rank: 10, format: humanAmount },
];
/** Characters of the longest number that human.ts makes: `99999` or `99.9k`. */
const LONGEST_NUMBER = 5;
/** Columns up to this rank have room in a terminal of 80 columns. */
const BASE_RANK = 5;
/** The same in a rollup, where the settings are what is looked for. */
const ROLLUP_BASE_RANK = 4;
const LAST_RANK = 12;

/** The cell of a rate or a share that is not known. */
const UNKNOWN = "-";

/** Metrics that the settings of a virtual server include. */
const SETTINGS: ReadonlySet<string> = new Set(["persistence_timeout"]);

/** A column, as wide as its widest cell. */
export class TableColumn {
  /** Its heading. */
  readonly head: string;
  /** See {@linkcode fitColumns}. */
  readonly rank: number;
  readonly #spec: ColumnSpec;
  readonly #virtual: Metric<VirtualServer> | undefined;
  readonly #real: Metric<RealServer> | undefined;
  /** The measured rate that takes the place of the kernel's. */
  readonly #rate: MeasuredMetric | undefined;
  readonly #share: ShareMetric | undefined;
  #width: number;
  #largest = 0;
  #isSet = false;

  /** Makes a column of the metrics with the name of `spec`. */
  constructor(spec: ColumnSpec, { isMeasured = false, rollup = false }: ColumnOptions) {
    const isSum = spec.sum === true || (rollup && spec.rollupHead !== undefined);
    this.#spec = { ...spec, sum: isSum };
    this.head = rollup ? spec.rollupHead ?? spec.head : spec.head;
    this.rank = spec.rank;
    this.#width = Math.max(this.head.length, LONGEST_NUMBER);
    this.#virtual = VIRTUAL_METRICS.find(({ name }) => name === spec.name);
    this.#real = REAL_METRICS.find(({ name }) => name === spec.name);
    this.#rate = isMeasured
      ? MEASURED_METRICS.find(({ name }) => name === `measured_${spec.name}`)
      : undefined;
    this.#share = SHARE_METRICS.find(({ name }) => name === spec.name);
  }

  /** Characters of the column with the space before it. */
  get width(): number {
    return 1 + this.#width;
  }

  /** Whether it is shown if there is room. */
  get isShown(): boolean {
    return this.#isSet || !this.#spec.onlyIfSet;
  }

  /** Whether its cells are shares. */
  get isShare(): boolean {
    return this.#share !== undefined;
  }

  /** Whether virtual servers have no cell in it. */
  get isRealOnly(): boolean {
    return this.#virtual === undefined && !this.#spec.sum;
  }

  /** The cell of a virtual server; empty if it has none. */
  virtual(server: VirtualServer): string {
    if (this.#rate !== undefined) return this.#measured(this.#rate, server);
    if (this.#virtual !== undefined) return this.#format(this.#virtual.read(server));
    return this.#spec.sum ? this.#format(sumOf(server, this.#real!.read)) : "";
  }

  /** The cell of a real server, which has one of the `shares` if they are known; empty if it has none. */
  real(server: RealServer, shares: Shares | undefined): string {
    if (this.#rate !== undefined) return this.#measured(this.#rate, server);
    if (this.#share !== undefined) {
      const share = shares === undefined ? null : this.#share.read(shares, server);
      return share === null ? UNKNOWN : this.#format(share);
    }
    return this.#real === undefined ? "" : this.#format(this.#real.read(server));
  }

  /** Widens the column for a real server's cell, and notes whether it is 0. */
  measure(server: RealServer): void {
    if (this.#real !== undefined) this.#measureValue(this.#real.read(server));
  }

  /** The same for the sum of a virtual server. */
  measureSum(server: VirtualServer): void {
    if (this.#spec.sum) this.#measureValue(sumOf(server, this.#real!.read));
  }

  #measureValue(value: number | bigint): void {
    if (value !== 0) this.#isSet = true;
    // All other formats have at most LONGEST_NUMBER characters.
    if (this.#spec.format !== String || value <= this.#largest) return;
    this.#largest = Number(value);
    this.#width = Math.max(this.#width, String(value).length);
  }

  /** Whether {@linkcode measure} has anything to find out. */
  get isMeasured(): boolean {
    return this.#spec.onlyIfSet === true || this.#spec.format === String;
  }

  #measured({ read }: MeasuredMetric, { measured }: Server): string {
    return measured === undefined ? UNKNOWN : this.#format(read(measured));
  }

  #format(value: number | bigint): string {
    return this.#spec.format(value);
  }
}

/**
 * The columns of the table; a metric without a heading of its own comes last, under its name.
 *
 * @throws {SelectionError} if there is no column of a name.
 */
export function tableColumns(options: ColumnOptions = {}): TableColumn[] {
  const names = [...REAL_METRICS, ...VIRTUAL_METRICS].map(({ name }) => name);
  const known = new Set([...SPECS.map(({ name }) => name), ...SETTINGS]);
  const others = [...new Set(names)].filter((name) => !known.has(name)).map((name) => ({
    ...{ name, head: name, rank: LAST_RANK, format: humanCount },
  }));
  const all = [...SPECS, ...others].filter(isKnown(options));
  const chosen = options.names?.map((name) => {
    const spec = all.find((one) => one.name === name);
    if (spec !== undefined) return { ...spec, onlyIfSet: false };
    const known = all.map((one) => one.name).join(", ");
    throw new SelectionError(`Unknown column "${name}"; use one of ${known}`);
  });
  const columns = (chosen ?? all).map((spec) => new TableColumn(spec, options));
  return options.rollup ? columns.filter(({ isRealOnly }) => !isRealOnly) : columns;
}

function isKnown({ source }: ColumnOptions): (spec: ColumnSpec) => boolean {
  if (source === undefined) return () => true;
  const { virtual, real } = knownMetrics({ source });
  const names = new Set([...virtual, ...real].map(({ name }) => name));
  return ({ name }) => names.has(name);
}

/** Total width of columns. */
export function widthOf(columns: readonly TableColumn[]): number {
  return columns.reduce((sum, { width }) => sum + width, 0);
}

/** The columns that fit in a width, the most important ones first, in the order of the table. */
export function fitColumns(columns: readonly TableColumn[], width: number): TableColumn[] {
  let lowest = 0;
  for (let rank = 1; rank <= LAST_RANK; rank++) {
    if (widthOf(columns.filter((column) => column.rank <= rank)) > width) break;
    lowest = rank;
  }
  return columns.filter(({ rank }) => rank <= lowest);
}

/** The columns of a narrow terminal. */
export function baseColumns(columns: readonly TableColumn[], rollup = false): TableColumn[] {
  return columns.filter(({ rank }) => rank <= (rollup ? ROLLUP_BASE_RANK : BASE_RANK));
}
