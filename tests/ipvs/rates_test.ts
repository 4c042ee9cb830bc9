import assert from "node:assert/strict";
import fc from "fast-check";
import { collect } from "../../lib/ipvs/collect.ts";
import { ratesBetween, withRates } from "../../lib/ipvs/rates.ts";
import type { Snapshot } from "../../lib/ipvs/snapshot.ts";
import {
  fakeKernel,
  type FakeService,
  type FakeStats,
  INET6,
  type Kernel,
} from "../_fake_kernel.ts";

const SECOND = 1_000_000_000n;
const NAMES = ["connections", "pktsIn", "pktsOut", "bytesIn", "bytesOut"] as const;
const NO_RATES = { connections: 0, pktsIn: 0, pktsOut: 0, bytesIn: 0, bytesOut: 0 };

/** A line of /proc with hexadecimal columns. */
const hex = (...values: (number | bigint)[]) => values.map((n) => n.toString(16)).join(" ");

/** The text of ip_vs_stats_percpu, with these connections on two CPUs. */
function perCpu(first: number | bigint, second: number | bigint): string {
  return `t\nh\n${hex(0, first, 0, 0, 0, 0)}\n${hex(1, second, 0, 0, 0, 0)}\n~ 0 0 0 0 0\n`;
}

/** The text of ip_vs_stats, with these connections. */
const stats = (connections: number) => `t\nh\n${hex(connections, 0, 0, 0, 0)}\n\nh\n0 0 0 0 0\n`;

const RUNNING = { "sys/net/ipv4/vs/run_estimation": "1\n" };

function read(kernel: Partial<Kernel>): Snapshot {
  return collect(fakeKernel({ proc: RUNNING, ...kernel }));
}

function service(stats: FakeStats, real: FakeStats = stats): FakeService {
  const destinations = [{ address: "192.168.0.1", port: 8080, stats: real }];
  return { address: "10.0.0.1", port: 80, stats, destinations };
}

/** The rates after two seconds, of the first virtual server and its first real server. */
function rates(before: Partial<Kernel>, after: Partial<Kernel>) {
  const snapshot = withRates(
    read({ time: 3n * SECOND, ...after }),
    read({ time: SECOND, ...before }),
  );
  const virtual = snapshot.virtualServers.at(0);
  return {
    virtual: virtual?.measured,
    real: virtual?.realServers.at(0)?.measured,
    measured: snapshot.measured!,
  };
}

Deno.test("measured rates are the differences of the counters over the time between the reads", () => {
  const before = { connections: 1, pktsIn: 10, pktsOut: 20, bytesIn: 100, bytesOut: 200 };
  const after = { connections: 2, pktsIn: 14, pktsOut: 30, bytesIn: 1100, bytesOut: 200 };
  const expected = { cps: 0.5, ppsIn: 2, ppsOut: 5, bytesInPerSecond: 500, bytesOutPerSecond: 0 };
  const { virtual, real, measured } = rates(
    { services: [service(NO_RATES, before)] },
    { services: [service(after, after)] },
  );
  assert.deepEqual(real, expected);
  assert.deepEqual([virtual?.cps, virtual?.bytesInPerSecond], [1, 550]);
  assert.equal(measured.interval, 2n * SECOND);
});

Deno.test("measured rates are exact for counters beyond 2^53 and up to 2^64-1", () => {
  const counter = fc.bigInt(0n, 2n ** 64n - 1n);
  fc.assert(fc.property(counter, counter, fc.bigInt(1n, 10n ** 15n), (a, b, nanoseconds) => {
    const [low, high] = a < b ? [a, b] : [b, a];
    const counters = (value: bigint) =>
      collect(fakeKernel({ services: [service({ bytesIn: value })] })).virtualServers.at(0)!;
    const rate = ratesBetween(counters(high), counters(low), nanoseconds)!.bytesInPerSecond;
    const expected = Number((high - low) * SECOND * 10n ** 9n / nanoseconds) / 1e9;
    assert.ok(Math.abs(rate - expected) <= expected * 1e-12 + 1e-9, `${rate}, not ${expected}`);
  }));
});

