/**
 * A fake kernel that answers netlink requests byte for byte as a real one does, from a table that
 * the test writes down. What a test gets of it went through the whole program:
 *
 * ```ts
 * import { collect } from "../lib/ipvs/collect.ts";
 *
 * const snapshot = collect(fakeKernel({
 *   services: [
 *     { address: "10.0.0.1", port: 80, stats: { connections: 2n ** 63n }, destinations: [
 *       { address: "192.168.0.1", port: 8080, weight: 3 },
 *       { address: "2001:db8::1", port: 8080, method: TUNNEL, tunnel: { type: 1, port: 5000 } },
 *     ] },
 *     { fwmark: 4294967295, family: 10 },
 *   ],
 *   perDatagram: 2, // answers in a datagram
 * }));
 * ```
 *
 * A dump's cursor is a plain index into the table, as the kernel's is: a hook that changes
 * `kernel.services` between two datagrams tears the dump the way it is torn in nature. Everything
 * of {@linkcode Kernel} may be changed at any time, by a hook or by the test.
 *
 * @module
 */
import type { Source } from "../lib/ipvs/collect.ts";
import { Datagram, type Transport } from "../lib/netlink/transport.ts";
import { answers } from "./_answers.ts";
import { type ParsedRequest, parseRequest } from "./_wire.ts";

export const INET = 2;
export const INET6 = 10;
export const TCP = 6;
export const UDP = 17;
export const SCTP = 132;
/** Forwarding methods. */
export const MASQ = 0, LOCAL = 1, TUNNEL = 2, DROUTE = 3, BYPASS = 4;
/** Service flags. */
export const PERSISTENT = 1, HASHED = 2, ONE_PACKET = 4, SCHED1 = 8, SCHED2 = 16, SCHED3 = 32;
/** Commands, of the requests. */
export const GET_SERVICE = 4, GET_DEST = 8, GET_DAEMON = 11, GET_CONFIG = 13, GET_INFO = 15;

/** The ten values of a stats nest; 0 where not given. */
export interface FakeStats {
  readonly connections?: number | bigint;
  readonly pktsIn?: number | bigint;
  readonly pktsOut?: number | bigint;
  readonly bytesIn?: number | bigint;
  readonly bytesOut?: number | bigint;
  readonly cps?: number | bigint;
  readonly ppsIn?: number | bigint;
  readonly ppsOut?: number | bigint;
  readonly bytesInPerSecond?: number | bigint;
  readonly bytesOutPerSecond?: number | bigint;
}

/** A destination; its family is that of its address's text. */
export interface FakeDestination {
  readonly address: string;
  readonly port?: number;
  /** The whole connection flags, of which the low three bits are the forwarding method. */
  readonly method?: number;
  /** Default 1. */
  readonly weight?: number;
  readonly upperThreshold?: number;
  readonly lowerThreshold?: number;
  readonly active?: number;
  readonly inactive?: number;
  readonly persistent?: number;
  readonly tunnel?: { readonly type?: number; readonly port?: number; readonly flags?: number };
  readonly stats?: FakeStats;
}

/** A service: with an address, of which its family is, or with a mark and a family (IPv4). */
export interface FakeService {
  readonly address?: string;
  /** Default TCP. */
  readonly protocol?: number;
  readonly port?: number;
  readonly fwmark?: number;
  readonly family?: number;
  /** Default `rr`. */
  readonly sched?: string;
  /** Default HASHED, which every service has that is in the table. */
  readonly flags?: number;
  readonly timeout?: number;
  /** As the kernel sends it: an IPv4 mask as it lies in memory, or a prefix length of IPv6. */
  readonly netmask?: number;
  readonly pe?: string;
  readonly stats?: FakeStats;
  readonly destinations?: readonly FakeDestination[];
}

/** A sync daemon, as a kernel from 4.3 on tells of it; without `modern` only the first three. */
export interface FakeDaemon {
  readonly state: number;
  readonly interface: string;
  readonly syncId: number;
  readonly modern?: {
    readonly maxlen: number;
    readonly group: string;
    readonly port: number;
    readonly ttl: number;
  };
}

/** How a request is refused: by an errno with the kernel's words, or because nobody recorded it. */
export type Refusal = { readonly errno: number; readonly text?: string } | "not recorded";

