/**
 * InfluxDB line protocol: the measurements, tags and fields of telegraf's `inputs.ipvs`, so that its
 * dashboards work unchanged; the totals as measurement `ipvs`; more with `extended`. Numbers are
 * integers, limited to the signed 64 bits of the protocol. An inconsistent snapshot begins with
 * comments, one for each doubt.
 *
 * @module
 */
import type { RealServer } from "../ipvs/real_server.ts";
import type { Rates, Server } from "../ipvs/server.ts";
import { ifKnown } from "../ipvs/unknown_value.ts";
import type { VirtualServer } from "../ipvs/virtual_server.ts";
import { type Snapshot, snapshotList, type Snapshots } from "../ipvs/snapshot.ts";
import { COUNTERS, MEASURED_METRICS, type Metric, TOTAL_METRICS } from "../metrics/catalogue.ts";
import { knownMetrics } from "../metrics/known.ts";
import {
  type Label,
  type LabelValue,
  REAL_LABELS,
  VIRTUAL_IDENTITY,
  VIRTUAL_LABELS,
} from "../metrics/labels.ts";
import { ByteWriter, type Sink, utf8 } from "./byte_writer.ts";
import { LabelWriter } from "./label_bytes.ts";
import { printable } from "./printable.ts";

/** Options of {@linkcode encodeInflux}. */
export interface InfluxOptions {
  /** Adds tags and fields that telegraf does not provide, and the counters of each CPU. */
  readonly extended?: boolean;
}

/** Encodes snapshots; no two lines have the same measurement and tags. */
export function encodeInflux(snapshots: Snapshots, sink: Sink, options: InfluxOptions = {}): void {
  const out = new ByteWriter(sink);
  for (const snapshot of snapshotList(snapshots)) {
    encodeSnapshot(snapshot, out, options.extended ?? false);
  }
  out.flush();
}

function encodeSnapshot(snapshot: Snapshot, out: ByteWriter, extended: boolean): void {
  const end = utf8(` ${snapshot.time}\n`);
  const known = knownMetrics(snapshot);
  if (snapshot.source === "proc") out.text("# source: /proc/net/ip_vs, without counters\n");
  for (const doubt of snapshot.consistency.doubts) {
    out.text(`# inconsistent: ${printable(doubt)}\n`);
  }
  encodeTotals(snapshot, out, extended, end);
  const virtualFields = new FieldWriter(out, VIRTUAL_LABELS, known.virtual, extended, end);
  const realFields = new FieldWriter(out, REAL_LABELS, known.real, extended, end);
  const namespace = namespaceLabels(snapshot);
  const virtualTags = tagWriters([...VIRTUAL_LABELS, ...namespace], extended);
  const realTags = tagWriters([...REAL_LABELS, ...namespace], extended);
  const foreignTags = new VirtualTags(extended);
  for (const virtual of snapshot.virtualServers) {
    // A line needs a field.
    if (known.virtual.length > 0) {
      out.raw(VIRTUAL);
      for (const tag of virtualTags) tag.write(out, virtual);
      virtualFields.write(virtual);
    }
    foreignTags.select(virtual);
    for (const real of virtual.realServers) {
      out.raw(REAL);
      for (const tag of realTags) tag.write(out, real);
      out.raw(foreignTags.of(real));
      realFields.write(real);
    }
  }
}

/** The tag of the network namespace, which is the same for all servers. */
function namespaceLabels({ netns }: Snapshot): Label<Server>[] {
  if (netns === undefined) return [];
  const help = "Network namespace.";
  const common = { type: "text", optional: false, prometheus: "none", influx: "telegraf" } as const;
  return [{ ...common, name: "netns", help, read: () => netns }];
}

const VIRTUAL = utf8("ipvs_virtual_server");
const REAL = utf8("ipvs_real_server");
const INTEGER = utf8("i");
const MAXIMUM = 2n ** 63n - 1n;

/**
 * Escapes a tag value. A backslash at its end and white space other than spaces cannot be escaped,
 * for telegraf at least, and are replaced; no valid name has them.
 */
function escapeTag(value: string): string {
  return value.replace(/[\t\n\v\f\r]|\\+$/g, "_").replace(/[,= ]/g, "\\$&");
}

/** One tag with the comma before it; empty for an empty value, which the protocol does not allow. */
function tagText(name: string, value: LabelValue): string {
  const text = typeof value === "object" ? value.join("|") : String(value);
  return text === "" ? "" : `,${name}=${escapeTag(text)}`;
}

/** Labels in the order of their names, in which the protocol is fastest to parse. */
function sorted<S>(labels: readonly Label<S>[]): Label<S>[] {
  return labels.toSorted((a, b) => a.name < b.name ? -1 : 1);
}

