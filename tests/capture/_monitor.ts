/** Requests, a fake kernel that replies to them, and a monitor device that captures both. */
import type { NetlinkPacket } from "../../lib/capture/packets.ts";
import { Datagram, type Transport } from "../../lib/netlink/transport.ts";
import { replies, writeIdentity, writeService } from "../_fake_replies.ts";
import { fakeKernel, type FakeService } from "../_fake_kernel.ts";
import { MessageWriter, parseRequest } from "../_netlink_messages.ts";

export const FAMILY = 0x1c;
const CONTROLLER = 0x10;
const REQUEST = 1, MULTIPART = 2, ACK = 4, DUMP = 0x300;
const DONE = 3;

/** Reads one of the captures in data/. */
export function readData(name: string): Uint8Array {
  return Deno.readFileSync(new URL(`data/${name}`, import.meta.url));
}

export interface Message {
  readonly type?: number;
  readonly flags?: number;
  readonly command?: number;
  readonly sequence?: number;
  readonly port?: number;
  readonly fill?: (writer: MessageWriter) => void;
}

/** A little-endian message with a generic netlink header. */
export function message(parts: Message): Uint8Array {
  const { type = FAMILY, flags = 0, sequence = 1, port = 0, command = 0 } = parts;
  const writer = new MessageWriter();
  return writer.generic(
    { type, flags, sequence, portId: port },
    command,
    () => parts.fill?.(writer),
  )
    .take();
}

/**
 * A control message: DONE or ERROR with a code and, for an error, a copy of the request's header.
 */
export function control(type: number, code: number, to: Message, request?: Uint8Array): Uint8Array {
  const { sequence = 1, port = 0 } = to;
  const writer = new MessageWriter();
  const flags = type === DONE ? MULTIPART : 0x100;
  return writer.message({ type, flags, sequence, portId: port }, () => {
    writer.number(code, 4);
    if (request !== undefined) writer.raw(request.subarray(0, 16));
  }).take();
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

/** A virtual server of the fake kernel: a fwmark, or else TCP on an IPv4 address. */
export interface Service {
  readonly mark?: number;
  /** The last byte of 10.0.0.x. */
  readonly host?: number;
  readonly port?: number;
  readonly realServers?: number;
}

const fakeServices = new WeakMap<Service, FakeService>();

/** The corresponding service for the fake kernel of tests/_fake_kernel.ts, created once. */
function fakeService(service: Service): FakeService {
  let fake = fakeServices.get(service);
  if (fake === undefined) {
    const { mark, host = 1, port = 80, realServers = 0 } = service;
    const identity = mark === undefined ? { address: `10.0.0.${host}`, port } : { fwmark: mark };
    const destinations = Array.from({ length: realServers }, (_, index) => ({
      address: `10.1.0.${index}`,
      port: 80,
    }));
    fakeServices.set(service, fake = { ...identity, destinations });
  }
  return fake;
}

function identityOf(service: Service): (writer: MessageWriter) => void {
  return (writer) => writer.attribute(1, () => writeIdentity(writer, fakeService(service)));
}

/** Writes the attributes of a reply that describes a service. */
export function describeService(writer: MessageWriter, service: Service): void {
  writeService(writer, fakeKernel().kernel, fakeService(service));
}

/** Creates little-endian requests: the lookup of the family, and all that read IPVS. */
export const ask = {
  family: (parts: Message = {}): Uint8Array =>
    message({
      ...parts,
      type: CONTROLLER,
      flags: REQUEST | ACK,
      command: 3,
      fill: (writer) => writer.text(2, "IPVS"),
    }),
  info: (parts: Message = {}): Uint8Array => message({ ...parts, flags: REQUEST, command: 15 }),
  config: (parts: Message = {}): Uint8Array => message({ ...parts, flags: REQUEST, command: 13 }),
  daemons: (parts: Message = {}): Uint8Array =>
    message({ ...parts, flags: REQUEST | DUMP, command: 11 }),
  services: (parts: Message = {}): Uint8Array =>
    message({ ...parts, flags: REQUEST | DUMP, command: 4 }),
  service: (service: Service, parts: Message = {}): Uint8Array =>
    message({ ...parts, flags: REQUEST, command: 4, fill: identityOf(service) }),
  destinations: (service: Service, parts: Message = {}): Uint8Array =>
    message({ ...parts, flags: REQUEST | DUMP, command: 8, fill: identityOf(service) }),
} as const;

/** The fake kernel as seen from one socket, with one message per datagram. */
export class FakeKernel implements Transport {
  readonly portId: number;
  services: readonly Service[];

  constructor(services: readonly Service[], portId = 4711) {
    this.services = services;
    this.portId = portId;
  }

  *exchange(request: Uint8Array): Generator<Datagram> {
    for (const reply of this.replyTo(request)) yield Datagram.from(reply);
  }

  /** The datagrams in reply to a request, addressed to this socket. */
  replyTo(request: Uint8Array): Uint8Array[] {
    const services = this.services.map(fakeService);
    const settings = { services, portId: this.portId, familyId: FAMILY, perDatagram: 1 };
    return [...replies(fakeKernel(settings).kernel, parseRequest(request), 0)];
  }

  [Symbol.dispose](): void {}
}

/** The family controller's reply that describes a family. */
export function familyReply(to: Message, name = "IPVS", id = FAMILY): Uint8Array {
  const fill = (writer: MessageWriter) => writer.text(2, name).u16(1, id);
  return message({ ...to, type: CONTROLLER, command: 1, fill });
}

/** A packet from a monitor device, for any file format. */
export interface CapturedPacket {
  readonly time: bigint;
  readonly protocol: number;
  readonly bytes: Uint8Array;
  /** Number of captured bytes, including the cooked header; all of them by default. */
  readonly captured?: number;
}

/** A monitor device for the sockets of fake kernels. */
export class Monitor {
  /** The captured packets, in order. */
  readonly seen: CapturedPacket[] = [];
  #time = 1_700_000_000_000_000_001n;

  /** Captures a packet. */
  see(bytes: Uint8Array, protocol = 16): void {
    this.seen.push({ time: this.#time, protocol, bytes });
    this.#time += 1_000_000n;
  }

  /** Captures a request and all replies to it. */
  exchange(kernel: FakeKernel, request: Uint8Array): void {
    this.see(request);
    for (const reply of kernel.replyTo(request)) this.see(reply);
  }

  /** Captures a client that lists the services and the real servers of each. */
  round(kernel: FakeKernel, firstSequence = 1, port = kernel.portId): void {
    let sequence = firstSequence;
    this.exchange(kernel, ask.services({ sequence, port }));
    for (const service of kernel.services) {
      this.exchange(kernel, ask.destinations(service, { sequence: ++sequence, port }));
    }
  }
}

/** Converts packets to what readPackets() returns. */
export function packetsOf(seen: readonly CapturedPacket[]): NetlinkPacket[] {
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
