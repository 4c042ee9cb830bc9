import assert from "node:assert/strict";
import { collect } from "../../lib/ipvs/collect.ts";
import {
  fakeKernel,
  type FakeService,
  GET_CONFIG,
  GET_DAEMON,
  GET_DEST,
  GET_INFO,
  GET_SERVICE,
  type Kernel,
  procPerCpu,
  procStats,
} from "../_fake_kernel.ts";
import { SETTINGS_FILES, statusText } from "../procfs/_status.ts";

const SERVICE: FakeService = {
  address: "10.0.0.1",
  port: 80,
  stats: { connections: 2 ** 32 + 1, bytesIn: 2 ** 40 },
  destinations: [{ address: "10.0.0.2", port: 80 }],
};

function snapshot(settings: Partial<Kernel> = {}) {
  return collect(fakeKernel({ services: [SERVICE], ...settings }));
}

Deno.test("collect() returns the time, the version of IPVS and the timeouts", () => {
  const { time, info, timeouts } = snapshot({ time: 1_700_000_000_000_000_001n });
  assert.equal(time, 1_700_000_000_000_000_001n);
  assert.deepEqual(info, { version: "1.2.1", connectionTableSize: 4096 });
  assert.deepEqual(timeouts, { tcp: 900, tcpFin: 120, udp: 300 });
});

Deno.test("collect() returns the sync daemons of old and new kernels, with IPv4 and IPv6 groups", () => {
  const modern = { maxlen: 1460, group: "224.0.0.81", port: 8848, ttl: 1 };
  const { syncDaemons } = snapshot({
    daemons: [
      { state: 1, interface: "eth0", syncId: 7, modern },
      { state: 2, interface: "eth1", syncId: 8, modern: { ...modern, group: "ff02::51" } },
    ],
  });
  const { syncDaemons: old } = snapshot({
    daemons: [{ state: 2, interface: "br-0123456789", syncId: 255 }],
  });
  const shown = { syncMaxlen: 1460, mcastPort: 8848, mcastTtl: 1 };
  assert.deepEqual(syncDaemons, [
    { state: "master", interface: "eth0", syncId: 7, ...shown, mcastGroup: "224.0.0.81" },
    { state: "backup", interface: "eth1", syncId: 8, ...shown, mcastGroup: "ff02::51" },
  ]);
  assert.deepEqual(old, [{ state: "backup", interface: "br-0123456789", syncId: 255 }]);
});

Deno.test("collect() returns no sync daemons if none runs, and null for replies that were not recorded", () => {
  assert.deepEqual(snapshot().syncDaemons, []);
  const unrecorded = [GET_DAEMON, GET_INFO, GET_CONFIG];
  const { syncDaemons, info, timeouts } = snapshot({
    onRequest: ({ command, type }) =>
      type === 28 && unrecorded.includes(command) ? "not recorded" : undefined,
  });
  assert.deepEqual([syncDaemons, info, timeouts], [null, null, null]);
});

Deno.test("collect() returns the totals and CPU counters in /proc, and null if they cannot be read", () => {
  const stats = { connections: 2n ** 63n, pktsIn: 1, pktsOut: 2, bytesIn: 3, bytesOut: 4 };
  const rates = { cps: 5, ppsIn: 6, ppsOut: 7, bytesInPerSecond: 8, bytesOutPerSecond: 9 };
  const { totals, cpus } = snapshot({
    proc: {
      ip_vs_stats: procStats({ ...stats, ...rates }),
      ip_vs_stats_percpu: procPerCpu([stats, { ...stats, connections: 1 }]),
    },
  });
  assert.deepEqual(totals, { ...stats, ...rates });
  assert.deepEqual(cpus, [{ cpu: 0, ...stats }, { cpu: 1, ...stats, connections: 1 }]);
  assert.deepEqual([snapshot().totals, snapshot().cpus], [null, null]);
});