for (const name of NAMES) {
  Deno.test(`a server whose ${name} went back has no measured rates`, () => {
    const many = { connections: 9, pktsIn: 9, pktsOut: 9, bytesIn: 9, bytesOut: 9 };
    const { virtual, real } = rates(
      { services: [service(many, { ...NO_RATES, [name]: 2 })] },
      { services: [service(many, { ...many, [name]: 1 })] },
    );
    assert.equal(real, undefined);
    assert.equal(virtual?.cps, 0);
  });
}

Deno.test("a new virtual server and its real servers have no measured rates", () => {
  const { virtual, real } = rates({ services: [] }, { services: [service({ connections: 5 })] });
  assert.deepEqual([virtual, real], [undefined, undefined]);
});

Deno.test("a new real server of an old virtual server has no measured rates", () => {
  const { virtual, real } = rates(
    { services: [{ ...service({ connections: 5 }), destinations: [] }] },
    { services: [service({ connections: 7 })] },
  );
  assert.deepEqual([virtual?.cps, real], [1, undefined]);
});

Deno.test("the same fwmark in IPv4 and IPv6 is measured separately", () => {
  const both = (four: number, six: number) => ({
    services: [
      { fwmark: 7, stats: { connections: four } },
      { fwmark: 7, family: INET6, stats: { connections: six } },
    ],
  });
  const { virtualServers } = withRates(
    read({ time: 3n * SECOND, ...both(10, 6) }),
    read({ time: SECOND, ...both(0, 2) }),
  );
  assert.deepEqual(virtualServers.map(({ measured }) => measured?.cps), [5, 2]);
});

Deno.test("totals are measured on the live counters of CPUs, also if the estimator is stopped", () => {
  const proc = (cpu: bigint, settings: Record<string, string>) => ({
    proc: { ...settings, ip_vs_stats_percpu: perCpu(cpu, 1), ip_vs_stats: stats(0) },
  });
  const huge = 2n ** 63n;
  for (const settings of [RUNNING, { "sys/net/ipv4/vs/run_estimation": "0\n" }]) {
    const { measured } = rates(proc(huge, settings), proc(huge + 6n, settings));
    assert.deepEqual([measured.source, measured.totals?.cps], ["cpus", 3]);
  }
});

Deno.test("totals are measured on the kernel's totals if the CPUs' counters cannot be read", () => {
  const proc = (n: number) => ({ proc: { ...RUNNING, ip_vs_stats: stats(n) } });
  const { measured } = rates(proc(4), proc(8));
  assert.deepEqual([measured.source, measured.totals?.cps], ["totals", 2]);
  assert.equal(rates(proc(8), proc(4)).measured.totals, null);
});

const STOPPED = {
  "run_estimation is 0": { "sys/net/ipv4/vs/run_estimation": "0\n" },
  "est_cpulist is empty": { "sys/net/ipv4/vs/est_cpulist": "\n" },
};
for (const [name, settings] of Object.entries(STOPPED)) {
  Deno.test(`servers are reported as frozen, without measured rates, if ${name}`, () => {
    const kernel = (proc: Record<string, string>) => ({
      services: [service({ connections: 1 })],
      proc: { ...proc, ip_vs_stats: stats(1) },
    });
    const moments = [[settings, settings], [settings, RUNNING], [RUNNING, settings]] as const;
    for (const [before, after] of moments) {
      const { virtual, real, measured } = rates(kernel(before), kernel(after));
      assert.deepEqual([virtual, real], [undefined, undefined]);
      assert.deepEqual([measured.frozen, measured.totals], [true, null]);
    }
  });
}

Deno.test("there are no measured rates if the clock did not advance", () => {
  const same = { services: [service({ connections: 1 })], proc: { ip_vs_stats: stats(1) } };
  for (const time of [SECOND, 0n]) {
    const { virtual, measured } = rates(same, { ...same, time });
    assert.deepEqual([virtual, measured.totals], [undefined, null]);
  }
});

Deno.test("a selection of servers keeps its measured rates", () => {
  const services = (n: number) => ({
    services: [1, 2, 3].map((port) => ({
      address: "10.0.0.1",
      port,
      stats: { connections: n * port },
    })),
  });
  const { virtualServers } = withRates(
    read({ time: 3n * SECOND, ...services(2) }),
    read({ time: SECOND, ...services(0) }),
  );
  const selected = virtualServers.filter(({ port }) => port !== 2);
  assert.deepEqual(selected.map(({ measured }) => measured?.cps), [1, 3]);
});
