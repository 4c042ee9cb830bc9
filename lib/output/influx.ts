/**
 * InfluxDB line protocol: telegraf's measurements, tags and fields, so that a dashboard of its
 * `inputs.ipvs` moves over unchanged; the totals as measurement `ipvs`; more behind `extended`.
 * Every value is an integer; one beyond the signed 64 bits that the protocol has is clamped.
 * An inconsistent snapshot begins with comments, one for each doubt.
 *
 * @module
 */
import {
  addressText,
  familyName,
  forwardingMethodName,
  nameText,
  prefixLength,
  protocolName,
  schedFlagNames,
} from "../ipvs/names.ts";
import type { RecordCursor } from "../ipvs/records.ts";
import { DESTINATION, SERVICE } from "../ipvs/schema.ts";
import type { Snapshot } from "../ipvs/snapshot.ts";
import { CATALOGUE, type Metric } from "../metrics/catalogue.ts";
import { ByteWriter, type Sink, utf8 } from "./byte_writer.ts";
import { type Column, columns, LastSlots, writeAddress } from "./columns.ts";
import { printable } from "./printable.ts";

/** What {@linkcode encodeInflux} is to add. */
export interface InfluxOptions {
  /** Tags and fields that telegraf does not have, and the counters of each CPU. */
  readonly extended?: boolean;
}

const LARGEST = 2n ** 63n - 1n;

/**
 * Escapes a tag's value; an empty one is not allowed and is left out by the caller. A line feed
 * cannot be escaped, nor a backslash at the end; neither is in a name that means anything.
 */
function escapeTag(value: string): string {
  return value.replace(/[\n\r]|\\+$/g, "_").replace(/[,= ]/g, "\\$&");
}

/** One tag as it follows a measurement or another tag; nothing where it is empty. */
function tag(name: string, value: string): string {
  return value === "" ? "" : `,${name}=${escapeTag(value)}`;
}

/** Encodes a snapshot; no two lines have the same measurement and tags. */
export function encodeInflux(snapshot: Snapshot, sink: Sink, options: InfluxOptions = {}): void {
  new InfluxWriter(snapshot, sink, options.extended ?? false).write();
}

const REAL = utf8("ipvs_real_server,address=");
const PORT = utf8(",port=");
const INTEGER = utf8("i");
const VIRTUAL = utf8("ipvs_virtual_server");
const ADDRESS = utf8(",address=");
const FWMARK = utf8(",fwmark=");
const NOTHING = utf8("");

