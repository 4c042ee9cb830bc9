import assert from "node:assert/strict";
import fc from "fast-check";
import { RecordedSchedule, type Schedule, SteadySchedule } from "../../lib/commands/schedule.ts";

/** Takes readings that take the given times; returns when each began, and all skipped ones. */
function run(
  schedule: Schedule,
  durations: readonly number[],
): [starts: number[], skips: number[]] {
  const starts: number[] = [], skips: number[] = [];
  let elapsed = 0;
  for (const duration of durations) {
    const { wait, skipped } = schedule.next(elapsed);
    elapsed += wait;
    starts.push(elapsed);
    skips.push(skipped);
    elapsed += duration;
  }
  return [starts, skips];
}

Deno.test("SteadySchedule begins readings at multiples of the interval, however long they take", () => {
  const [starts, skips] = run(new SteadySchedule(1000), [0, 999, 1000, 400, 0]);
  assert.deepEqual(starts, [0, 1000, 2000, 3000, 4000]);
  assert.deepEqual(skips, [0, 0, 0, 0, 0]);
});

Deno.test("SteadySchedule begins a reading at once that is late by less than the interval", () => {
  const [starts, skips] = run(new SteadySchedule(1000), [1999, 0, 0]);
  assert.deepEqual(starts, [0, 1999, 2000]);
  assert.deepEqual(skips, [0, 0, 0]);
});

Deno.test("SteadySchedule skips readings that are late by the interval or more", () => {
  const [starts, skips] = run(new SteadySchedule(1000), [2000, 5600, 0, 0]);
  assert.deepEqual(starts, [0, 2000, 7600, 8000]);
  assert.deepEqual(skips, [0, 1, 4, 0]);
});

Deno.test("SteadySchedule with interval 0 never waits and never skips", () => {
  const [starts, skips] = run(new SteadySchedule(0), [5, 7, 0]);
  assert.deepEqual(starts, [0, 5, 12]);
  assert.deepEqual(skips, [0, 0, 0]);
});

Deno.test("SteadySchedule loses no reading that it does not count, and none comes early", () => {
  const durations = fc.array(fc.nat({ max: 50 }), { minLength: 1 });
  fc.assert(fc.property(fc.integer({ min: 1, max: 20 }), durations, (interval, durations) => {
    const [starts, skips] = run(new SteadySchedule(interval), durations);
    let number = -1;
    starts.forEach((start, i) => {
      number += 1 + skips[i]!;
      assert.ok(start >= number * interval && start < (number + 1) * interval, `${start}`);
    });
  }));
});

Deno.test("RecordedSchedule begins readings at the given times, or at once, and skips none", () => {
  const times = [0, 100, 150, 900, 1000];
  const [starts, skips] = run(new RecordedSchedule((k) => times[k]!), [20, 500, 10, 0, 0]);
  assert.deepEqual(starts, [0, 100, 600, 900, 1000]);
  assert.deepEqual(skips, [0, 0, 0, 0, 0]);
});
