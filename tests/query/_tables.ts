/** A table for the tests of queries, and how they name its servers. */
import { collect } from "../../lib/ipvs/collect.ts";
import type { Snapshot } from "../../lib/ipvs/snapshot.ts";
import { fakeKernel, type FakeService, INET6, SCTP, UDP } from "../_fake_kernel.ts";

/** One of each kind of virtual server. */
export const SERVICES: readonly FakeService[] = [
  {
    address: "10.0.0.1",
    port: 80,
    sched: "rr",
    stats: { connections: 7, cps: 1 },
    destinations: [
      { address: "10.1.0.1", port: 80, weight: 1, active: 3 },
      { address: "10.1.0.2", port: 8080, weight: 0, active: 1 },
      { address: "2001:db8:1::1", port: 80, weight: 0 },
    ],
  },
  {
    address: "10.0.0.1",
    port: 53,
    protocol: UDP,
    sched: "wlc",
    stats: { connections: 2n ** 60n },
    destinations: [{ address: "10.1.0.1", port: 53, weight: 0, inactive: 1 }],
  },
  { address: "10.0.1.1", port: 80, protocol: SCTP, sched: "wlc", stats: { connections: 5 } },
  {
    address: "2001:db8::1",
    port: 80,
    sched: "sh",
    stats: { connections: 9 },
    destinations: [{ address: "2001:db8:1::1", port: 80, active: 8 }],
  },
  { fwmark: 7, sched: "rr", destinations: [{ address: "10.1.0.1", weight: 5 }] },
  { fwmark: 7, family: INET6, sched: "rr" },
];

/** The whole table. */
export function table(): Snapshot {
  return collect(fakeKernel({ services: [...SERVICES] }));
}

/** The keys of virtual servers, each with those of its real servers. */
export function keys({ virtualServers }: Snapshot): Record<string, string[]> {
  return Object.fromEntries(
    virtualServers.map(({ key, realServers }) => [key, realServers.map((real) => real.key)]),
  );
}
