import assert from "node:assert/strict";
import { Alarm } from "../../lib/commands/alarm.ts";
import { SteadySchedule } from "../../lib/commands/schedule.ts";
import { LineTrigger, TimerTrigger } from "../../lib/commands/triggers.ts";

const DAY = 86_400_000;

/** An input that returns one of the chunks for each read, then its end or an error. */
function inputOf(chunks: readonly string[], error?: Error) {
  const left = chunks.map((chunk) => new TextEncoder().encode(chunk));
  let reads = 0;
  return {
    get reads() {
      return reads;
    },
    read(bytes: Uint8Array): Promise<number | null> {
      reads++;
      const chunk = left.shift();
      if (chunk === undefined) {
        return error === undefined ? Promise.resolve(null) : Promise.reject(error);
      }
      bytes.set(chunk);
      return Promise.resolve(chunk.length);
    },
  };
}

async function count(trigger: { next(): Promise<boolean> }): Promise<number> {
  let readings = 0;
  while (await trigger.next()) readings++;
  return readings;
}

const LINES: readonly (readonly [chunks: readonly string[], readings: number])[] = [
  [[], 0],
  [["\n"], 1],
  [["\n\n\n"], 3],
  [["a\n", "b\n"], 2],
  [["a", "b", "\n", "\n"], 2],
  [["a\nb"], 2],
  [["a\n", "b"], 2],
];
for (const [chunks, readings] of LINES) {
  Deno.test(`LineTrigger triggers ${readings} readings for ${JSON.stringify(chunks)}`, async () => {
    assert.equal(await count(new LineTrigger(new Alarm(), inputOf(chunks))), readings);
  });
}

Deno.test("LineTrigger reads on only when all lines had their readings", async () => {
  const input = inputOf(["\n\n", "\n"]);
  const trigger = new LineTrigger(new Alarm(), input);
  const reads: number[] = [];
  while (await trigger.next()) reads.push(input.reads);
  assert.deepEqual(reads, [1, 1, 2]);
});

Deno.test("LineTrigger throws if the lines cannot be read, after the lines before", async () => {
  const input = inputOf(["\n"], new Error("Is a directory (os error 21)"));
  const trigger = new LineTrigger(new Alarm(), input);
  assert.equal(await trigger.next(), true);
  await assert.rejects(trigger.next(), { message: "Cannot read standard input: is a directory" });
});

Deno.test("LineTrigger stops waiting for a line when the alarm is stopped", async () => {
  const alarm = new Alarm();
  const trigger = new LineTrigger(alarm, { read: () => new Promise(() => {}) });
  const next = trigger.next();
  alarm.stop();
  assert.equal(await next, false);
  assert.equal(await trigger.next(), false);
});

Deno.test("TimerTrigger stops waiting for the clock when the alarm is stopped", async () => {
  const alarm = new Alarm();
  const options = { now: () => 0, onSkip: () => {} };
  const trigger = new TimerTrigger(alarm, new SteadySchedule(DAY), options);
  assert.equal(await trigger.next(), true);
  const next = trigger.next();
  alarm.stop();
  assert.equal(await next, false);
  assert.equal(await trigger.next(), false);
});

Deno.test("TimerTrigger starts its schedule with the first reading, and reports skipped ones", async () => {
  const times = [5 * DAY, 7 * DAY, 11 * DAY];
  const skips: number[] = [];
  const options = { now: () => times.shift()!, onSkip: (count: number) => skips.push(count) };
  const trigger = new TimerTrigger(new Alarm(), new SteadySchedule(DAY), options);
  for (let i = 0; i < 3; i++) assert.equal(await trigger.next(), true);
  assert.deepEqual(skips, [1, 3]);
});
