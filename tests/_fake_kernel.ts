/**
 * A fake kernel that replies to netlink requests byte for byte as a real one does, from a table that
 * the test defines. The test gets what the whole program makes of the replies:
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
 *   perDatagram: 2, // replies in a datagram
 * }));
 * ```
 *
 * A dump continues at an index into the table, as in the kernel: a hook that changes
 * `kernel.services` between two datagrams makes the dump skip or repeat entries as a real one does.
 * A hook or the test may change any property of {@linkcode Kernel} at any time.
 *
 * @module
 */
import type { Source } from "../lib/ipvs/collect.ts";
import { Datagram, type Transport } from "../lib/netlink/transport.ts";
import { replies } from "./_fake_replies.ts";
import { type ParsedRequest, parseRequest } from "./_netlink_messages.ts";

export const INET = 2;
export const INET6 = 10;
export const TCP = 6;
export const UDP = 17;
export const SCTP = 132;
/** Forwarding methods. */
export const MASQ = 0, LOCAL = 1, TUNNEL = 2, DROUTE = 3, BYPASS = 4;
/** Service flags. */
export const PERSISTENT = 1, HASHED = 2, ONE_PACKET = 4, SCHED1 = 8, SCHED2 = 16, SCHED3 = 32;
/** Commands of the requests. */
export const GET_SERVICE = 4, GET_DEST = 8, GET_DAEMON = 11, GET_CONFIG = 13, GET_INFO = 15;

/** The ten values of a stats nest; default 0. */
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

/** A destination; its address determines its family. */
export interface FakeDestination {
  readonly address: string;
  readonly port?: number;
  /** All connection flags; the low three bits are the forwarding method. */
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

/** A service: an address, which determines the family, or a fwmark and a family (default IPv4). */
export interface FakeService {
  readonly address?: string;
  /** Default TCP. */
  readonly protocol?: number;
  readonly port?: number;
  readonly fwmark?: number;
  readonly family?: number;
  /** Default `rr`. */
  readonly sched?: string;
  /** Default HASHED, which the kernel sets for every service in its table. */
  readonly flags?: number;
  readonly timeout?: number;
  /** As the kernel sends it: for IPv4 a mask in network byte order, for IPv6 a prefix length. */
  readonly netmask?: number;
  readonly pe?: string;
  readonly stats?: FakeStats;
  readonly destinations?: readonly FakeDestination[];
}

/** A sync daemon. Kernels before 4.3 report only the first three values. */
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

/** Why a request fails: an errno with the text of an extended ACK, or it was not recorded. */
export type Failure = { readonly errno: number; readonly text?: string } | "not recorded";

/** The state of the fake kernel, and how it replies. */
export interface Kernel {
  services: readonly FakeService[];
  /** Version as the kernel encodes it (0x010201 is 1.2.1), and size of the connection table. */
  info: { readonly version: number; readonly size: number };
  /** Seconds. */
  timeouts: { readonly tcp?: number; readonly tcpFin?: number; readonly udp?: number };
  daemons: readonly FakeDaemon[];
  /** The text of files by their name in /proc/net; other files cannot be read. */
  proc: Readonly<Record<string, string>>;
  /** Nanoseconds since 1970. */
  time: bigint;
  /** Number of entries in one datagram of a dump; default all. */
  perDatagram: number;
  /** 32 omits STATS64, as kernels before 4.1 do; 0 omits both, as no kernel does. */
  statsWidth: 64 | 32 | 0;
  /** Omits the family of destinations, as kernels before 3.18 do. */
  omitAddressFamily: boolean;
  /** Replies are big-endian; requests never are. */
  bigEndian: boolean;
  /** Every service, destination and stats nest has an attribute that the schema does not know. */
  unknownAttributes: boolean;
  /** Every 64-bit value follows an IPVS_STATS_ATTR_PAD, as on kernels that align them. */
  padding: boolean;
  familyId: number;
  portId: number;
  /** Called before the reply to a request, the `count`th of all, from 0. */
  onRequest(request: ParsedRequest, kernel: Kernel, count: number): Failure | undefined | void;
  /** Called between two datagrams of a dump, after `sent` of its entries. */
  onDatagram(request: ParsedRequest, kernel: Kernel, sent: number): void;
}

/** A source with its kernel and the requests so far. */
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

/** Creates a source with a kernel of these settings; see the example at the top. */
export function fakeKernel(settings: Partial<Kernel> = {}): FakeSource {
  const kernel: Kernel = { ...DEFAULTS, ...settings };
  const requests: ParsedRequest[] = [];
  const transport: Transport = {
    portId: kernel.portId,
    *exchange(bytes: Uint8Array): Generator<Datagram> {
      const request = parseRequest(bytes);
      requests.push(request);
      for (const reply of replies(kernel, request, requests.length - 1)) {
        yield Datagram.from(reply, !kernel.bigEndian);
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
 * A kernel with one virtual server, `fwmark 1 inet`, whose list of real servers differs in every
 * read.
 */
export function inconsistentKernel(): FakeSource {
  let reads = 0;
  return fakeKernel({
    perDatagram: 1,
    services: [{ fwmark: 1 }],
    onRequest({ command }, kernel) {
      if (command !== GET_DEST) return;
      const destinations = [{ address: "10.0.0.1" }, { address: `10.0.1.${reads++}` }];
      kernel.services = [{ fwmark: 1, destinations }];
    },
  });
}
