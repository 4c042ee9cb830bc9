/**
 * The replies of the fake kernel of `_fake_kernel.ts`, byte for byte as a kernel sends them.
 *
 * @module
 */
import { NotRecordedError } from "../lib/netlink/transport.ts";
import type {
  FakeDaemon,
  FakeDestination,
  FakeService,
  FakeStats,
  Kernel,
} from "./_fake_kernel.ts";
import {
  addressBytes,
  type Head,
  MessageWriter,
  parseAttributes,
  type ParsedRequest,
} from "./_netlink_messages.ts";

const CONTROLLER = 16, NEWFAMILY = 1, MULTI = 2, ERROR = 2, DONE = 3;
const EINVAL = 22, ESRCH = 3;
const INET = 2, INET6 = 10, TCP = 6;
const GET_SERVICE = 4, GET_DEST = 8, GET_DAEMON = 11, GET_CONFIG = 13, GET_INFO = 15;

/** The datagrams in reply to the `count`th request. */
export function* replies(
  kernel: Kernel,
  request: ParsedRequest,
  count: number,
): Generator<Uint8Array> {
  const failure = kernel.onRequest(request, kernel, count);
  const writer = new MessageWriter(kernel.bigEndian);
  const head = { ...request, portId: kernel.portId, flags: 0 };
  if (failure === "not recorded") throw new NotRecordedError("The test did not record this");
  if (failure) return yield errorReply(writer, head, request, failure);
  if (request.type === CONTROLLER) {
    const body = () => writer.u16(1, kernel.familyId).text(2, "IPVS").u32(3, 1);
    return yield writer.generic(head, NEWFAMILY, body).take();
  }
  const { info, timeouts } = kernel;
  if (request.command === GET_INFO) {
    yield writer.generic(head, 14, () => writer.u32(1, info.version).u32(2, info.size)).take();
  } else if (request.command === GET_CONFIG) {
    const { tcp, tcpFin, udp } = timeouts;
    yield writer.generic(head, 12, () => {
      [tcp, tcpFin, udp].forEach((seconds, i) => {
        if (seconds !== undefined) writer.u32(4 + i, seconds);
      });
    }).take();
  } else if (request.command === GET_SERVICE && !request.dump) {
    const service = findService(kernel, request);
    if (service === undefined) return yield errorReply(writer, head, request, { errno: ESRCH });
    yield writer.generic(head, 1, () => writeService(writer, kernel, service)).take();
  } else if (request.dump) yield* dump(writer, head, kernel, request);
  else yield errorReply(writer, head, request, { errno: EINVAL });
}

/** The datagrams of a dump. As in the kernel, each continues at an index of the current list. */
function* dump(
  writer: MessageWriter,
  head: Head,
  kernel: Kernel,
  request: ParsedRequest,
): Generator<Uint8Array> {
  const multi = { ...head, flags: MULTI };
  for (let sent = 0;;) {
    const bodies = entriesOf(writer, kernel, request);
    if (sent >= bodies.length) break;
    if (sent > 0) {
      kernel.onDatagram(request, kernel, sent);
      bodies.splice(0, bodies.length, ...entriesOf(writer, kernel, request));
    }
    const part = bodies.slice(sent, sent + kernel.perDatagram);
    for (const body of part) writer.generic(multi, NEW[request.command]!, body);
    sent += part.length;
    if (part.length > 0) yield writer.take();
  }
  yield writer.message({ ...multi, type: DONE }, () => writer.number(0, 4)).take();
}

const NEW: Readonly<Record<number, number>> = { [GET_SERVICE]: 1, [GET_DEST]: 5, [GET_DAEMON]: 9 };

/** The entries of a dump, each as a function that writes its attributes. */
function entriesOf(writer: MessageWriter, kernel: Kernel, request: ParsedRequest): (() => void)[] {
  const { services, daemons } = kernel;
  if (request.command === GET_SERVICE) {
    return services.map((service) => () => writeService(writer, kernel, service));
  }
  if (request.command === GET_DAEMON) return daemons.map((each) => () => writeDaemon(writer, each));
  // The list of a service that does not exist is empty, as in the kernel.
  const service = findService(kernel, request);
  const destinations = service?.destinations ?? [];
  return destinations.map((each) => () => writeDestination(writer, kernel, each));
}

/** An error message, with the header of the request and the text in an extended ACK. */
function errorReply(
  writer: MessageWriter,
  head: Head,
  request: ParsedRequest,
  { errno, text }: { errno: number; text?: string },
): Uint8Array {
  const flags = 0x100 | (text === undefined ? 0 : 0x200);
  return writer.message({ ...head, type: ERROR, flags }, () => {
    writer.number(-errno, 4).number(request.length, 4);
    writer.number(request.type, 2).number(request.flags, 2);
    writer.number(request.sequence, 4).number(request.portId, 4);
    if (text !== undefined) writer.text(1, text);
  }).take();
}