/** Everything that the fake kernel goes by. */
export interface Kernel {
  services: readonly FakeService[];
  /** Version as the kernel codes it (0x010201 = 1.2.1) and table size. */
  info: { readonly version: number; readonly size: number };
  /** Seconds. */
  timeouts: { readonly tcp?: number; readonly tcpFin?: number; readonly udp?: number };
  daemons: readonly FakeDaemon[];
  /** Text by the file's name below /proc/net; others cannot be read. */
  proc: Readonly<Record<string, string>>;
  /** Nanoseconds since 1970. */
  time: bigint;
  /** Answers that a dump puts in one datagram; default all. */
  perDatagram: number;
  /** 32 leaves STATS64 out, as kernels before 4.1; 0 leaves both out, as no kernel does. */
  statsWidth: 64 | 32 | 0;
  /** Destinations do not tell their family, as before 3.18. */
  omitAddressFamily: boolean;
  /** Answers are big-endian; requests never are. */
  bigEndian: boolean;
  /** Every service, destination and stats nest has an attribute that nobody knows. */
  unknownAttributes: boolean;
  /** Every 64-bit value has IPVS_STATS_ATTR_PAD before it, as where alignment matters. */
  padding: boolean;
  familyId: number;
  portId: number;
  /** Called before a request is answered; the `count`th of all, from 0. */
  onRequest(request: ParsedRequest, kernel: Kernel, count: number): Refusal | undefined | void;
  /** Called between two datagrams of a dump, after `sent` of its answers. */
  onDatagram(request: ParsedRequest, kernel: Kernel, sent: number): void;
}

/** A source of which the test holds the kernel; `requests` are those that it has had. */
export interface FakeSource extends Source {
  readonly kernel: Kernel;
  readonly requests: readonly ParsedRequest[];
}

const DEFAULTS: Kernel = {
  services: [],
  info: { version: 0x010201, size: 4096 },
  timeouts: { tcp: 900, tcpFin: 120, udp: 300 },
  daemons: [],
  proc: {},
  time: 1_763_773_323_123_456_789n,
  perDatagram: Infinity,
  statsWidth: 64,
  omitAddressFamily: false,
  bigEndian: false,
  unknownAttributes: false,
  padding: false,
  familyId: 28,
  portId: 4711,
  onRequest: () => undefined,
  onDatagram: () => {},
};

/** Makes a source of a kernel with these settings; see the module's comment. */
export function fakeKernel(settings: Partial<Kernel> = {}): FakeSource {
  const kernel: Kernel = { ...DEFAULTS, ...settings };
  const requests: ParsedRequest[] = [];
  const transport: Transport = {
    portId: kernel.portId,
    *exchange(bytes: Uint8Array): Generator<Datagram> {
      const request = parseRequest(bytes);
      requests.push(request);
      for (const answer of answers(kernel, request, requests.length - 1)) {
        yield Datagram.from(answer, !kernel.bigEndian);
      }
    },
    [Symbol.dispose]() {},
  };
  return {
    kernel,
    requests,
    transport,
    now: () => kernel.time,
    readProc: (name) => kernel.proc[name],
  };
}

/** `/proc/net/ip_vs_stats` with these totals. */
export function procStats(stats: FakeStats): string {
  const hex = (value: number | bigint = 0) => value.toString(16).toUpperCase().padStart(8);
  const { connections, pktsIn, pktsOut, bytesIn, bytesOut } = stats;
  const { cps, ppsIn, ppsOut, bytesInPerSecond, bytesOutPerSecond } = stats;
  const counters = [connections, pktsIn, pktsOut, bytesIn, bytesOut].map(hex).join(" ");
  const rates = [cps, ppsIn, ppsOut, bytesInPerSecond, bytesOutPerSecond].map(hex).join(" ");
  return "   Total Incoming Outgoing         Incoming         Outgoing\n" +
    "   Conns  Packets  Packets            Bytes            Bytes\n" +
    `${counters}\n\n` +
    " Conns/s   Pkts/s   Pkts/s          Bytes/s          Bytes/s\n" +
    `${rates}\n`;
}

/** `/proc/net/ip_vs_stats_percpu` with a line for each CPU from 0. */
export function procPerCpu(cpus: readonly FakeStats[]): string {
  const hex = (value: number | bigint = 0) => value.toString(16).toUpperCase().padStart(8);
  const line = (s: FakeStats) =>
    [s.connections, s.pktsIn, s.pktsOut, s.bytesIn, s.bytesOut].map(hex).join(" ");
  return "       Total Incoming Outgoing         Incoming         Outgoing\n" +
    "CPU    Conns  Packets  Packets            Bytes            Bytes\n" +
    cpus.map((cpu, i) => `${i.toString(16).toUpperCase().padStart(3)} ${line(cpu)}\n`).join("") +
    `  ~ ${line({})}\n\n     Conns/s   Pkts/s   Pkts/s          Bytes/s          Bytes/s\n` +
    `    ${line({})}\n`;
}

/**
 * A kernel of one virtual server, `fwmark 1 inet`, whose real servers no two readings agree on: each
 * has one that no other has.
 */
export function inconsistentKernel(): FakeSource {
  let readings = 0;
  return fakeKernel({
    perDatagram: 1,
    services: [{ fwmark: 1 }],
    onRequest({ command }, kernel) {
      if (command !== GET_DEST) return;
      const destinations = [{ address: "10.0.0.1" }, { address: `10.0.1.${readings++}` }];
      kernel.services = [{ fwmark: 1, destinations }];
    },
  });
}
