import assert from "node:assert/strict";
import { collect } from "../../lib/ipvs/collect.ts";
import { serviceName, type VirtualServer, virtualServers } from "../../lib/ipvs/model.ts";
import {
  BYPASS,
  DROUTE,
  type FakeDestination,
  fakeKernel,
  type FakeService,
  INET6,
  type Kernel,
  LOCAL,
  ONE_PACKET,
  PERSISTENT,
  SCHED1,
  SCHED2,
  TUNNEL,
  UDP,
} from "../_fixtures.ts";
import { serviceRows } from "./_rows.ts";

const STATS = {
  ...{
    connections: 2n ** 64n - 1n,
    pktsIn: 2n ** 53n,
    pktsOut: 2n ** 53n - 1n,
    bytesIn: 4,
    bytesOut: 5,
  },
  ...{ cps: 6, ppsIn: 7, ppsOut: 8, bytesInPerSecond: 9, bytesOutPerSecond: 2 ** 33 },
};
const SHOWN = { ...STATS, pktsOut: Number.MAX_SAFE_INTEGER };
const ZEROS = Object.fromEntries(Object.keys(STATS).map((name) => [name, 0]));

function models(services: FakeService[], settings: Partial<Kernel> = {}): VirtualServer[] {
  return virtualServers(collect(fakeKernel({ services, ...settings })));
}

function realServers(...destinations: FakeDestination[]) {
  return models([{ fwmark: 1, destinations }])[0]!.realServers;
}

Deno.test("virtualServers() shows everything of a service with an address", () => {
  const pe = {
    ...{ address: "2001:db8::1", protocol: UDP, port: 5060, sched: "mh", pe: "sip", stats: STATS },
    ...{ flags: 2 | PERSISTENT | ONE_PACKET | SCHED1 | SCHED2, timeout: 4294967, netmask: 64 },
  };
  assert.deepEqual(models([pe]), [{
    addressFamily: "inet6",
    protocol: "udp",
    address: "2001:db8::1",
    port: 5060,
    sched: "mh",
    schedFlags: ["mh-fallback", "mh-port"],
    flags: 31,
    onePacket: true,
    persistent: true,
    persistenceTimeout: 4294967,
    netmask: 64,
    pe: "sip",
    ...SHOWN,
    realServers: [],
  }]);
});

Deno.test("virtualServers() shows a mark without protocol, address, port and PE", () => {
  assert.deepEqual(models([{ fwmark: 4294967295, family: INET6, sched: "none" }]), [{
    addressFamily: "inet6",
    fwmark: 4294967295,
    sched: "none",
    schedFlags: [],
    flags: 2,
    onePacket: false,
    persistent: false,
    persistenceTimeout: 0,
    netmask: 128,
    ...ZEROS,
    realServers: [],
  }]);
});

Deno.test("virtualServers() shows everything of a destination", () => {
  const destination = {
    ...{ address: "2001:db8::2", port: 80, method: DROUTE, weight: 2147483647, stats: STATS },
    ...{ upperThreshold: 4294967295, lowerThreshold: 2, active: 3, inactive: 4, persistent: 5 },
  };
  assert.deepEqual(realServers(destination), [{
    addressFamily: "inet6",
    address: "2001:db8::2",
    port: 80,
    forwardingMethod: "droute",
    weight: 2147483647,
    upperThreshold: 4294967295,
    lowerThreshold: 2,
    activeConnections: 3,
    inactiveConnections: 4,
    persistentConnections: 5,
    ...SHOWN,
  }]);
});

Deno.test("virtualServers() shows the tunnel only behind the method tunnel", () => {
  const tunnel = { type: 1, port: 6080, flags: 2 };
  const servers = realServers(
    ...[0, LOCAL, TUNNEL, DROUTE, BYPASS].map((method, i) => ({
      ...{ address: `10.0.0.${i}`, method: method | 0x100, tunnel },
    })),
  );
  const shown = { type: "gue", port: 6080, checksum: "remcsum" };
  assert.deepEqual(servers.map((server) => server.tunnel), [
    ...[undefined, undefined, shown, undefined, undefined],
  ]);
});

Deno.test("virtualServers() takes the family from the service before 3.18", () => {
  const services = [
    { address: "10.0.0.1", port: 80, destinations: [{ address: "10.0.0.2" }] },
    { fwmark: 1, family: INET6, destinations: [{ address: "2001:db8::1" }] },
  ];
  const shown = models(services, { omitAddressFamily: true }).flatMap((one) => one.realServers);
  assert.deepEqual(shown.map(({ addressFamily, address }) => [addressFamily, address]), [
    ["inet", "10.0.0.2"],
    ["inet6", "2001:db8::1"],
  ]);
});

Deno.test("virtualServers() lets the family of a destination differ from its service's", () => {
  const destinations = [{ address: "2001:db8::1" }, { address: "10.0.0.2" }];
  const shown = models([{ address: "10.0.0.1", port: 80, destinations }])[0]!.realServers;
  assert.deepEqual(shown.map(({ addressFamily, address }) => [addressFamily, address]), [
    ["inet", "10.0.0.2"],
    ["inet6", "2001:db8::1"],
  ]);
});

Deno.test("serviceName() tells every service apart", () => {
  const rows = serviceRows([
    { address: "10.0.0.1", port: 80 },
    { address: "10.0.0.1", port: 80, protocol: 132 },
    { address: "2001:db8::1", port: 0, protocol: 17 },
    { fwmark: 4294967295 },
    { fwmark: 7, family: 10 },
  ]);
  assert.deepEqual([0, 1, 2, 3, 4].map((row) => serviceName(rows, row)), [
    "tcp 10.0.0.1:80",
    "sctp 10.0.0.1:80",
    "udp [2001:db8::1]:0",
    "fwmark 4294967295 inet",
    "fwmark 7 inet6",
  ]);
});
