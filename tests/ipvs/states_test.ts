import assert from "node:assert/strict";
import { collect } from "../../lib/ipvs/collect.ts";
import { withRates } from "../../lib/ipvs/rates.ts";
import type { RealServer } from "../../lib/ipvs/real_server.ts";
import { type FakeDestination, fakeKernel } from "../_fake_kernel.ts";

type Settings = Omit<FakeDestination, "address">;

const SECOND = 1_000_000_000n;

function read(settings: Settings, time = 0n, frozen = false) {
  const address = "10.0.0.1";
  const services = [{ fwmark: 1, destinations: [{ address, ...settings }] }];
  const proc = { "sys/net/ipv4/vs/run_estimation": frozen ? "0\n" : "1\n" };
  return collect(fakeKernel({ services, time, proc }));
}

/** A real server from one reading. */
function real(settings: Settings): RealServer {
  return read(settings).virtualServers.at(0)!.realServers.at(0)!;
}

/** The state after two readings, between which the counters rose by these numbers. */
function stateAfter(stats: Settings["stats"], settings: Settings, frozen = false): string {
  const later = read({ ...settings, stats: stats ?? {} }, 2n * SECOND, frozen);
  const { virtualServers } = withRates(later, read(settings, 0n, frozen));
  return virtualServers.at(0)!.realServers.at(0)!.state;
}

Deno.test("at weight 0, a real server is draining while connections of any kind are left", () => {
  assert.equal(real({ weight: 0 }).state, "drained");
  for (const kind of ["active", "inactive", "persistent"]) {
    assert.equal(real({ weight: 0, [kind]: 1 }).state, "draining", kind);
  }
});

Deno.test("at weight 0, new connections or packets from clients make it still-receiving", () => {
  for (const left of [{}, { active: 1 }, { inactive: 1 }, { persistent: 1 }]) {
    const settings = { weight: 0, ...left };
    const otherwise = real(settings).state;
    assert.equal(stateAfter({ connections: 1 }, settings), "still-receiving");
    assert.equal(stateAfter({ pktsIn: 1 }, settings), "still-receiving");
    assert.equal(stateAfter({ pktsOut: 1, bytesOut: 40 }, settings), otherwise);
    assert.equal(stateAfter({}, settings), otherwise);
  }
});

Deno.test("still-receiving and idle are not guessed while the estimator is frozen", () => {
  assert.equal(stateAfter({ connections: 1 }, { weight: 0, active: 1 }, true), "draining");
  assert.equal(stateAfter({}, { weight: 0 }, true), "drained");
  assert.equal(stateAfter({}, {}, true), "active");
});

Deno.test("idle takes two readings without traffic, and no connection of any kind", () => {
  assert.equal(real({}).state, "active");
  assert.equal(stateAfter({}, {}), "idle");
  for (const counter of ["connections", "pktsIn", "pktsOut"]) {
    assert.equal(stateAfter({ [counter]: 1 }, {}), "active", counter);
  }
  for (const kind of ["active", "inactive", "persistent"]) {
    assert.equal(stateAfter({}, { [kind]: 1 }), "active", kind);
  }
});

Deno.test("a real server whose counters were reset is not called idle", () => {
  const before = read({ stats: { pktsIn: 9 } });
  const { virtualServers } = withRates(read({}, 2n * SECOND), before);
  assert.equal(virtualServers.at(0)!.realServers.at(0)!.state, "active");
});

/** States by the number of active connections, from 0 on. */
function statesByLoad(count: number, settings: Settings): string[] {
  return Array.from({ length: count }, (_, active) => real({ ...settings, active }).state);
}

const repeat = (state: string, times: number) => new Array<string>(times).fill(state);

Deno.test("a real server is overloaded from the upper threshold on, near it from the lower one on", () => {
  assert.deepEqual(statesByLoad(8, { upperThreshold: 6, lowerThreshold: 2 }), [
    ...repeat("active", 2),
    ...repeat("near-threshold", 4),
    ...repeat("overloaded", 2),
  ]);
  assert.deepEqual(statesByLoad(4, { upperThreshold: 2, lowerThreshold: 2 }), [
    ...repeat("active", 2),
    ...repeat("overloaded", 2),
  ]);
});

Deno.test("without a lower threshold, it is near the upper one from three quarters of it on", () => {
  // The kernel readmits it while 4 x connections < 3 x threshold.
  const first = { 1: 1, 2: 2, 3: 3, 4: 3, 5: 4, 6: 5, 7: 6, 8: 6, 100: 75, 101: 76, 102: 77 };
  for (const [text, near] of Object.entries(first)) {
    const upperThreshold = Number(text);
    assert.deepEqual(statesByLoad(upperThreshold + 1, { upperThreshold }), [
      ...repeat("active", near),
      ...repeat("near-threshold", upperThreshold - near),
      "overloaded",
    ], text);
  }
});

Deno.test("thresholds of up to 32 bits are compared exactly", () => {
  const upperThreshold = 2 ** 32 - 1;
  const near = Math.ceil(upperThreshold * 3 / 4);
  assert.equal(real({ upperThreshold, active: near - 1 }).state, "active");
  assert.equal(real({ upperThreshold, active: near }).state, "near-threshold");
  assert.equal(real({ upperThreshold, active: upperThreshold }).state, "overloaded");
});

Deno.test("active and inactive connections count for the thresholds, templates do not", () => {
  const thresholds = { upperThreshold: 4, lowerThreshold: 3 };
  assert.equal(real({ ...thresholds, active: 1, inactive: 3 }).state, "overloaded");
  assert.equal(real({ ...thresholds, active: 1, inactive: 2 }).state, "near-threshold");
  assert.equal(real({ ...thresholds, active: 1, persistent: 9 }).state, "active");
});

Deno.test("weight 0 comes before the thresholds, and these before idle", () => {
  const full = { upperThreshold: 1, active: 1 };
  assert.equal(real({ ...full, weight: 0 }).state, "draining");
  assert.equal(stateAfter({}, full), "overloaded");
});

Deno.test("a real server is usable with a weight above 0 below the upper threshold", () => {
  assert.equal(real({}).usable, true);
  assert.equal(real({ weight: 0 }).usable, false);
  assert.equal(real({ upperThreshold: 4, active: 3 }).usable, true);
  assert.equal(real({ upperThreshold: 4, active: 4 }).usable, false);
});

Deno.test("VirtualServer.state depends on how many real servers are usable", () => {
  const full = { upperThreshold: 1, active: 1 };
  const of = (...reals: Settings[]) => {
    const destinations = reals.map((each, i) => ({ address: `10.0.0.${i}`, ...each }));
    return collect(fakeKernel({ services: [{ fwmark: 1, destinations }] }))
      .virtualServers.at(0)!.state;
  };
  assert.equal(of(), "empty");
  assert.equal(of({ weight: 0 }, { weight: 0 }), "down");
  assert.equal(of({ weight: 0 }, full), "down");
  assert.equal(of(full), "down");
  assert.equal(of({ weight: 0 }, {}), "degraded");
  assert.equal(of({}, full), "degraded");
  assert.equal(of({}, { weight: 2, upperThreshold: 4, active: 3 }), "ok");
});