/** The address family of a service. */
export function familyOf(service: FakeService): number {
  if (service.address === undefined) return service.family ?? INET;
  return service.address.includes(":") ? INET6 : INET;
}

const identities = new WeakMap<FakeService, string>();

function findService(kernel: Kernel, request: ParsedRequest): FakeService | undefined {
  const requested = identityText(request.service);
  return kernel.services.find((service) => {
    let identity = identities.get(service);
    if (identity === undefined) {
      const writer = new MessageWriter();
      writeIdentity(writer, service);
      identities.set(service, identity = identityText(parseAttributes(writer.take())));
    }
    return identity === requested;
  });
}

function identityText(attributes: ReadonlyMap<number, Uint8Array>): string {
  return [...attributes].map(([type, payload]) => `${type}=${payload.join()}`).join(" ");
}

/** Writes the attributes that identify a service. */
export function writeIdentity(writer: MessageWriter, service: FakeService): void {
  writer.u16(1, familyOf(service));
  if (service.address === undefined) writer.u32(5, service.fwmark ?? 0);
  else {
    writer.u16(2, service.protocol ?? TCP);
    writer.bytes(3, padded(service.address)).be16(4, service.port ?? 0);
  }
}

function padded(address: string): number[] {
  const bytes = addressBytes(address);
  return [...bytes, ...new Array<number>(16 - bytes.length).fill(0)];
}

/** Writes a service. */
export function writeService(writer: MessageWriter, kernel: Kernel, service: FakeService): void {
  const netmask = service.netmask ?? (familyOf(service) === INET ? 0xffffffff : 128);
  writer.attribute(1, () => {
    writeIdentity(writer, service);
    writer.text(6, service.sched ?? "rr");
    if (service.pe !== undefined) writer.text(11, service.pe);
    writer.attribute(7, () => writer.number(service.flags ?? 2, 4).number(0xffffffff, 4));
    writer.u32(8, service.timeout ?? 0).u32(9, netmask);
    writeStats(writer, kernel, service.stats ?? {}, [10, 12]);
    if (kernel.unknownAttributes) writer.bytes(60, [1, 2, 3]);
  });
}

function writeDestination(
  writer: MessageWriter,
  kernel: Kernel,
  destination: FakeDestination,
): void {
  const { tunnel = {} } = destination;
  writer.attribute(2, () => {
    writer.bytes(1, padded(destination.address)).be16(2, destination.port ?? 0);
    writer.u32(3, destination.method ?? 0).u32(4, destination.weight ?? 1);
    writer.u8(13, tunnel.type ?? 0).be16(14, tunnel.port ?? 0).u16(15, tunnel.flags ?? 0);
    writer.u32(5, destination.upperThreshold ?? 0).u32(6, destination.lowerThreshold ?? 0);
    writer.u32(7, destination.active ?? 0).u32(8, destination.inactive ?? 0);
    writer.u32(9, destination.persistent ?? 0);
    // As in the kernel, the family comes after the address.
    const family = destination.address.includes(":") ? INET6 : INET;
    if (!kernel.omitAddressFamily) writer.u16(11, family);
    writeStats(writer, kernel, destination.stats ?? {}, [10, 12]);
    if (kernel.unknownAttributes) writer.bytes(61, []);
  });
}

/** IPVS_STATS_ATTR_INBYTES and OUTBYTES, which have 64 bits in STATS too. */
const BYTES = new Set([4, 5]);

function writeStats(
  writer: MessageWriter,
  kernel: Kernel,
  s: FakeStats,
  nests: [number, number],
): void {
  const values = [
    ...[s.connections, s.pktsIn, s.pktsOut, s.bytesIn, s.bytesOut],
    ...[s.cps, s.ppsIn, s.ppsOut, s.bytesInPerSecond, s.bytesOutPerSecond],
  ].map((value) => BigInt(value ?? 0));
  const u64 = (type: number, value: bigint) => {
    if (kernel.padding) writer.bytes(11, []);
    writer.u64(type, value);
  };
  if (kernel.statsWidth === 0) return;
  writer.attribute(nests[0], () => {
    values.forEach((value, i) => {
      if (BYTES.has(i + 1)) u64(i + 1, value);
      else writer.u32(i + 1, Number(BigInt.asUintN(32, value)));
    });
    if (kernel.unknownAttributes) writer.u32(62, 7);
  });
  if (kernel.statsWidth === 64) {
    writer.attribute(nests[1], () => values.forEach((value, i) => u64(i + 1, value)));
  }
}

function writeDaemon(writer: MessageWriter, daemon: FakeDaemon): void {
  const { modern } = daemon;
  writer.attribute(3, () => {
    writer.u32(1, daemon.state).text(2, daemon.interface).u32(3, daemon.syncId);
    if (modern === undefined) return;
    const group = addressBytes(modern.group);
    writer.u16(4, modern.maxlen).u16(7, modern.port).u8(8, modern.ttl);
    writer.bytes(group.length === 4 ? 5 : 6, group);
  });
}
