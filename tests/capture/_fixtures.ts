import type { NetlinkPacket } from "../../lib/capture/packets.ts";
import { Datagram, type Transport } from "../../lib/netlink/transport.ts";
import { answers, writeIdentity, writeService } from "../_answers.ts";
import { fakeKernel, type FakeService } from "../_fixtures.ts";
import { parseRequest, Wire } from "../_wire.ts";

export const FAMILY = 0x1c;
const CONTROLLER = 0x10;
const REQUEST = 1, MULTIPART = 2, ACK = 4, DUMP = 0x300;
const DONE = 3;

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
  readonly fill?: (wire: Wire) => void;
}

/** One little-endian message with a generic netlink header. */
export function message(parts: Message): Uint8Array {
  const { type = FAMILY, flags = 0, sequence = 1, port = 0, command = 0 } = parts;
  const wire = new Wire();
  return wire.generic({ type, flags, sequence, portId: port }, command, () => parts.fill?.(wire))
    .take();
}

/** A control message: DONE or ERROR with its code, and for an error the request it echoes. */
export function control(type: number, code: number, to: Message, echo?: Uint8Array): Uint8Array {
  const { sequence = 1, port = 0 } = to;
  const wire = new Wire();
  const flags = type === DONE ? MULTIPART : 0x100;
  return wire.message({ type, flags, sequence, portId: port }, () => {
    wire.number(code, 4);
    if (echo !== undefined) wire.raw(echo.subarray(0, 16));
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

/** A virtual server of the fake kernel: a mark, or else TCP on an IPv4 address. */
export interface Service {
  readonly mark?: number;
  /** The last byte of 10.0.0.x. */
  readonly host?: number;
  readonly port?: number;
  readonly realServers?: number;
}

const fakeServices = new WeakMap<Service, FakeService>();

/** The service as the fake kernel of tests/_fixtures.ts has it; the same for the same service. */
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

function naming(service: Service): (wire: Wire) => void {
  return (wire) => wire.attribute(1, () => writeIdentity(wire, fakeService(service)));
}

/** The attributes of an answer that describes a service. */
export function describeService(wire: Wire, service: Service): void {
  writeService(wire, fakeKernel().kernel, fakeService(service));
}

/** The five questions and the lookup, as little-endian requests. */
export const ask = {
  family: (parts: Message = {}): Uint8Array =>
    message({
      ...parts,
      type: CONTROLLER,
      flags: REQUEST | ACK,
      command: 3,
      fill: (wire) => wire.text(2, "IPVS"),
    }),
  info: (parts: Message = {}): Uint8Array => message({ ...parts, flags: REQUEST, command: 15 }),
  config: (parts: Message = {}): Uint8Array => message({ ...parts, flags: REQUEST, command: 13 }),
  daemons: (parts: Message = {}): Uint8Array =>
    message({ ...parts, flags: REQUEST | DUMP, command: 11 }),
  services: (parts: Message = {}): Uint8Array =>
    message({ ...parts, flags: REQUEST | DUMP, command: 4 }),
  service: (service: Service, parts: Message = {}): Uint8Array =>
    message({ ...parts, flags: REQUEST, command: 4, fill: naming(service) }),
  destinations: (service: Service, parts: Message = {}): Uint8Array =>
    message({ ...parts, flags: REQUEST | DUMP, command: 8, fill: naming(service) }),
} as const;

/** The fake kernel as one socket sees it, with one message in each datagram. */
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
    const services = this.services.map(fakeService);
    const settings = { services, portId: this.portId, familyId: FAMILY, perDatagram: 1 };
    return [...answers(fakeKernel(settings).kernel, parseRequest(request), 0)];
  }

  [Symbol.dispose](): void {}
}

/** The family controller's description of a family. */
export function introduce(to: Message, name = "IPVS", id = FAMILY): Uint8Array {
  const fill = (wire: Wire) => wire.text(2, name).u16(1, id);
  return message({ ...to, type: CONTROLLER, command: 1, fill });
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
