import assert from "node:assert/strict";
import { collect } from "../../lib/ipvs/collect.ts";
import { RateHistory } from "../../lib/ipvs/rate_history.ts";
import { fakeKernel } from "../_fake_kernel.ts";

/** Connections after a time in seconds, at 20 per second. */
function snapshotAt(seconds: number) {
  const services = [{ fwmark: 1, stats: { connections: Math.round(20 * seconds) } }];
  return collect(fakeKernel({ time: BigInt(seconds * 1e9), services }));
}

/** The interval of each snapshot, in seconds; undefined if it has no rates. */
function intervals(window: number, times: readonly number[]): (number | undefined)[] {
  const history = new RateHistory(window);
  return times.map((time) => {
    const { measured, virtualServers } = history.measure(snapshotAt(time));
    if (measured === undefined) return undefined;
    assert.equal(Math.round(virtualServers.at(0)!.measured!.cps), 20);
    return Number(measured.interval) / 1e9;
  });
}

Deno.test("RateHistory measures since the youngest snapshot that is old enough", () => {
  assert.deepEqual(intervals(2, [10, 12, 14]), [undefined, 2, 2]);
  assert.deepEqual(intervals(2, [10, 11, 12, 13]), [undefined, undefined, 2, 2]);
  assert.deepEqual(intervals(2, [10, 15, 20]), [undefined, 5, 5]);
  assert.deepEqual(intervals(6, [10, 12, 14, 16, 18]), [undefined, undefined, undefined, 6, 6]);
});

Deno.test("RateHistory measures over a multiple of the estimator's period", () => {
  assert.deepEqual(intervals(1, [10, 11, 12]), [undefined, undefined, 2]);
  assert.deepEqual(intervals(5, [10, 12, 14, 15, 16]), [...Array(4).fill(undefined), 6]);
});

Deno.test("RateHistory accepts a snapshot that is a tenth of a second too young", () => {
  assert.deepEqual(intervals(2, [10, 11.95]), [undefined, 1.95]);
  assert.deepEqual(intervals(2, [10, 11.85]), [undefined, undefined]);
});

Deno.test("RateHistory starts over if the clock was set back", () => {
  assert.deepEqual(intervals(2, [100, 10, 12]), [undefined, undefined, 2]);
});
