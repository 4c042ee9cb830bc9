/** `show --rates`: which snapshots are compared. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { parseArguments } from "../../lib/commands/parse.ts";
import { openReplay } from "../../lib/commands/replay.ts";
import { show } from "../../lib/commands/show.ts";
import { startStream } from "../../lib/commands/start_stream.ts";
import { collect, type Source } from "../../lib/ipvs/collect.ts";
import { measuringTime } from "../../lib/ipvs/rate_history.ts";
import { withTempDir } from "../_commands.ts";
import { fakeKernel } from "../_fake_kernel.ts";
import { recordingOf } from "./_recordings.ts";

const SECOND = 1_000_000_000n;

/** A virtual server that has these connections at these times in seconds. */
const MOMENTS = [[100, 10], [104, 20], [110, 80], [120, 100]] as const;
const RECORDING = recordingOf(MOMENTS.map(([time, connections]) => ({
  time: BigInt(time) * SECOND,
  services: [{ fwmark: 1, stats: { connections } }],
})));

/** The interval in seconds and the rate of the virtual server. */
async function measure(source: Source, rates: number): Promise<[seconds: number, cps: unknown]> {
  let text = "";
  const decoder = new TextDecoder();
  const sink = (chunk: Uint8Array) => void (text += decoder.decode(chunk, { stream: true }));
  await show(source, sink, { format: "json", extended: false, color: false, rates });
  const { measured, virtual_servers } = JSON.parse(text);
  return [measured.interval_ns / 1e9, virtual_servers[0].measured_cps];
}

async function replayed(round: number | undefined, rates: number) {
  return await withTempDir(async (dir) => {
    const file = join(dir, "rounds.pcap");
    Deno.writeFileSync(file, RECORDING);
    using source = openReplay(file, { round });
    return await measure(source, rates);
  });
}

Deno.test("show --rates of a recording compares with the last snapshot that is old enough", async () => {
  assert.deepEqual(await replayed(undefined, 10), [10, 2]);
  assert.deepEqual(await replayed(undefined, 11), [16, 5]);
  assert.deepEqual(await replayed(3, 5), [6, 10]);
});

Deno.test("show --rates of a recording compares with the first snapshot if none is old enough", async () => {
  assert.deepEqual(await replayed(undefined, 3600), [20, 4.5]);
  assert.deepEqual(await replayed(2, 3600), [4, 2.5]);
});

Deno.test("show --rates of the first snapshot of a recording fails and names the file", async () => {
  await assert.rejects(replayed(1, 2), {
    name: "CaptureFileError",
    message: /^Rates need two snapshots; \S+rounds\.pcap has no earlier one$/,
  });
});

Deno.test("show --rates waits for a multiple of the estimator's period, at least one", () => {
  const times = [0, 0.1, 2, 2.1, 5, 10, 59.5];
  assert.deepEqual(times.map(measuringTime), [2, 2, 2, 4, 6, 10, 60]);
});

Deno.test("show --rates reads a live source twice, and prints the second snapshot", async () => {
  let lists = 0;
  const kernel = fakeKernel({ services: [{ fwmark: 1, stats: { connections: 0 } }] });
  const now = () => {
    // The first read is complete when the second asks for the time.
    if (lists++ === 1) kernel.kernel.services = [{ fwmark: 1, stats: { connections: 30 } }];
    return BigInt(100 + 3 * lists) * SECOND;
  };
  assert.deepEqual(await measure({ ...kernel, now }, 0), [3, 10]);
  assert.equal(lists, 2);
});

Deno.test("stream --rates measures each snapshot of a recording that has an older one", async () => {
  let text = "";
  const sink = (chunk: Uint8Array) => void (text += new TextDecoder().decode(chunk));
  const unexpected = () => {
    throw new Error("nothing to report");
  };
  await withTempDir(async (dir) => {
    const file = join(dir, "rounds.pcap");
    Deno.writeFileSync(file, RECORDING);
    const words = ["stream", "--replay", file, "--interval", "0", "--rates", "6"];
    await startStream(parseArguments(words), sink, {
      openKernel: unexpected,
      capture: file,
      read: collect,
      report: unexpected,
      verdict() {},
    });
  });
  const lines = text.trimEnd().split("\n").map((line) => JSON.parse(line));
  const rates = lines.filter(({ type }) => type === "virtual_server");
  assert.deepEqual(rates.map(({ measured_cps }) => measured_cps), [undefined, undefined, 10, 2]);
});