class InfluxWriter {
  readonly #snapshot: Snapshot;
  readonly #out: ByteWriter;
  readonly #extended: boolean;
  readonly #metrics: readonly Metric[];
  readonly #virtual: readonly Column[];
  readonly #real: readonly Column[];
  /** What ends every line: the time. */
  readonly #end: Uint8Array;
  /** Tags of a real server between address and port, made once for each family and method. */
  readonly #middle = new Map<number, Uint8Array>();
  /** What the last virtual server was set to, which mostly is what the next one is, too. */
  readonly #set = new LastSlots([
    SERVICE.addressFamily,
    SERVICE.protocol,
    SERVICE.flags,
    SERVICE.netmask,
    ...[0, 1, 2, 3].flatMap((i) => [SERVICE.schedName + i, SERVICE.peName + i]),
  ]);
  #settings = { family: NOTHING, netmask: NOTHING, protocol: NOTHING, sched: NOTHING };

  constructor(snapshot: Snapshot, sink: Sink, extended: boolean) {
    this.#snapshot = snapshot;
    this.#out = new ByteWriter(sink);
    this.#extended = extended;
    this.#metrics = CATALOGUE.filter((metric) => extended || metric.telegraf);
    const before = (metric: Metric, index: number) => `${index === 0 ? " " : ","}${metric.name}=`;
    this.#virtual = columns(this.#metrics, "virtual", before);
    this.#real = columns(this.#metrics, "real", before);
    this.#end = utf8(` ${snapshot.time}\n`);
  }

  write(): void {
    // telegraf and InfluxDB skip comments, so that no series is added.
    for (const doubt of this.#snapshot.consistency.doubts) {
      this.#out.text(`# inconsistent: ${printable(doubt)}\n`);
    }
    this.#totals();
    const scan = this.#snapshot.servers.scan();
    while (scan.nextVirtual()) {
      const service = scan.virtual;
      this.#virtualTags(service);
      this.#fields(service, this.#virtual);
      const family = service.get(SERVICE.addressFamily);
      const same = utf8(this.#identityTags(service, false));
      let mixed: Uint8Array | undefined;
      while (scan.nextReal()) {
        const own = scan.real.get(DESTINATION.addressFamily) === family;
        if (!own) mixed ??= utf8(this.#identityTags(service, true));
        this.#writeReal(scan.real, own ? same : mixed!);
      }
    }
    this.#out.flush();
  }

  #writeReal(record: RecordCursor, identity: Uint8Array): void {
    const out = this.#out;
    const family = record.get(DESTINATION.addressFamily);
    out.raw(REAL);
    writeAddress(out, record, family, DESTINATION.address);
    out.raw(this.#middleTags(family, record.get(DESTINATION.forwardingMethod)));
    out.raw(PORT);
    out.u32(record.get(DESTINATION.port));
    out.raw(identity);
    this.#fields(record, this.#real);
  }

  #fields(record: RecordCursor, fields: readonly Column[]): void {
    const out = this.#out;
    for (const { before, slot, wide } of fields) {
      out.raw(before);
      const high = wide ? record.get(slot + 1) : 0;
      if (high < 0x80000000) out.u64(record.get(slot), high);
      else out.text(String(LARGEST));
      out.raw(INTEGER);
    }
    out.raw(this.#end);
  }

  #middleTags(family: number, method: number): Uint8Array {
    const key = method * 256 + family;
    let bytes = this.#middle.get(key);
    if (bytes === undefined) {
      bytes = utf8(
        tag("address_family", familyName(family)) +
          tag("forwarding_method", this.#extended ? forwardingMethodName(method) : ""),
      );
      this.#middle.set(key, bytes);
    }
    return bytes;
  }

  /** Writes a virtual server's measurement and tags, these in bytewise order. */
  #virtualTags(record: RecordCursor): void {
    const out = this.#out;
    if (!this.#set.sameAs(record)) this.#settings = settingTags(record, this.#extended);
    const { family, netmask, protocol, sched } = this.#settings;
    const mark = record.get(SERVICE.fwmark);
    out.raw(VIRTUAL);
    if (mark !== 0) {
      out.raw(family);
      out.raw(FWMARK);
      out.u32(mark);
      out.raw(netmask);
    } else {
      out.raw(ADDRESS);
      writeAddress(out, record, record.get(SERVICE.addressFamily), SERVICE.address);
      out.raw(family);
      out.raw(netmask);
      out.raw(PORT);
      out.u32(record.get(SERVICE.port));
      out.raw(protocol);
    }
    out.raw(sched);
  }

  /**
   * What a real server says of its virtual server. telegraf leaves out the latter's family; but
   * where it is not the real server's own, one mark can be there in both, so it is said.
   */
  #identityTags(record: RecordCursor, mixed: boolean): string {
    const family = record.get(SERVICE.addressFamily);
    const mark = record.get(SERVICE.fwmark);
    const said = tag(
      "virtual_address_family",
      mixed || this.#extended ? familyName(family) : "",
    );
    if (mark !== 0) return `${said},virtual_fwmark=${mark}`;
    const address = addressText(family, (i) => record.get(SERVICE.address + i));
    const protocol = protocolName(record.get(SERVICE.protocol));
    const port = record.get(SERVICE.port);
    return `,virtual_address=${address}${said},virtual_port=${port},virtual_protocol=${protocol}`;
  }

  #totals(): void {
    const { totals, cpus } = this.#snapshot;
    const metrics = CATALOGUE.filter((metric) => metric.total !== undefined);
    if (totals !== null) this.#line("ipvs", metrics.map((m) => [m.name, totals[m.total!]]));
    if (cpus === null || !this.#extended) return;
    for (const cpu of cpus) {
      const counters = metrics.filter((metric) => metric.cpu !== undefined);
      this.#line(`ipvs_cpu,cpu=${cpu.cpu}`, counters.map((m) => [m.name, cpu[m.cpu!]]));
    }
  }

  #line(series: string, fields: [name: string, value: number | bigint][]): void {
    const text = fields.map(([name, value]) => `${name}=${value > LARGEST ? LARGEST : value}i`);
    this.#out.text(`${series} ${text.join(",")}`);
    this.#out.raw(this.#end);
  }
}

/** The tags that many virtual servers have in common, as they stand between those that differ. */
function settingTags(record: RecordCursor, extended: boolean) {
  const family = record.get(SERVICE.addressFamily);
  const sched = nameText((i) => record.get(SERVICE.schedName + i));
  const flags = schedFlagNames(sched, record.get(SERVICE.flags));
  const pe = nameText((i) => record.get(SERVICE.peName + i));
  return {
    family: utf8(tag("address_family", familyName(family))),
    netmask: utf8(
      tag("netmask", String(prefixLength(family, record.get(SERVICE.netmask)))) +
        tag("pe", extended ? pe : ""),
    ),
    protocol: utf8(tag("protocol", protocolName(record.get(SERVICE.protocol)))),
    sched: utf8(tag("sched", sched) + tag("sched_flags", extended ? flags.join("|") : "")),
  };
}
