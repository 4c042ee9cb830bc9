import assert from "node:assert/strict";
import { collect } from "../../lib/ipvs/collect.ts";
import type { RealServer } from "../../lib/ipvs/real_server.ts";
import type { VirtualServer } from "../../lib/ipvs/virtual_server.ts";
import { withPrevious } from "../../lib/ipvs/server_list.ts";
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
} from "../_fake_kernel.ts";

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
const SHOWN = {
  ...STATS,
  ...{ connections: "18446744073709551615", pktsIn: "9007199254740992" },
  pktsOut: Number.MAX_SAFE_INTEGER,
};
const ZEROS = Object.fromEntries(Object.keys(STATS).map((name) => [name, 0]));

function models(services: FakeService[], settings: Partial<Kernel> = {}): VirtualServer[] {
  return [...collect(fakeKernel({ services, ...settings })).virtualServers];
}

function realServers(...destinations: FakeDestination[]): RealServer[] {
  return [...models([{ fwmark: 1, destinations }])[0]!.realServers];
}

/** A server as JSON.stringify() writes it, with the exact digits of large numbers as text. */
function json(server: VirtualServer | RealServer): Record<string, unknown> {
  return JSON.parse(
    JSON.stringify(server),
    (_, value, { source }: { source?: string } = {}) =>
      typeof value === "number" && !Number.isSafeInteger(value) ? source : value,
  );
}

Deno.test("VirtualServer has every value of a service with an address", () => {
  const pe = {
    ...{ address: "2001:db8::1", protocol: UDP, port: 5060, sched: "mh", pe: "sip", stats: STATS },
    ...{ flags: 2 | PERSISTENT | ONE_PACKET | SCHED1 | SCHED2, timeout: 4294967, netmask: 64 },
  };
  assert.deepEqual(models([pe]).map(json), [{
    key: "udp [2001:db8::1]:5060",
    state: "empty",
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

Deno.test("VirtualServer with a fwmark has no protocol, address and port", () => {
  const mark = { fwmark: 4294967295, family: INET6, sched: "none" };
  assert.deepEqual(models([mark]).map(json), [{
    key: "fwmark 4294967295 inet6",
    state: "empty",
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

Deno.test("RealServer has every value of a destination", () => {
  const destination = {
    ...{ address: "2001:db8::2", port: 80, method: DROUTE, weight: 2147483647, stats: STATS },
    ...{ upperThreshold: 4294967295, lowerThreshold: 2, active: 3, inactive: 4, persistent: 5 },
  };
  assert.deepEqual(realServers(destination).map(json), [{
    key: "[2001:db8::2]:80",
    state: "near-threshold",
    usable: true,
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

Deno.test("RealServer has tunnel values only if the forwarding method is tunnel", () => {
  const tunnel = { type: 1, port: 6080, flags: 2 };
  const servers = realServers(
    ...[0, LOCAL, TUNNEL, DROUTE, BYPASS].map((method, i) => ({
      ...{ address: `10.0.0.${i}`, method: method | 0x100, tunnel },
    })),
  );
  const shown = ["gue", 6080, "remcsum"];
  const none = [undefined, undefined, undefined];
  assert.deepEqual(
    servers.map(({ tunnelType, tunnelPort, tunnelChecksum }) => [
      ...[tunnelType, tunnelPort, tunnelChecksum],
    ]),
    [none, none, shown, none, none],
  );
});

Deno.test("RealServer has the family of its service if the kernel does not send one", () => {
  const services = [
    { address: "10.0.0.1", port: 80, destinations: [{ address: "10.0.0.2" }] },
    { fwmark: 1, family: INET6, destinations: [{ address: "2001:db8::1" }] },
  ];
  const shown = models(services, { omitAddressFamily: true }).flatMap((
    one,
  ) => [...one.realServers]);
  assert.deepEqual(shown.map(({ addressFamily, address }) => [addressFamily, address]), [
    ["inet", "10.0.0.2"],
    ["inet6", "2001:db8::1"],
  ]);
});

Deno.test("RealServer can have a different family than its service", () => {
  const destinations = [{ address: "2001:db8::1" }, { address: "10.0.0.2" }];
  const shown = models([{ address: "10.0.0.1", port: 80, destinations }])[0]!.realServers;
  assert.deepEqual(shown.map(({ addressFamily, address }) => [addressFamily, address]), [
    ["inet", "10.0.0.2"],
    ["inet6", "2001:db8::1"],
  ]);
});

Deno.test("VirtualServer.key is different for every service", () => {
  const keys = models([
    { address: "10.0.0.1", port: 80 },
    { address: "10.0.0.1", port: 80, protocol: 132 },
    { address: "2001:db8::1", port: 0, protocol: 17 },
    { fwmark: 4294967295 },
    { fwmark: 7, family: 10 },
  ]).map(({ key }) => key);
  assert.deepEqual(keys, [
    "tcp 10.0.0.1:80",
    "sctp 10.0.0.1:80",
    "udp [2001:db8::1]:0",
    "fwmark 7 inet6",
    "fwmark 4294967295 inet",
  ]);
});

Deno.test("Server.ipv4 is the IPv4 address as a number, or undefined", () => {
  const [inet, inet6] = realServers({ address: "192.0.2.255" }, { address: "::c000:2ff" });
  assert.deepEqual([inet!.ipv4, inet6!.ipv4], [0xc00002ff, undefined]);
  const [mark] = models([{ fwmark: 1 }]);
  assert.deepEqual([mark!.ipv4, mark!.address, mark!.port], [undefined, undefined, undefined]);
});

Deno.test("ServerList supports length, at(), iteration and filter()", () => {
  const { virtualServers } = collect(fakeKernel({
    services: [1, 2, 3].map((fwmark) => ({ fwmark, destinations: [{ address: "10.0.0.1" }] })),
  }));
  assert.equal(virtualServers.length, 3);
  assert.deepEqual([...virtualServers].map(({ fwmark }) => fwmark), [1, 2, 3]);
  assert.equal(virtualServers.at(2)?.fwmark, 3);
  assert.equal(virtualServers.at(3), undefined);
  const odd = virtualServers.filter(({ fwmark }) => fwmark! % 2 === 1);
  assert.deepEqual(odd.map(({ key }) => key), ["fwmark 1 inet", "fwmark 3 inet"]);
  assert.equal(odd.at(1)?.realServers.at(0)?.address, "10.0.0.1");
});

Deno.test("withPrevious() pairs servers with the same key", () => {
  const read = (...services: FakeService[]) => collect(fakeKernel({ services })).virtualServers;
  const before = read({ fwmark: 1, sched: "rr" }, { fwmark: 2, sched: "rr" });
  const after = read({ fwmark: 2, sched: "wlc" }, { fwmark: 3, sched: "wlc" });
  const pairs = [...withPrevious(after, before)].map(([now, then]) => [now.key, then?.sched]);
  assert.deepEqual(pairs, [["fwmark 2 inet", "rr"], ["fwmark 3 inet", undefined]]);
});
