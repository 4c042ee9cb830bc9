/**
 * Generates recordings of any size: what `ipvstat record` would write on a load balancer with this
 * table and weeks of traffic. The replies have the attributes of Linux 6.1 on x86_64, in its order.
 *
 *   deno run --allow-write bench/generate.ts VIRTUALxREAL FILE
 */
import { collect, type Datagram, Recorder, type Source, type Transport } from "../mod.ts";
import { type Head, NetlinkWriter } from "./netlink_writer.ts";
import {
  parseTable,
  REAL_PORT,
  realAddress,
  type Table,
  VIRTUAL_PORT,
  virtualAddress,
  weightOf,
} from "./table.ts";

const CONTROLLER = 16, NEWFAMILY = 1, FAMILY = 28;
const GET_SERVICE = 4, GET_DEST = 8, GET_DAEMON = 11, GET_CONFIG = 13, GET_INFO = 15;
const INET = 2, TCP = 6;
const TIME = 1_767_225_600_000_000_000n;

/**
 * Maximum bytes of messages in a datagram: of the socket, and of the second one, which verifies.
 */
const ROOM = 32_448, SECOND_ROOM = 22_208;

/** Connections, packets in and out, bytes in and out; then the same per second. */
type Traffic = readonly number[];

/** The traffic of the real server with this number; bytes exceed 32 bits, and no value is 0. */
function trafficOf(index: number): Traffic {
  const connections = 1_000_003 + 7919 * (index % 1009);
  const perSecond = 1 + index % 997;
  return [connections, perSecond].flatMap((n) => [n, 11 * n, 8 * n, 1067 * n, 7288 * n]);
}

/** The traffic of a virtual server: the sum over its real servers. */
function totalOf(first: number, count: number): Traffic {
  const total = new Array<number>(10).fill(0);
  for (let i = 0; i < count; i++) trafficOf(first + i).forEach((value, k) => total[k]! += value);
  return total;
}

/** Writes STATS, in which only bytes have 64 bits, and STATS64. */
function writeTraffic(writer: NetlinkWriter, traffic: Traffic): void {
  const isBytes = (type: number) => type === 4 || type === 5;
  writer.nest(
    10,
    () => traffic.forEach((value, i) => writer.number(i + 1, isBytes(i + 1) ? 8 : 4, value)),
  );
  writer.nest(12, () => traffic.forEach((value, i) => writer.number(i + 1, 8, value)));
}

function writePort(writer: NetlinkWriter, type: number, port: number): void {
  writer.bytes(type, [port >> 8, port & 0xff]);
}

function writeService(writer: NetlinkWriter, { realServers }: Table, index: number): void {
  writer.nest(1, () => {
    writer.number(1, 2, INET);
    writer.number(2, 2, TCP);
    writer.bytes(3, [...virtualAddress(index), ...new Array<number>(12).fill(0)]);
    writePort(writer, 4, VIRTUAL_PORT);
    writer.text(6, "wrr");
    writer.bytes(7, [2, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]); // IP_VS_SVC_F_HASHED, and the mask of the flags
    writer.number(8, 4, 0); // timeout
    writer.number(9, 4, 0xffff_ffff); // netmask
    writeTraffic(writer, totalOf(index * realServers, realServers));
  });
}

function writeDestination(writer: NetlinkWriter, index: number): void {
  writer.nest(2, () => {
    writer.bytes(1, [...realAddress(index), ...new Array<number>(12).fill(0)]);
    writePort(writer, 2, REAL_PORT);
    writer.number(3, 4, 0); // masquerading
    writer.number(4, 4, weightOf(index));
    writer.number(13, 1, 0); // tunnel type, port, flags
    writePort(writer, 14, 0);
    writer.number(15, 2, 0);
    writer.number(5, 4, 0); // thresholds
    writer.number(6, 4, 0);
    writer.number(7, 4, 1 + index % 1499); // connections: active, inactive, persistent
    writer.number(8, 4, 1 + index % 2003);
    writer.number(9, 4, 0);
    writer.number(11, 2, INET);
    writeTraffic(writer, trafficOf(index));
  });
}

