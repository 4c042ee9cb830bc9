/** Recordings of the settings and the kernel's status. */
import assert from "node:assert/strict";
import { Recorder } from "../../lib/capture/recorder.ts";
import { openRecording } from "../../lib/capture/recording.ts";
import { collect } from "../../lib/ipvs/collect.ts";
import type { Snapshot } from "../../lib/ipvs/snapshot.ts";
import { fakeKernel } from "../_fake_kernel.ts";
import { SETTINGS_FILES, statusText } from "../procfs/_status.ts";
import { concat } from "./_monitor.ts";

/** The snapshots of a kernel with these files, live and replayed. */
function record(proc: Readonly<Record<string, string>>): [live: Snapshot, replayed: Snapshot] {
  const chunks: Uint8Array[] = [];
  const recorder = new Recorder((bytes) => chunks.push(bytes.slice()));
  const live = recorder.round(fakeKernel({ services: [{ fwmark: 1 }], proc }), collect);
  const recording = openRecording(concat(...chunks));
  return [live, collect(recording.selectRound().play())];
}

Deno.test("a recording replays the settings and the kernel's status", () => {
  const [live, replayed] = record({ ip_vs_status: statusText("demo"), ...SETTINGS_FILES });
  assert.equal(replayed.settings?.estCpulist, "0-3,8");
  assert.equal(replayed.kernelStatus?.connections, 982);
  assert.deepEqual([replayed.settings, replayed.kernelStatus], [live.settings, live.kernelStatus]);
});

Deno.test("a recording without settings and status replays to null", () => {
  const [, replayed] = record({});
  assert.deepEqual([replayed.settings, replayed.kernelStatus], [null, null]);
});
