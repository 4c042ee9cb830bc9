/**
 * JSON: one document, with each server on a line of its own. `ipvstat schema` prints its schema.
 * Numbers have their exact digits, so some are beyond 2^53.
 *
 * @module
 */
import { hasPe, isTunnelled } from "../ipvs/model.ts";
import {
  familyName,
  forwardingMethodName,
  nameText,
  prefixLength,
  protocolName,
  schedFlagNames,
  tunnelChecksumName,
  tunnelTypeName,
} from "../ipvs/names.ts";
import type { RecordCursor } from "../ipvs/records.ts";
import { DESTINATION, PRESENT, SERVICE } from "../ipvs/schema.ts";
import type { Snapshot } from "../ipvs/snapshot.ts";
import { IP_VS_SVC_F_ONEPACKET, IP_VS_SVC_F_PERSISTENT } from "../ipvs/uapi.ts";
import { CATALOGUE } from "../metrics/catalogue.ts";
import { ByteWriter, type Sink, utf8 } from "./byte_writer.ts";
import { type Column, columns, LastSlots, writeAddress, writeValue } from "./columns.ts";
import { jsonText } from "./printable.ts";
import { isoTime } from "./time.ts";

/** The version of the format: a change that breaks a reader counts it up. */
export const JSON_FORMAT_VERSION = 1;

type Value = string | number | bigint | null | { readonly [name: string]: Value } | Value[];

/** Like JSON.stringify(), with the exact digits of a bigint and what cannot be seen escaped. */
function stringify(value: Value): string {
  if (typeof value === "bigint") return value.toString();
  if (Array.isArray(value)) return `[${value.map(stringify).join(",")}]`;
  if (value === null || typeof value !== "object") return jsonText(value);
  const members = Object.entries(value).map(([name, member]) =>
    `${JSON.stringify(name)}:${stringify(member)}`
  );
  return `{${members.join(",")}}`;
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
  const scan = snapshot.servers.scan();
  const rows = new RowWriter(out);
  for (let separator = OPEN; scan.nextVirtual(); separator = NEXT) {
    out.raw(separator);
    rows.virtual(scan.virtual);
    let real = OPEN;
    for (; scan.nextReal(); real = NEXT) {
      out.raw(real);
      rows.real(scan.real);
    }
    out.raw(CLOSE);
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
  const { info, timeouts, settings, kernelStatus, syncDaemons, totals, cpus } = snapshot;
  const daemons = syncDaemons?.map((daemon) => ({
    state: daemon.state,
    interface: daemon.interface,
    sync_id: daemon.syncId,
    ...member("sync_maxlen", daemon.syncMaxlen),
    ...member("mcast_group", daemon.mcastGroup),
    ...member("mcast_port", daemon.mcastPort),
    ...member("mcast_ttl", daemon.mcastTtl),
  }));
  const counters = CATALOGUE.filter((metric) => metric.cpu !== undefined);
  const stats = CATALOGUE.filter((metric) => metric.total !== undefined);
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
    totals: totals && Object.fromEntries(stats.map((m) => [m.name, totals[m.total!]])),
    cpus: cpus?.map((cpu) => ({
      cpu: cpu.cpu,
      ...Object.fromEntries(counters.map((m) => [m.name, cpu[m.cpu!]])),
    })) ?? null,
    stats_width: snapshot.statsWidth,
    consistency: { ...snapshot.consistency, doubts: [...snapshot.consistency.doubts] },
  };
}

function member(name: string, value: Value | undefined): Record<string, Value> {
  return value === undefined ? {} : { [name]: value };
}

const OPEN = utf8("\n");
const NEXT = utf8(",\n");
const CLOSE = utf8("]}");
const ADDRESS = utf8(`,"address":"`);
const PORT = utf8(`","port":`);
const FWMARK = utf8(`,"fwmark":`);
const REAL_SERVERS = utf8(`,"real_servers":[`);
const END = utf8("}");
const NOTHING = utf8("");