/** `/proc/net/ip_vs_stats` for the table. */
function procStats({ virtualServers, realServers }: Table): string {
  const hex = totalOf(0, virtualServers * realServers).map((n) => n.toString(16).toUpperCase());
  return `totals\nof\n${hex.slice(0, 5).join(" ")}\n\nrates\n${hex.slice(5).join(" ")}\n`;
}

/** The number of the virtual server in a request: the last three bytes of its address. */
function serviceIndex(view: DataView): number {
  const nest = 20;
  for (let at = nest + 4; at < view.byteLength; at += (view.getUint16(at, true) + 3) & ~3) {
    if (view.getUint16(at + 2, true) === 3) return view.getUint32(at + 4) & 0xff_ffff;
  }
  throw new Error("The request has no address of a virtual server");
}

/** A kernel with a table, as seen from one socket. */
class GeneratedKernel implements Transport {
  readonly portId: number;
  readonly #table: Table;
  readonly #room: number;
  readonly #writer = new NetlinkWriter(ROOM);

  constructor(table: Table, portId: number, room: number) {
    this.#table = table;
    this.portId = portId;
    this.#room = room;
  }

  *exchange(request: Uint8Array<ArrayBuffer>): Generator<Datagram> {
    const view = new DataView(request.buffer, request.byteOffset, request.length);
    const type = view.getUint16(4, true);
    const head = { type, sequence: view.getUint32(8, true), portId: this.portId };
    if (type === CONTROLLER) yield this.#familyReply(head);
    else yield* this.#replies(head, view.getUint8(16), view);
  }

  #familyReply(head: Head): Datagram {
    return this.#writer.reply(head, NEWFAMILY, () => {
      this.#writer.text(2, "IPVS");
      this.#writer.number(1, 2, FAMILY);
      this.#writer.number(3, 4, 1); // version
    });
  }

  *#replies(head: Head, command: number, request: DataView): Generator<Datagram> {
    const writer = this.#writer, table = this.#table, room = this.#room;
    if (command === GET_INFO) {
      yield writer.reply(head, 14, () => {
        writer.number(1, 4, 0x01_02_01); // version 1.2.1
        writer.number(2, 4, 4096); // connection table
      });
    } else if (command === GET_CONFIG) {
      const timeouts = [900, 120, 300];
      yield writer.reply(head, 12, () => timeouts.forEach((n, i) => writer.number(4 + i, 4, n)));
    } else if (command === GET_DAEMON) {
      yield* writer.dump(head, 9, { count: 0, room, body: () => {} });
    } else if (command === GET_SERVICE) {
      const body = (index: number) => writeService(writer, table, index);
      yield* writer.dump(head, 1, { count: table.virtualServers, room, body });
    } else if (command === GET_DEST) {
      const first = serviceIndex(request) * table.realServers;
      const body = (index: number) => writeDestination(writer, first + index);
      yield* writer.dump(head, 5, { count: table.realServers, room, body });
    } else throw new Error(`The generated kernel does not support command ${command}`);
  }

  [Symbol.dispose](): void {}
}

/** Writes a recording of one snapshot of the table. */
export function generateRecording(table: Table, write: (bytes: Uint8Array) => void): void {
  const source: Source = {
    transport: new GeneratedKernel(table, 4711, ROOM),
    second: new GeneratedKernel(table, 4711 + 2 ** 22, SECOND_ROOM),
    now: () => TIME,
    readProc: (name) => name === "ip_vs_stats" ? procStats(table) : undefined,
  };
  new Recorder(write).round(source, collect);
}

if (import.meta.main) {
  const [shape = "", path = ""] = Deno.args;
  using file = Deno.openSync(path, { write: true, create: true, truncate: true });
  generateRecording(parseTable(shape), (bytes) => file.writeSync(bytes));
}
