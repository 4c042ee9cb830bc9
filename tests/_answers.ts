/**
 * What the fake kernel of `_fixtures.ts` answers, in the kernel's bytes.
 *
 * @module
 */
import { NotRecordedError } from "../lib/netlink/transport.ts";
import type { FakeDaemon, FakeDestination, FakeService, FakeStats, Kernel } from "./_fixtures.ts";
import { addressBytes, type Head, parseAttributes, type ParsedRequest, Wire } from "./_wire.ts";

const CONTROLLER = 16, NEWFAMILY = 1, MULTI = 2, ERROR = 2, DONE = 3;
const EINVAL = 22, ESRCH = 3;
const INET = 2, INET6 = 10, TCP = 6;
const GET_SERVICE = 4, GET_DEST = 8, GET_DAEMON = 11, GET_CONFIG = 13, GET_INFO = 15;

/** The datagrams that answer the `count`th request. */
export function* answers(
  kernel: Kernel,
  request: ParsedRequest,
  count: number,
): Generator<Uint8Array> {
  const refusal = kernel.onRequest(request, kernel, count);
  const wire = new Wire(kernel.bigEndian);
  const head = { ...request, portId: kernel.portId, flags: 0 };
  if (refusal === "not recorded") throw new NotRecordedError("The test did not record this");
  if (refusal) return yield errorAnswer(wire, head, request, refusal);
  if (request.type === CONTROLLER) {
    const body = () => wire.u16(1, kernel.familyId).text(2, "IPVS").u32(3, 1);
    return yield wire.generic(head, NEWFAMILY, body).take();
  }
  const { info, timeouts } = kernel;
  if (request.command === GET_INFO) {
    yield wire.generic(head, 14, () => wire.u32(1, info.version).u32(2, info.size)).take();
  } else if (request.command === GET_CONFIG) {
    const { tcp, tcpFin, udp } = timeouts;
    yield wire.generic(head, 12, () => {
      [tcp, tcpFin, udp].forEach((seconds, i) => {
        if (seconds !== undefined) wire.u32(4 + i, seconds);
      });
    }).take();
  } else if (request.command === GET_SERVICE && !request.dump) {
    const service = findNamed(kernel, request);
    if (service === undefined) return yield errorAnswer(wire, head, request, { errno: ESRCH });
    yield wire.generic(head, 1, () => writeService(wire, kernel, service)).take();
  } else if (request.dump) yield* dump(wire, head, kernel, request);
  else yield errorAnswer(wire, head, request, { errno: EINVAL });
}

/** Datagrams of a dump: the list is looked up anew for each, and walked from a plain index. */
function* dump(
  wire: Wire,
  head: Head,
  kernel: Kernel,
  request: ParsedRequest,
): Generator<Uint8Array> {
  const multi = { ...head, flags: MULTI };
  for (let sent = 0;;) {
    const bodies = dumped(wire, kernel, request);
    if (sent >= bodies.length) break;
    if (sent > 0) {
      kernel.onDatagram(request, kernel, sent);
      bodies.splice(0, bodies.length, ...dumped(wire, kernel, request));
    }
    const part = bodies.slice(sent, sent + kernel.perDatagram);
    for (const body of part) wire.generic(multi, NEW[request.command]!, body);
    sent += part.length;
    if (part.length > 0) yield wire.take();
  }
  yield wire.message({ ...multi, type: DONE }, () => wire.number(0, 4)).take();
}

const NEW: Readonly<Record<number, number>> = { [GET_SERVICE]: 1, [GET_DEST]: 5, [GET_DAEMON]: 9 };

function dumped(wire: Wire, kernel: Kernel, request: ParsedRequest): (() => void)[] {
  const { services, daemons } = kernel;
  if (request.command === GET_SERVICE) {
    return services.map((service) => () => writeService(wire, kernel, service));
  }
  if (request.command === GET_DAEMON) return daemons.map((each) => () => writeDaemon(wire, each));
  // A service that is gone answers like one without destinations.
  const service = findNamed(kernel, request);
  const destinations = service?.destinations ?? [];
  return destinations.map((each) => () => writeDestination(wire, kernel, each));
}

/** A refusal, which repeats the header of the request. */
function errorAnswer(
  wire: Wire,
  head: Head,
  request: ParsedRequest,
  { errno, text }: { errno: number; text?: string },
): Uint8Array {
  const flags = 0x100 | (text === undefined ? 0 : 0x200);
  return wire.message({ ...head, type: ERROR, flags }, () => {
    wire.number(-errno, 4).number(request.length, 4);
    wire.number(request.type, 2).number(request.flags, 2);
    wire.number(request.sequence, 4).number(request.portId, 4);
    if (text !== undefined) wire.text(1, text);
  }).take();
}