/** Writes one server after the other, with what does not change made before. */
class RowWriter {
  readonly #out: ByteWriter;
  readonly #virtual: readonly Column[];
  readonly #real: readonly Column[];
  /** What the last virtual server was set to, which mostly is what the next one is, too. */
  readonly #set = new LastSlots([
    PRESENT,
    SERVICE.addressFamily,
    SERVICE.flags,
    SERVICE.netmask,
    ...[0, 1, 2, 3].flatMap((i) => [SERVICE.schedName + i, SERVICE.peName + i]),
  ]);
  #settings = NOTHING;
  /** Ready-made members, by family, protocol and forwarding method. */
  readonly #begin = new Map<number, Uint8Array>();
  readonly #protocol = new Map<number, Uint8Array>();
  readonly #method = new Map<number, Uint8Array>();

  constructor(out: ByteWriter) {
    this.#out = out;
    const before = (metric: { name: string }) => `,${JSON.stringify(metric.name)}:`;
    this.#virtual = columns(CATALOGUE, "virtual", before);
    this.#real = columns(CATALOGUE, "real", before);
  }

  /** Writes a virtual server up to and with the bracket that its real servers follow. */
  virtual(record: RecordCursor): void {
    const out = this.#out;
    const family = record.get(SERVICE.addressFamily);
    const mark = record.get(SERVICE.fwmark);
    out.raw(ready(this.#begin, family, () => `{"address_family":"${familyName(family)}"`));
    if (mark !== 0) {
      out.raw(FWMARK);
      out.u32(mark);
    } else {
      const protocol = record.get(SERVICE.protocol);
      out.raw(ready(this.#protocol, protocol, () => `,"protocol":"${protocolName(protocol)}"`));
      this.#endpoint(record, family, SERVICE.address, SERVICE.port);
    }
    if (!this.#set.sameAs(record)) this.#settings = utf8(settings(record, family));
    out.raw(this.#settings);
    for (const column of this.#virtual) {
      out.raw(column.before);
      writeValue(out, record, column);
    }
    out.raw(REAL_SERVERS);
  }

  /** Writes a real server. */
  real(record: RecordCursor): void {
    const out = this.#out;
    const family = record.get(DESTINATION.addressFamily);
    out.raw(ready(this.#begin, family, () => `{"address_family":"${familyName(family)}"`));
    this.#endpoint(record, family, DESTINATION.address, DESTINATION.port);
    const method = record.get(DESTINATION.forwardingMethod);
    const name = () => `,"forwarding_method":${JSON.stringify(forwardingMethodName(method))}`;
    out.raw(ready(this.#method, method, name));
    if (isTunnelled(record)) out.text(tunnel(record));
    for (const column of this.#real) {
      out.raw(column.before);
      writeValue(out, record, column);
    }
    out.raw(END);
  }

  #endpoint(record: RecordCursor, family: number, address: number, port: number): void {
    this.#out.raw(ADDRESS);
    writeAddress(this.#out, record, family, address);
    this.#out.raw(PORT);
    this.#out.u32(record.get(port));
  }
}

function ready(made: Map<number, Uint8Array>, key: number, make: () => string): Uint8Array {
  let bytes = made.get(key);
  if (bytes === undefined) made.set(key, bytes = utf8(make()));
  return bytes;
}

function settings(record: RecordCursor, family: number): string {
  const flags = record.get(SERVICE.flags);
  const sched = nameText((i) => record.get(SERVICE.schedName + i));
  const text = stringify({
    sched,
    sched_flags: schedFlagNames(sched, flags),
    flags,
    ...(hasPe(record) ? { pe: nameText((i) => record.get(SERVICE.peName + i)) } : {}),
    netmask: prefixLength(family, record.get(SERVICE.netmask)),
  });
  const onePacket = (flags & IP_VS_SVC_F_ONEPACKET) !== 0;
  const persistent = (flags & IP_VS_SVC_F_PERSISTENT) !== 0;
  return `,${text.slice(1, -1)},"one_packet":${onePacket},"persistent":${persistent}`;
}

function tunnel(record: RecordCursor): string {
  const text = stringify({
    tunnel_type: tunnelTypeName(record.get(DESTINATION.tunnelType)),
    tunnel_port: record.get(DESTINATION.tunnelPort),
    tunnel_checksum: tunnelChecksumName(record.get(DESTINATION.tunnelFlags)),
  });
  return `,${text.slice(1, -1)}`;
}