Deno.test("collect() returns the settings and the kernel's status, and null if they cannot be read", () => {
  const { settings, kernelStatus } = snapshot({
    proc: { ip_vs_status: statusText("demo"), ...SETTINGS_FILES },
  });
  assert.deepEqual([settings?.connMax, settings?.svcLfactor], [1073741824, 3]);
  assert.deepEqual([kernelStatus?.connections, kernelStatus?.serviceTable.buckets], [982, 128]);
  const none = snapshot();
  assert.deepEqual([none.settings, none.kernelStatus], [null, null]);
});

Deno.test("collect() reports whether the counters are from STATS64 or STATS", () => {
  const read = (statsWidth: 32 | 64) => {
    const taken = snapshot({ statsWidth });
    return [taken.statsWidth, [...taken.virtualServers][0]!.connections];
  };
  assert.deepEqual(read(64), [64, 2 ** 32 + 1]);
  assert.deepEqual(read(32), [32, 1]);
});

Deno.test("collect() decodes big-endian replies like little-endian ones", () => {
  const little = snapshot(), big = snapshot({ bigEndian: true });
  assert.equal(JSON.stringify(big.virtualServers), JSON.stringify(little.virtualServers));
  assert.equal(big.virtualServers.length, 1);
  assert.deepEqual([big.info, big.timeouts], [little.info, little.timeouts]);
});

Deno.test("collect() counts unknown attributes, but not padding", () => {
  // The service and the destination each have one, and one in STATS, which is read only without
  // STATS64.
  const unknown = { unknownAttributes: true, padding: true };
  assert.equal(snapshot(unknown).unknownAttributes, 2);
  assert.equal(snapshot({ ...unknown, statsWidth: 32 }).unknownAttributes, 4);
  assert.equal(snapshot({ padding: true }).unknownAttributes, 0);
});

Deno.test("collect() sends only the five commands that read", () => {
  const source = fakeKernel({ services: [SERVICE, { fwmark: 1 }], perDatagram: 1 });
  source.kernel.onDatagram = () => source.kernel.services = [{ fwmark: 1 }, { fwmark: 2 }];
  collect(source);
  const commands = source.requests.filter(({ type }) => type === 28).map(({ command }) => command);
  assert.deepEqual([...new Set(commands)].sort((a, b) => a - b), [
    ...[GET_SERVICE, GET_DEST, GET_DAEMON, GET_CONFIG, GET_INFO],
  ]);
});

Deno.test("collect() throws a NetlinkError if the kernel returns an error", () => {
  const failing = (errno: number, failed: number) => () =>
    snapshot({ onRequest: ({ command }) => command === failed ? { errno } : undefined });
  assert.throws(failing(2, 3), { name: "NetlinkError", code: "ENOENT" });
  for (const command of [GET_INFO, GET_CONFIG, GET_DAEMON, GET_SERVICE, GET_DEST]) {
    assert.throws(failing(1, command), { name: "NetlinkError", code: "EPERM" });
  }
});

Deno.test("collect() throws if a service has an unknown address family", () => {
  assert.throws(() => snapshot({ services: [{ fwmark: 1, family: 7 }] }), {
    name: "DecodeError",
    message: /^Cannot decode IPVS_SVC_ATTR_AF at offset 20: no address family 7$/,
  });
});

Deno.test("collect() throws if a service has neither a fwmark nor protocol, address and port", () => {
  assert.throws(() => snapshot({ services: [{ fwmark: 0 }] }), {
    name: "DecodeError",
    message: "Cannot decode the service at offset 20: no fwmark, and no protocol, address and port",
  });
});

Deno.test("collect() throws if a service has no counters", () => {
  assert.throws(() => snapshot({ services: [{ fwmark: 1 }], statsWidth: 0 }), {
    name: "DecodeError",
    message: "Cannot decode the service at offset 20: no counters",
  });
});

Deno.test("collect() omits timeouts of protocols that the kernel was built without", () => {
  assert.deepEqual(snapshot({ timeouts: { udp: 300 } }).timeouts, { udp: 300 });
  assert.deepEqual(snapshot({ timeouts: {} }).timeouts, {});
});