/** The family of a service: its address's, or what it says. */
export function familyOf(service: FakeService): number {
  if (service.address === undefined) return service.family ?? INET;
  return service.address.includes(":") ? INET6 : INET;
}

const names = new WeakMap<FakeService, string>();

function findNamed(kernel: Kernel, request: ParsedRequest): FakeService | undefined {
  const asked = nameOf(request.service);
  return kernel.services.find((service) => {
    let name = names.get(service);
    if (name === undefined) {
      const wire = new Wire();
      writeIdentity(wire, service);
      names.set(service, name = nameOf(parseAttributes(wire.take())));
    }
    return name === asked;
  });
}

function nameOf(attributes: ReadonlyMap<number, Uint8Array>): string {
  return [...attributes].map(([type, payload]) => `${type}=${payload.join()}`).join(" ");
}

/** Writes the attributes that name a service. */
export function writeIdentity(wire: Wire, service: FakeService): void {
  wire.u16(1, familyOf(service));
  if (service.address === undefined) wire.u32(5, service.fwmark ?? 0);
  else {
    wire.u16(2, service.protocol ?? TCP);
    wire.bytes(3, padded(service.address)).be16(4, service.port ?? 0);
  }
}

function padded(address: string): number[] {
  const bytes = addressBytes(address);
  return [...bytes, ...new Array<number>(16 - bytes.length).fill(0)];
}

/** Writes the description of a service. */
export function writeService(wire: Wire, kernel: Kernel, service: FakeService): void {
  const netmask = service.netmask ?? (familyOf(service) === INET ? 0xffffffff : 128);
  wire.attribute(1, () => {
    writeIdentity(wire, service);
    wire.text(6, service.sched ?? "rr");
    if (service.pe !== undefined) wire.text(11, service.pe);
    wire.attribute(7, () => wire.number(service.flags ?? 2, 4).number(0xffffffff, 4));
    wire.u32(8, service.timeout ?? 0).u32(9, netmask);
    writeStats(wire, kernel, service.stats ?? {}, [10, 12]);
    if (kernel.unknownAttributes) wire.bytes(60, [1, 2, 3]);
  });
}

function writeDestination(wire: Wire, kernel: Kernel, destination: FakeDestination): void {
  const { tunnel = {} } = destination;
  wire.attribute(2, () => {
    wire.bytes(1, padded(destination.address)).be16(2, destination.port ?? 0);
    wire.u32(3, destination.method ?? 0).u32(4, destination.weight ?? 1);
    wire.u8(13, tunnel.type ?? 0).be16(14, tunnel.port ?? 0).u16(15, tunnel.flags ?? 0);
    wire.u32(5, destination.upperThreshold ?? 0).u32(6, destination.lowerThreshold ?? 0);
    wire.u32(7, destination.active ?? 0).u32(8, destination.inactive ?? 0);
    wire.u32(9, destination.persistent ?? 0);
    // Behind the address, which cannot be read without it.
    const family = destination.address.includes(":") ? INET6 : INET;
    if (!kernel.omitAddressFamily) wire.u16(11, family);
    writeStats(wire, kernel, destination.stats ?? {}, [10, 12]);
    if (kernel.unknownAttributes) wire.bytes(61, []);
  });
}

const NARROW_BYTES = new Set([4, 5]);

function writeStats(wire: Wire, kernel: Kernel, s: FakeStats, nests: [number, number]): void {
  const values = [
    ...[s.connections, s.pktsIn, s.pktsOut, s.bytesIn, s.bytesOut],
    ...[s.cps, s.ppsIn, s.ppsOut, s.bytesInPerSecond, s.bytesOutPerSecond],
  ].map((value) => BigInt(value ?? 0));
  const u64 = (type: number, value: bigint) => {
    if (kernel.padding) wire.bytes(11, []);
    wire.u64(type, value);
  };
  if (kernel.statsWidth === 0) return;
  wire.attribute(nests[0], () => {
    values.forEach((value, i) => {
      if (NARROW_BYTES.has(i + 1)) u64(i + 1, value);
      else wire.u32(i + 1, Number(BigInt.asUintN(32, value)));
    });
    if (kernel.unknownAttributes) wire.u32(62, 7);
  });
  if (kernel.statsWidth === 64) {
    wire.attribute(nests[1], () => values.forEach((value, i) => u64(i + 1, value)));
  }
}

function writeDaemon(wire: Wire, daemon: FakeDaemon): void {
  const { modern } = daemon;
  wire.attribute(3, () => {
    wire.u32(1, daemon.state).text(2, daemon.interface).u32(3, daemon.syncId);
    if (modern === undefined) return;
    const group = addressBytes(modern.group);
    wire.u16(4, modern.maxlen).u16(7, modern.port).u8(8, modern.ttl);
    wire.bytes(group.length === 4 ? 5 : 6, group);
  });
}
