/**
 * The members of JSON objects that the formats json and ndjson have in common.
 *
 * @module
 */
import type { Rates, Server } from "../ipvs/server.ts";
import type { Measured, Snapshot } from "../ipvs/snapshot.ts";
import { COUNTERS, MEASURED_METRICS, type Metric, TOTAL_METRICS } from "../metrics/catalogue.ts";
import type { Label, LabelValue } from "../metrics/labels.ts";
import { type ByteWriter, utf8 } from "./byte_writer.ts";
import { LabelWriter } from "./label_bytes.ts";
import { jsonText } from "./printable.ts";
import { isoTime } from "./time.ts";

/** A value of a member. */
export type Value =
  | LabelValue
  | bigint
  | null
  | { readonly [name: string]: Value }
  | readonly Value[];

/** Like JSON.stringify(), with the exact digits of a bigint and invisible characters escaped. */
export function stringify(value: Value): string {
  if (typeof value === "bigint") return value.toString();
  if (isArray(value)) return `[${value.map(stringify).join(",")}]`;
  if (value === null || typeof value !== "object") return jsonText(value);
  const members = Object.entries(value).map(([name, member]) =>
    `${JSON.stringify(name)}:${stringify(member)}`
  );
  return `{${members.join(",")}}`;
}

function isArray(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

/** A record of plain values with its names in snake_case. */
function snakeCase(record: object): Record<string, Value> {
  return Object.fromEntries(
    Object.entries(record).map(([name, value]) => [
      name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value === null || Array.isArray(value) || typeof value !== "object"
        ? value
        : snakeCase(value),
    ]),
  );
}

/** The members of a snapshot, except for its servers. */
export function head(snapshot: Snapshot): Record<string, Value> {
  const { info, timeouts, settings, kernelStatus, syncDaemons, totals, cpus, measured } = snapshot;
  const daemons = syncDaemons?.map((daemon) => ({
    state: daemon.state,
    interface: daemon.interface,
    sync_id: daemon.syncId,
    ...member("sync_maxlen", daemon.syncMaxlen),
    ...member("mcast_group", daemon.mcastGroup),
    ...member("mcast_port", daemon.mcastPort),
    ...member("mcast_ttl", daemon.mcastTtl),
  }));
  return {
    ...member("netns", snapshot.netns),
    ...member("source", snapshot.source),
    time: isoTime(snapshot.time),
    time_ns: snapshot.time,
    ipvs: info && { version: info.version, connection_table_size: info.connectionTableSize },
    timeouts: timeouts && {
      ...member("tcp", timeouts.tcp),
      ...member("tcp_fin", timeouts.tcpFin),
      ...member("udp", timeouts.udp),
    },
    settings: settings && snakeCase(settings),
    kernel_status: kernelStatus && snakeCase(kernelStatus),
    sync_daemons: daemons ?? null,
    totals: totals && numbers(TOTAL_METRICS, totals),
    cpus: cpus?.map((cpu) => ({ cpu: cpu.cpu, ...numbers(COUNTERS, cpu) })) ?? null,
    ...member("measured", measured && measurement(measured)),
    stats_width: snapshot.statsWidth,
    consistency: { ...snapshot.consistency, doubts: [...snapshot.consistency.doubts] },
  };
}

function measurement({ interval, source, totals, frozen }: Measured): Record<string, Value> {
  const rates = MEASURED_METRICS.map(({ name, read }) => [name, totals && read(totals)] as const);
  return { interval_ns: interval, source, totals: Object.fromEntries(rates), frozen };
}

function member(name: string, value: Value | undefined): Record<string, Value> {
  return value === undefined ? {} : { [name]: value };
}

function numbers<Source>(metrics: readonly Metric<Source>[], source: Source) {
  return Object.fromEntries(metrics.map(({ name, read }) => [name, read(source)]));
}

/** Writes the members of servers of one kind. */
export class ServerWriter<S extends Server> {
  readonly #out: ByteWriter;
  readonly #labels: readonly LabelWriter<S>[];
  readonly #metrics: readonly { readonly before: Uint8Array; readonly read: Metric<S>["read"] }[];
  readonly #isMeasured: boolean;

  /**
   * `start` precedes the first member: the brace that opens the object, or a comma. `isMeasured` adds
   * the measured rates.
   */
  constructor(
    out: ByteWriter,
    start: "{" | ",",
    labels: readonly Label<S>[],
    metrics: readonly Metric<S>[],
    isMeasured: boolean,
  ) {
    this.#out = out;
    this.#isMeasured = isMeasured;
    const name = (label: Label<S>) => `${label === labels[0] ? start : ","}"${label.name}":`;
    this.#labels = labels.map((label) => {
      const quote = label.type === "address" ? '"' : "";
      return new LabelWriter(label, {
        before: (label) => name(label) + quote,
        after: quote,
        whole: (label, value) => name(label) + stringify(value),
        // The others begin with a comma, so the first one is always there.
        unknown: (label) => label === labels[0] ? `${name(label)}null` : "",
      });
    });
    this.#metrics = metrics.map(({ name, read }) => ({ before: utf8(`,"${name}":`), read }));
  }

  /** Writes all labels and metrics of a server. */
  write(server: S): void {
    for (const label of this.#labels) label.write(this.#out, server);
    for (const { before, read } of this.#metrics) {
      this.#out.raw(before);
      this.#out.number(read(server));
    }
    if (this.#isMeasured) this.#rates(server.measured);
  }

  #rates(rates: Rates | undefined): void {
    for (const { name, read } of MEASURED_METRICS) {
      this.#out.text(`,"${name}":${rates === undefined ? null : read(rates)}`);
    }
  }
}
