import { RequestBuilder } from "../../lib/netlink/message.ts";
import { NLM_F_DUMP } from "../../lib/netlink/uapi.ts";
import { Datagram, type Transport } from "../../lib/netlink/transport.ts";
import type { NetlinkPacket } from "../../lib/capture/packets.ts";

export const FAMILY = 0x1c;
const CONTROLLER = 0x10;
const MULTIPART = 2;
const DONE = 3;
const ERROR = 2;

/** A capture of a real kernel. */
export function readData(name: string): Uint8Array {
  return Deno.readFileSync(new URL(`data/${name}`, import.meta.url));
}

export interface Message {
  readonly type?: number;
  readonly flags?: number;
  readonly command?: number;
  readonly sequence?: number;
  readonly port?: number;
  readonly fill?: (builder: RequestBuilder) => void;
}

/** One little-endian message with a generic netlink header, with these flags and no other. */
export function message(parts: Message): Uint8Array {
  const builder = new RequestBuilder().begin({
    type: parts.type ?? FAMILY,
    flags: 0,
    command: parts.command ?? 0,
    version: 1,
  });
  parts.fill?.(builder);
  const bytes = builder.finish(parts.sequence ?? 1, parts.port ?? 0).slice();
  new DataView(bytes.buffer).setUint16(6, parts.flags ?? 0, true);
  return bytes;
}

/** A control message: DONE or ERROR with its code, and for an error the request it echoes. */
export function control(type: number, code: number, to: Message, echo?: Uint8Array): Uint8Array {
  const length = 20 + (echo === undefined ? 0 : 16);
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, length, true);
  view.setUint16(4, type, true);
  view.setUint16(6, type === DONE ? MULTIPART : 0x100, true);
  view.setUint32(8, to.sequence ?? 1, true);
  view.setUint32(12, to.port ?? 0, true);
  view.setInt32(16, code, true);
  if (echo !== undefined) bytes.set(echo.subarray(0, 16), 20);
  return bytes;
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** A virtual server of the fake kernel: a mark, or else TCP on an IPv4 address. */
export interface Service {
  readonly mark?: number;
  /** The last byte of 10.0.0.x. */
  readonly host?: number;
  readonly port?: number;
  readonly realServers?: number;
}

export function fillIdentity(builder: RequestBuilder, service: Service): void {
  builder.u16(1, 2);
  if (service.mark !== undefined) builder.u32(5, service.mark);
  else {
    const address = new Uint8Array(16);
    address.set([10, 0, 0, service.host ?? 1]);
    builder.u16(2, 6).bytes(3, address).be16(4, service.port ?? 80);
  }
}

/** The attributes of an answer that describes a service. */
export function describeService(builder: RequestBuilder, service: Service): void {
  builder.nest(1, () => {
    fillIdentity(builder, service);
    builder.bytes(6, new TextEncoder().encode("rr\0")).bytes(7, new Uint8Array(8));
    builder.u32(8, 0).u32(9, 0xffff_ffff);
  });
}

/** The five questions and the lookup, as little-endian requests. */
export const ask = {
  family: (parts: Message = {}): Uint8Array =>
    message({
      ...parts,
      type: CONTROLLER,
      flags: 5,
      command: 3,
      fill: (builder) => builder.bytes(2, new TextEncoder().encode("IPVS\0")),
    }),
  info: (parts: Message = {}): Uint8Array => message({ ...parts, flags: 1, command: 15 }),
  config: (parts: Message = {}): Uint8Array => message({ ...parts, flags: 1, command: 13 }),
  daemons: (parts: Message = {}): Uint8Array =>
    message({ ...parts, flags: 1 | NLM_F_DUMP, command: 11 }),
  services: (parts: Message = {}): Uint8Array =>
    message({ ...parts, flags: 1 | NLM_F_DUMP, command: 4 }),
  service: (service: Service, parts: Message = {}): Uint8Array =>
    message({
      ...parts,
      flags: 1,
      command: 4,
      fill: (builder) => builder.nest(1, () => fillIdentity(builder, service)),
    }),
  destinations: (service: Service, parts: Message = {}): Uint8Array =>
    message({
      ...parts,
      flags: 1 | NLM_F_DUMP,
      command: 8,
      fill: (builder) => builder.nest(1, () => fillIdentity(builder, service)),
    }),
} as const;

/** Answers from a list of virtual servers, one message a datagram, as one socket sees a kernel. */
export class FakeKernel implements Transport {
  readonly portId: number;
  services: readonly Service[];

