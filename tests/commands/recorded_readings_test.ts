import assert from "node:assert/strict";
import { RecordedReadings } from "../../lib/commands/recorded_readings.ts";
import { collect } from "../../lib/ipvs/collect.ts";
import { withTempDir } from "../_commands.ts";
import { type Recorded, recordingOf } from "./_recordings.ts";

/** Plays a recording; calls `use` with its readings, its file and the messages about it. */
async function play(
  snapshots: readonly Recorded[],
  loop: boolean,
  use: (readings: RecordedReadings, file: string, messages: readonly string[]) => unknown,
): Promise<void> {
  await withTempDir(async (dir) => {
    const file = `${dir}/x.pcap`;
    Deno.writeFileSync(file, recordingOf(snapshots));
    const messages: string[] = [];
    const onIncomplete = (message: string) => messages.push(message);
    using readings = new RecordedReadings(file, { loop, read: collect, onIncomplete });
    await use(readings, file, messages);
  });
}

async function timesOf(readings: RecordedReadings, limit = Infinity): Promise<bigint[]> {
  const times: bigint[] = [];
  while (times.length < limit && !readings.hasEnded) times.push((await readings.next()).time);
  return times;
}

Deno.test("RecordedReadings plays each snapshot with its own time and servers", async () => {
  const snapshots = [
    { time: 5n, services: [{ fwmark: 1 }] },
    { time: 90n, services: [{ fwmark: 2 }, { fwmark: 3 }] },
  ];
  await play(snapshots, false, async (readings) => {
    const seen: unknown[] = [];
    while (!readings.hasEnded) {
      const { time, virtualServers } = await readings.next();
      seen.push({ time, services: virtualServers.map(({ fwmark }) => ({ fwmark })) });
    }
    assert.deepEqual(seen, snapshots);
  });
});

Deno.test("RecordedReadings in a loop shifts times by the length and the mean interval", async () => {
  const snapshots = [{ time: 1000n }, { time: 1100n }, { time: 1400n }];
  await play(snapshots, true, async (readings) => {
    const times = [1000n, 1100n, 1400n, 1600n, 1700n, 2000n, 2200n, 2300n];
    assert.deepEqual(await timesOf(readings, 8), times);
    times.forEach((time, i) => assert.equal(readings.offset(i), time - 1000n));
  });
});

Deno.test("RecordedReadings repeats a single snapshot every two seconds", async () => {
  await play([{ time: 7n }], true, async (readings) => {
    assert.deepEqual(await timesOf(readings, 3), [7n, 2_000_000_007n, 4_000_000_007n]);
  });
});

Deno.test("RecordedReadings skips incomplete snapshots and reports them", async () => {
  const snapshots: Recorded[] = [
    { time: 1n },
    { time: 2n, kind: "interrupted" },
    { time: 3n },
  ];
  await play(snapshots, false, async (readings, file, messages) => {
    assert.deepEqual(messages, [
      `Skipped snapshot 2 of 3 in ${file}: its recording was interrupted`,
    ]);
    assert.deepEqual(await timesOf(readings), [1n, 3n]);
  });
});

Deno.test("RecordedReadings throws if no snapshot is complete", async () => {
  await assert.rejects(play([{ time: 1n, kind: "interrupted" }], false, () => {}), {
    name: "CaptureFileError",
    message: /: its only snapshot is incomplete: its recording was interrupted$/,
  });
});

Deno.test("RecordedReadings names the file if a snapshot cannot be decoded, and plays on", async () => {
  const snapshots: Recorded[] = [{ time: 1n, kind: "damaged" }, { time: 2n }];
  await play(snapshots, false, async (readings, file) => {
    await assert.rejects(readings.next(), {
      name: "CaptureFileError",
      message: new RegExp(`^Cannot read ${RegExp.escape(file)}: cannot parse `),
    });
    assert.deepEqual(await timesOf(readings), [2n]);
  });
});
