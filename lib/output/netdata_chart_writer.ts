/**
 * Writes charts in netdata's plugins.d protocol: their definitions, and a value for each dimension.
 *
 * @module
 */
import type { ByteWriter } from "./byte_writer.ts";
import type { Chart } from "./netdata_charts.ts";
import { NetdataCounter } from "./netdata_counter.ts";

/** The part of a chart's definition that differs by source: the totals or one server. */
export interface ChartScope {
  /** What precedes the chart's name in its id, such as `virtual_server_tcp-10.0.0.1-80_`. */
  readonly id: string;
  /** What precedes the chart's name in its context, such as `virtual_server_`. */
  readonly context: string;
  /** The submenu of the dashboard. */
  readonly family: string;
  /** The end of the title, such as ` of tcp 10.0.0.1:80`. */
  readonly title: string;
  /** Seconds between two readings. */
  readonly updateEvery: number;
}

const TYPE = "ipvs";
/** Name and plugin are left to netdata, which has the file name of the plugin. */
const NO_NAME = "''", NO_PLUGIN = "''";
const MODULE = "ipvstat";
const NANOSECONDS_PER_MICROSECOND = 1000n;

/** The charts of one source. */
export class ChartWriter<Source> {
  readonly #charts: readonly Chart<Source>[];
  readonly #scope: ChartScope;
  readonly #counters: readonly (readonly NetdataCounter[])[];
  /** Time of the last reading in microseconds; undefined if the charts are not defined. */
  #time: bigint | undefined;

  /** Prepares charts; the first {@linkcode write} defines them. */
  constructor(charts: readonly Chart<Source>[], scope: ChartScope) {
    this.#charts = charts;
    this.#scope = scope;
    this.#counters = charts.map(({ dimensions }) => dimensions.map(() => new NetdataCounter()));
  }

  /**
   * Writes a reading.
   *
   * @param time of the snapshot, in nanoseconds.
   * @param continues false if the source's counters are other ones than in the last reading.
   */
  write(out: ByteWriter, source: Source, time: bigint, continues = true): void {
    const now = time / NANOSECONDS_PER_MICROSECOND;
    const last = this.#time;
    this.#time = now;
    if (last === undefined) this.#define(out);
    // Without a duration, netdata uses its own clock.
    const duration = last !== undefined && now > last ? ` ${now - last}` : "";
    const isSame = continues && last !== undefined;
    this.#charts.forEach((chart, i) => {
      out.text(`BEGIN ${this.#id(chart)}${duration}\n`);
      chart.dimensions.forEach(({ id, algorithm, read }, j) => {
        const value = read(source);
        const isCounter = algorithm === "incremental";
        const shown = isCounter ? this.#counters[i]![j]!.next(BigInt(value), isSame) : value;
        // A dimension without a value is a gap in the chart.
        if (shown !== undefined) out.text(`SET ${id} = ${shown}\n`);
      });
      out.text("END\n");
    });
  }

  /** Marks the charts as obsolete, until the next {@linkcode write}. */
  retire(out: ByteWriter): void {
    for (const chart of this.#charts) this.#defineChart(out, chart, "obsolete");
    this.#time = undefined;
  }

  #define(out: ByteWriter): void {
    for (const chart of this.#charts) {
      this.#defineChart(out, chart, "");
      for (const { id, algorithm, multiplier, divisor } of chart.dimensions) {
        out.text(`DIMENSION ${id} '' ${algorithm} ${multiplier} ${divisor}\n`);
      }
    }
  }

  #defineChart(out: ByteWriter, chart: Chart<Source>, options: string): void {
    const { context, family, title, updateEvery } = this.#scope;
    out.text(
      `CHART ${this.#id(chart)} ${NO_NAME} '${chart.title}${title}' '${chart.units}' '${family}' ` +
        `${TYPE}.${context}${chart.name} ${chart.type} ${chart.priority} ${updateEvery} ` +
        `'${options}' ${NO_PLUGIN} ${MODULE}\n`,
    );
  }

  #id({ name }: Chart<Source>): string {
    return `${TYPE}.${this.#scope.id}${name}`;
  }
}