  constructor(services: readonly Service[], portId = 4711) {
    this.services = services;
    this.portId = portId;
  }

  *exchange(request: Uint8Array): Generator<Datagram> {
    for (const answer of this.answer(request)) yield Datagram.from(answer);
  }

  /** The datagrams that answer a request, addressed to this socket. */
  answer(request: Uint8Array): Uint8Array[] {
    const view = new DataView(request.buffer, request.byteOffset, request.byteLength);
    const to = { sequence: view.getUint32(8, true), port: this.portId };
    const type = view.getUint16(4, true);
    const isDump = (view.getUint16(6, true) & NLM_F_DUMP) === NLM_F_DUMP;
    const command = request[16];
    if (type === CONTROLLER) return [introduce(to)];
    const multipart = { ...to, flags: isDump ? MULTIPART : 0 };
    const done = control(DONE, 0, to);
    const service = this.services.find((each) =>
      endsWith(request, ask.service(each)) || endsWith(request, ask.destinations(each))
    );
    if (command === 4 && isDump) {
      const answers = this.services.map((each) => this.#service(each, multipart));
      return [...answers, done];
    }
    if (command === 4) {
      return [service ? this.#service(service, to) : control(ERROR, -3, to, request)];
    }
    if (command === 8) {
      const count = service?.realServers ?? 0;
      const answers = Array.from({ length: count }, (_, index) => realServer(index, multipart));
      return [...answers, done];
    }
    if (command === 11) return [done];
    if (command === 13) return [message({ ...to, command: 12, fill: (b) => b.u32(4, 900) })];
    if (command === 15) return [message({ ...to, command: 14, fill: (b) => b.u32(1, 0x10201) })];
    return [control(ERROR, -95, to, request)];
  }

  #service(service: Service, to: Message): Uint8Array {
    return message({ ...to, command: 1, fill: (builder) => describeService(builder, service) });
  }

  [Symbol.dispose](): void {}
}

function endsWith(request: Uint8Array, other: Uint8Array): boolean {
  const [a, b] = [request.subarray(20), other.subarray(20)];
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

function realServer(index: number, to: Message): Uint8Array {
  return message({
    ...to,
    command: 5,
    fill: (builder) =>
      builder.nest(2, () => builder.bytes(1, Uint8Array.of(10, 1, 0, index)).be16(2, 80)),
  });
}

/** The family controller's description of a family. */
export function introduce(to: Message, name = "IPVS", id = FAMILY): Uint8Array {
  return message({
    ...to,
    type: CONTROLLER,
    command: 1,
    fill: (builder) => builder.bytes(2, new TextEncoder().encode(`${name}\0`)).u16(1, id),
  });
}

/** What a monitor device saw: packets in order, to be written in any format. */
export interface Seen {
  readonly time: bigint;
  readonly protocol: number;
  readonly bytes: Uint8Array;
  /** How much of the packet and its cooked header to capture; all of it by default. */
  readonly captured?: number;
}

/** A monitor device that listens to fake kernels' sockets. */
export class Monitor {
  readonly seen: Seen[] = [];
  #time = 1_700_000_000_000_000_001n;

  see(bytes: Uint8Array, protocol = 16): void {
    this.seen.push({ time: this.#time, protocol, bytes });
    this.#time += 1_000_000n;
  }

  /** A whole exchange. The request names no port unless it is built with one. */
  exchange(kernel: FakeKernel, request: Uint8Array): void {
    this.see(request);
    for (const answer of kernel.answer(request)) this.see(answer);
  }

  /** A round of a client that lists the services and the real servers of each. */
  round(kernel: FakeKernel, firstSequence = 1, port = kernel.portId): void {
    let sequence = firstSequence;
    this.exchange(kernel, ask.services({ sequence, port }));
    for (const service of kernel.services) {
      this.exchange(kernel, ask.destinations(service, { sequence: ++sequence, port }));
    }
  }
}

/** Packets as the reader hands them on. */
export function packetsOf(seen: readonly Seen[]): NetlinkPacket[] {
  return seen.map(({ time, protocol, bytes }, index) => ({
    number: index + 1,
    offset: 0,
    time,
    protocol,
    isRequest: bytes[4]! >= 16 && (bytes[6]! & 1) !== 0,
    frame: concat(new Uint8Array(16), bytes),
    bytes,
    missing: 0,
    littleEndian: true,
  }));
}