function tagWriters<S extends Server>(labels: readonly Label<S>[], extended: boolean) {
  const isTag = ({ influx }: Label<S>) =>
    influx === "telegraf" || (extended && influx === "extended");
  const syntax = {
    before: ({ name }: Label<S>) => `,${name}=`,
    after: "",
    whole: ({ name }: Label<S>, value: LabelValue) => tagText(name, value),
  };
  return sorted(labels.filter(isTag)).map((label) => new LabelWriter(label, syntax));
}

/** The tags of a real server that identify its virtual server. */
class VirtualTags {
  readonly #extended: boolean;
  readonly #labels = sorted(VIRTUAL_IDENTITY);
  #virtual: VirtualServer | undefined;
  #family: string | undefined = "";
  #same: Uint8Array = utf8("");
  #mixed: Uint8Array | undefined;

  constructor(extended: boolean) {
    this.#extended = extended;
  }

  select(virtual: VirtualServer): void {
    this.#virtual = virtual;
    this.#family = familyOf(virtual);
    this.#same = this.#make(virtual, this.#extended);
    this.#mixed = undefined;
  }

  /**
   * telegraf leaves out the family of the virtual server. If it differs from the real server's, it
   * is added: the same fwmark can exist in both families.
   */
  of(real: RealServer): Uint8Array {
    if (real.addressFamily === this.#family) return this.#same;
    return this.#mixed ??= this.#make(this.#virtual!, true);
  }

  #make(virtual: VirtualServer, withFamily: boolean): Uint8Array {
    let text = "";
    for (const { name, read } of this.#labels) {
      const value = name === "address_family" && !withFamily ? undefined : read(virtual);
      if (value !== undefined) text += tagText(`virtual_${name}`, value);
    }
    return utf8(text);
  }
}

const familyOf = ifKnown(({ addressFamily }: VirtualServer) => addressFamily);

/** What signed 64 bits hold. Comparing a number with a bigint would take longer than writing it. */
function limit(value: number | bigint): number | bigint {
  return typeof value === "bigint" && value > MAXIMUM ? MAXIMUM : value;
}

/** Writes the fields and the end of a server's line. */
class FieldWriter<S extends Server> {
  readonly #out: ByteWriter;
  readonly #metrics: readonly { readonly before: Uint8Array; readonly read: Metric<S>["read"] }[];
  readonly #texts: readonly LabelWriter<S>[];
  readonly #end: Uint8Array;

  constructor(
    out: ByteWriter,
    labels: readonly Label<S>[],
    metrics: readonly Metric<S>[],
    extended: boolean,
    end: Uint8Array,
  ) {
    this.#out = out;
    this.#end = end;
    this.#metrics = metrics.filter(({ telegraf }) => extended || telegraf)
      .map(({ name, read }, i) => ({ before: utf8(`${i === 0 ? " " : "i,"}${name}=`), read }));
    const fields = labels.filter(({ influx }) => extended && influx === "field");
    const whole = ({ name }: Label<S>, value: LabelValue) => `,${name}=${JSON.stringify(value)}`;
    const syntax = { before: () => "", after: "", whole };
    this.#texts = fields.map((label) => new LabelWriter(label, syntax));
  }

  write(server: S): void {
    for (const { before, read } of this.#metrics) {
      this.#out.raw(before);
      this.#out.number(limit(read(server)));
    }
    this.#out.raw(INTEGER);
    for (const text of this.#texts) text.write(this.#out, server);
    if (server.measured !== undefined) this.#out.text(rateFields(server.measured));
    this.#out.raw(this.#end);
  }
}

/** Measured rates, which are doubles; each with the comma before it. */
function rateFields(rates: Rates): string {
  return MEASURED_METRICS.map(({ name, read }) => `,${name}=${read(rates)}`).join("");
}

function encodeTotals(
  snapshot: Snapshot,
  out: ByteWriter,
  extended: boolean,
  end: Uint8Array,
): void {
  const { totals, cpus, measured, netns = "" } = snapshot;
  const namespace = tagText("netns", netns);
  const line = <Source>(
    series: string,
    metrics: readonly Metric<Source>[],
    source: Source,
    more = "",
  ) => {
    const fields = metrics.map(({ name, read }) => `${name}=${limit(read(source))}i`);
    out.text(`${series}${namespace} ${fields.join(",")}${more}`);
    out.raw(end);
  };
  const rates = measured?.totals ? rateFields(measured.totals) : "";
  if (totals !== null) line("ipvs", TOTAL_METRICS, totals, rates);
  if (extended) { for (const cpu of cpus ?? []) line(`ipvs_cpu,cpu=${cpu.cpu}`, COUNTERS, cpu); }
}
