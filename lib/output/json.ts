/**
 * JSON: one document, with each server on a line of its own. `ipvstat schema` prints its schema.
 * Numbers have their exact digits, so some are beyond 2^53.
 *
 * @module
 */
import type { Rates, Server } from "../ipvs/server.ts";
import type { Measured, Snapshot } from "../ipvs/snapshot.ts";
import {
  COUNTERS,
  MEASURED_METRICS,
  type Metric,
  REAL_METRICS,
  TOTAL_METRICS,
  VIRTUAL_METRICS,
} from "../metrics/catalogue.ts";
import { type Label, type LabelValue, REAL_LABELS, VIRTUAL_LABELS } from "../metrics/labels.ts";
import { ByteWriter, type Sink, utf8 } from "./byte_writer.ts";
import { LabelWriter } from "./label_bytes.ts";
import { jsonText } from "./printable.ts";
import { isoTime } from "./time.ts";

/** The version of the format, which increases with every incompatible change. */
export const JSON_FORMAT_VERSION = 1;

type Value =
  | LabelValue
  | bigint
  | null
  | { readonly [name: string]: Value }
  | readonly Value[];

/** Like JSON.stringify(), with the exact digits of a bigint and invisible characters escaped. */
function stringify(value: Value): string {
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

/**
 * Encodes a snapshot.
 *
 * @throws whatever the sink throws.
 */
export function encodeJson(snapshot: Snapshot, sink: Sink): void {
  const out = new ByteWriter(sink);
  out.text(`{"format":"ipvstat","version":${JSON_FORMAT_VERSION}`);
  for (const [name, value] of Object.entries(head(snapshot))) {
    out.text(`,\n${JSON.stringify(name)}:${stringify(value)}`);
  }
  out.text(`,\n"virtual_servers":[`);
  const isMeasured = snapshot.measured !== undefined;
  const virtualWriter = new ServerWriter(out, VIRTUAL_LABELS, VIRTUAL_METRICS, isMeasured);
  const realWriter = new ServerWriter(out, REAL_LABELS, REAL_METRICS, isMeasured);
  let separator = OPEN;
  for (const virtual of snapshot.virtualServers) {
    out.raw(separator);
    virtualWriter.write(virtual);
    out.raw(REAL_SERVERS);
    separator = OPEN;
    for (const real of virtual.realServers) {
      out.raw(separator);
      realWriter.write(real);
      out.raw(END);
      separator = NEXT;
    }
    out.raw(CLOSE);
    separator = NEXT;
  }
  out.text("]}\n");
  out.flush();
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

/** Everything but the servers. */
function head(snapshot: Snapshot): Record<string, Value> {
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

const OPEN = utf8("\n");
const NEXT = utf8(",\n");
const REAL_SERVERS = utf8(`,"real_servers":[`);
const CLOSE = utf8("]}");
const END = utf8("}");

/** Writes the members of servers of one kind, with the brace that opens the object. */
class ServerWriter<S extends Server> {
  readonly #out: ByteWriter;
  readonly #labels: readonly LabelWriter<S>[];
  readonly #metrics: readonly { readonly before: Uint8Array; readonly read: Metric<S>["read"] }[];
  readonly #isMeasured: boolean;

  constructor(
    out: ByteWriter,
    labels: readonly Label<S>[],
    metrics: readonly Metric<S>[],
    isMeasured: boolean,
  ) {
    this.#out = out;
    this.#isMeasured = isMeasured;
    const name = (label: Label<S>) => `${label === labels[0] ? "{" : ","}"${label.name}":`;
    this.#labels = labels.map((label) => {
      const quote = label.type === "address" ? '"' : "";
      return new LabelWriter(label, {
        before: (label) => name(label) + quote,
        after: quote,
        whole: (label, value) => name(label) + stringify(value),
      });
    });
    this.#metrics = metrics.map(({ name, read }) => ({ before: utf8(`,"${name}":`), read }));
  }

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
