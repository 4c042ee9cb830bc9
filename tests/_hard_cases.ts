/**
 * A table of everything that is hard to print: every setting that a kernel accepts, and counters
 * too large to reach with traffic in a test.
 *
 * @module
 */
import {
  BYPASS,
  DROUTE,
  type FakeDestination,
  fakeKernel,
  type FakeService,
  type FakeSource,
  type FakeStats,
  HASHED,
  INET,
  INET6,
  type Kernel,
  LOCAL,
  MASQ,
  ONE_PACKET,
  PERSISTENT,
  procPerCpu,
  procStats,
  SCHED1,
  SCHED2,
  SCHED3,
  SCTP,
  TUNNEL,
  UDP,
} from "./_fake_kernel.ts";

/** 64-bit values that are easily truncated, rounded or taken for signed ones. */
export const EDGES: readonly bigint[] = [
  ...[0n, 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n],
  ...[2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n, 10n ** 18n + 7n, 4294967296000000001n],
];

/** Ten different edge values, beginning with the one at an index. */
export function edgeStats(first: number): FakeStats {
  const edge = (i: number) => EDGES[(first + i) % EDGES.length]!;
  return {
    connections: edge(0),
    pktsIn: edge(1),
    pktsOut: edge(2),
    bytesIn: edge(3),
    bytesOut: edge(4),
    cps: edge(5),
    ppsIn: edge(6),
    ppsOut: edge(7),
    bytesInPerSecond: edge(8),
    bytesOutPerSecond: edge(9),
  };
}

const FORWARDING: readonly FakeDestination[] = [
  { address: "192.168.0.1", port: 8080, method: MASQ, weight: 2147483647 },
  { address: "192.168.0.2", port: 80, method: LOCAL, weight: 0 },
  { address: "192.168.0.3", port: 80, method: TUNNEL, tunnel: { type: 0, flags: 0 } },
  { address: "192.168.0.4", port: 80, method: TUNNEL, tunnel: { type: 1, port: 5555, flags: 1 } },
  { address: "192.168.0.5", port: 80, method: TUNNEL, tunnel: { type: 1, port: 65535, flags: 2 } },
  { address: "192.168.0.6", port: 80, method: TUNNEL, tunnel: { type: 2, flags: 1 } },
  { address: "192.168.0.10", port: 80, method: TUNNEL, tunnel: { type: 2, flags: 0 } },
  { address: "192.168.0.7", port: 80, method: DROUTE, upperThreshold: 4000000000 },
  { address: "192.168.0.8", port: 80, method: BYPASS, upperThreshold: 9, lowerThreshold: 5 },
  // The method shares its field with flags of the kernel.
  { address: "192.168.0.9", port: 80, method: 0x100 | DROUTE, active: 4294967295, inactive: 7 },
  { address: "2001:db8::9", port: 80, method: TUNNEL, persistent: 12 },
  // Sorted before the one with the same address and a higher port.
  { address: "192.168.0.1", port: 80, method: DROUTE },
];

const SCHEDULERS: readonly FakeService[] = [
  ...["rr", "wrr", "lc", "wlc", "fo", "ovf", "lblc", "lblcr", "dh", "sed", "nq", "twos", "none"],
].map((sched, i) => ({ address: "10.1.0.1", port: 1000 + i, sched, destinations: [] }));

const FLAGGED: readonly FakeService[] = ["sh", "mh", "rr"].flatMap((sched, i) =>
  [SCHED1, SCHED2, SCHED1 | SCHED2, SCHED1 | SCHED2 | SCHED3].map((flags, j) => ({
    address: "10.1.0.2",
    port: 100 * i + j,
    sched,
    flags: HASHED | flags,
  }))
);

/** The real servers of the same fwmark in IPv4 and IPv6. */
const SHARED: readonly FakeDestination[] = [
  { address: "172.16.0.1", port: 80, method: TUNNEL },
  { address: "fd00::1", port: 80, method: TUNNEL },
];

const SERVICES: readonly FakeService[] = [
  { address: "10.0.0.1", port: 80, sched: "wlc", destinations: FORWARDING },
  { address: "10.0.0.1", port: 80, protocol: UDP, flags: HASHED | ONE_PACKET, pe: "sip" },
  { address: "10.0.0.1", port: 80, protocol: SCTP, destinations: FORWARDING.slice(0, 2) },
  { address: "0.0.0.0", port: 0, flags: HASHED | PERSISTENT, timeout: 4294967, netmask: 0xffff },
  { address: "255.255.255.255", port: 65535, flags: HASHED | PERSISTENT, timeout: 300, netmask: 0 },
  { address: "::", port: 0, destinations: [{ address: "::1", port: 0 }] },
  { address: "2001:db8::1", port: 443, netmask: 64, flags: HASHED | PERSISTENT, timeout: 60 },
  { address: "2001:db8:1111:2222:3333:4444:5555:6666", protocol: UDP, port: 53, netmask: 1 },
  { address: "::ffff:10.0.0.1", port: 80, destinations: [{ address: "::ffff:192.168.0.1" }] },
  { fwmark: 1, family: INET, destinations: SHARED },
  { fwmark: 1, family: INET6, destinations: SHARED },
  { fwmark: 4294967295, family: INET6, sched: "sh", destinations: FORWARDING },
  { fwmark: 2147483648, family: INET },
  ...SCHEDULERS,
  ...FLAGGED,
];

/** The services, with edge values for their counters. */
export const HARD_SERVICES: readonly FakeService[] = SERVICES.map((service, i) => ({
  ...service,
  stats: edgeStats(i),
  destinations: (service.destinations ?? []).map((each, j) => ({
    ...each,
    stats: edgeStats(i + 3 * j + 1),
  })),
}));

/** The totals. */
export const HARD_TOTALS = edgeStats(8);
/** The counters of each CPU. */
export const HARD_CPUS: readonly FakeStats[] = [edgeStats(9), edgeStats(2)];

/** A kernel with all of these, and with sync daemons. */
export function hardKernel(settings: Partial<Kernel> = {}): FakeSource {
  return fakeKernel({
    services: HARD_SERVICES,
    daemons: [
      { state: 1, interface: "eth0", syncId: 1 },
      {
        state: 2,
        interface: "bond0.100",
        syncId: 255,
        modern: { maxlen: 1472, group: "ff02::81", port: 8848, ttl: 255 },
      },
    ],
    proc: {
      ip_vs_stats: procStats(HARD_TOTALS),
      ip_vs_stats_percpu: procPerCpu(HARD_CPUS),
    },
    ...settings,
  });
}
