import assert from "node:assert/strict";
import { collect } from "../../lib/ipvs/collect.ts";
import { withRates } from "../../lib/ipvs/rates.ts";
import type { VirtualServer } from "../../lib/ipvs/virtual_server.ts";
import { Shares } from "../../lib/metrics/shares.ts";
import { fakeKernel, type FakeService, HASHED, ONE_PACKET, PERSISTENT } from "../_fake_kernel.ts";

/** Weight and connections of each real server. */
type Load = readonly [weight: number, connections: number | bigint];

function service(loads: readonly Load[], settings: Partial<FakeService> = {}): FakeService {
  const destinations = loads.map(([weight, connections], i) => ({
    ...{ address: `10.0.0.${i}`, weight, stats: { connections } },
  }));
  return { fwmark: 1, destinations, ...settings };
}

function read(services: readonly FakeService[], time = 0n) {
  return collect(fakeKernel({ services, time }));
}

function sharesOf(virtual: VirtualServer): { share: unknown[]; weight: unknown[] } {
  const shares = new Shares(virtual);
  return {
    share: virtual.realServers.map((real) => shares.share(real)),
    weight: virtual.realServers.map((real) => shares.weightShare(real)),
  };
}

function only(loads: readonly Load[], settings?: Partial<FakeService>) {
  return sharesOf(read([service(loads, settings)]).virtualServers.at(0)!);
}

/** The shares between two readings. */
function between(before: readonly Load[], after: readonly Load[], stats = { connections: 0 }) {
  const earlier = read([service(before)]);
  const later = read([service(after, { stats })], 2_000_000_000n);
  return sharesOf(withRates(later, earlier).virtualServers.at(0)!);
}

Deno.test("shares are parts of all connections and of all weights, to six decimals", () => {
  assert.deepEqual(only([[1, 25], [3, 75]]), { share: [0.25, 0.75], weight: [0.25, 0.75] });
  assert.deepEqual(only([[1, 0], [2, 9]]), { share: [0, 1], weight: [0.333333, 0.666667] });
  assert.deepEqual(only([[0, 1], [7, 2]]), { share: [0.333333, 0.666667], weight: [0, 1] });
  assert.deepEqual(only([[5, 1]]), { share: [1], weight: [1] });
});

Deno.test("shares of connections beyond 2^53", () => {
  assert.deepEqual(only([[1, 2n ** 63n], [1, 2n ** 63n]]).share, [0.5, 0.5]);
});

Deno.test("a share is null if the sum is 0", () => {
  assert.deepEqual(only([[0, 0], [0, 0]]), { share: [null, null], weight: [null, null] });
  assert.deepEqual(only([[0, 1], [0, 3]]), { share: [0.25, 0.75], weight: [null, null] });
  assert.deepEqual(only([]), { share: [], weight: [] });
});

Deno.test("the share is null, and the weight share is not, where clients choose the real server", () => {
  const nothing = { share: [null, null], weight: [0.5, 0.5] };
  for (const sched of ["sh", "mh", "dh", "lblc", "lblcr"]) {
    assert.deepEqual(only([[1, 1], [1, 3]], { sched }), nothing, sched);
  }
  assert.deepEqual(only([[1, 1], [1, 3]], { flags: HASHED | PERSISTENT }), nothing);
});

Deno.test("every other scheduler has shares, also for one-packet services", () => {
  const expected = { share: [0.25, 0.75], weight: [0.5, 0.5] };
  for (const sched of ["rr", "wrr", "lc", "wlc", "sed", "nq", "fo", "ovf", "twos", "none"]) {
    assert.deepEqual(only([[1, 1], [1, 3]], { sched }), expected, sched);
  }
  assert.deepEqual(only([[1, 1], [1, 3]], { flags: HASHED | ONE_PACKET }), expected);
});

Deno.test("with measured rates, the share is that of the connections between the readings", () => {
  const { share } = between([[1, 1000], [1, 10]], [[1, 1001], [1, 13]]);
  assert.deepEqual(share, [0.25, 0.75]);
  assert.deepEqual(between([[1, 1], [1, 9]], [[1, 1], [1, 9]]).share, [null, null]);
});

Deno.test("with measured rates, the share is null if a real server was added or reset", () => {
  assert.deepEqual(between([[1, 5]], [[1, 6], [3, 1]]), {
    share: [null, null],
    weight: [0.25, 0.75],
  });
  assert.deepEqual(between([[1, 5], [1, 5]], [[1, 6], [1, 2]]).share, [null, null]);
});

Deno.test("a virtual server without measured rates has the shares since its counters started", () => {
  const before = read([]);
  const later = read([service([[1, 1], [1, 3]])], 2_000_000_000n);
  const { virtualServers, measured } = withRates(later, before);
  assert.ok(measured !== undefined);
  assert.deepEqual(sharesOf(virtualServers.at(0)!).share, [0.25, 0.75]);
});
