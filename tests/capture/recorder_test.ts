import assert from "node:assert/strict";
import fc from "fast-check";
import { Datagram } from "../../lib/netlink/transport.ts";
import { CaptureError } from "../../lib/capture/error.ts";
import { readPcap } from "../../lib/capture/pcap.ts";
import { readPackets } from "../../lib/capture/packets.ts";
import { Recorder } from "../../lib/capture/recorder.ts";
import { openRecording } from "../../lib/capture/recording.ts";
import type { Source } from "../../lib/ipvs/collect.ts";
import { pcap, pcapng } from "./_file_writers.ts";
import { type CapturedPacket, concat, FakeKernel, type Service } from "./_monitor.ts";
import { listTable } from "./_list_table.ts";

const A: Service = { host: 1, realServers: 2 };
const B: Service = { mark: 7, realServers: 1 };
const TIME = 1_700_000_000_000_000_007n;

/** A live source whose clock advances by a second with each call. */
function liveSource(kernel: FakeKernel, texts: Readonly<Record<string, string>> = {}): Source {
  let time = TIME - 1_000_000_000n;
  return {
    transport: kernel,
    now: () => time += 1_000_000_000n,
    readProc: (name) => texts[name],
  };
}

/** Records a round for each function. */
function record(live: Source, ...reads: ((source: Source) => unknown)[]): Uint8Array {
  const chunks: Uint8Array[] = [];
  const recorder = new Recorder((bytes) => chunks.push(bytes.slice()));
  for (const read of reads) recorder.round(live, read);
  return concat(...chunks);
}

function readAll(source: Source): string[] {
  const lines = listTable(source.transport);
  return [...lines, `${source.readProc("ip_vs_stats")}`, `${source.readProc("missing")}`];
}

const KERNEL = new FakeKernel([A, B]);
const TEXT = "Total Incoming Ünicode\n 1 2 3\n";
const FILE = record(liveSource(KERNEL, { ip_vs_stats: TEXT }), readAll);

Deno.test("Recorder's recording replays the same replies, files and time", () => {
  const live = readAll(liveSource(KERNEL, { ip_vs_stats: TEXT }));
  const recording = openRecording(FILE);
  assert.equal(recording.rounds.length, 1);
  const source = recording.selectRound().play();
  assert.deepEqual(readAll(source), live);
  assert.deepEqual(live.slice(-2), [TEXT, "undefined"]);
  assert.equal(source.now(), TIME);
  assert.equal(source.now(), TIME);
});

Deno.test("Recorder's source always returns the recorded time", () => {
  const times: bigint[] = [];
  record(liveSource(KERNEL), (source) => times.push(source.now(), source.now()));
  assert.deepEqual(times, [TIME, TIME]);
});

Deno.test("Recorder writes the time, direction and protocol of each packet", () => {
  const file = record(liveSource(new FakeKernel([])), ({ transport }) => listTable(transport));
  const frames = [...readPcap(file)];
  assert.deepEqual(
    frames.map((frame) => frame.time),
    frames.map((_, index) => TIME + BigInt(index) * 1_000_000_000n),
  );
  const types = frames.map((frame) => frame.bytes[1]);
  assert.deepEqual(types, [6, 7, 6, 7, 6, 6]);
  const packets = readPackets(file);
  assert.deepEqual(packets.map(({ protocol }) => protocol), [2, 16, 16, 16, 16, 2]);
});

Deno.test("Recorder writes several rounds to one file", () => {
  const kernel = new FakeKernel([A]);
  const file = record(liveSource(kernel), readAll, (source) => {
    kernel.services = [A, B];
    return readAll(source);
  });
  const { rounds } = openRecording(file);
  const lengths = rounds.map((round) => listTable(round.play().transport).length);
  assert.deepEqual(lengths, [1, 2]);
  assert.ok(rounds[0]!.time < rounds[1]!.time);
  assert.ok(rounds.every(({ complete, client }) => complete && client === "ipvstat"));
});

Deno.test("Recorder records a file larger than a packet, and an empty one", () => {
  const long = "ä€😀\n".repeat(60_000);
  const live = liveSource(new FakeKernel([]), { long, empty: "" });
  const file = record(live, (source) => {
    listTable(source.transport);
    assert.equal(source.readProc("long"), long);
    assert.equal(source.readProc("long"), long);
    assert.equal(source.readProc("empty"), "");
  });
  const source = openRecording(file).selectRound().play();
  assert.equal(source.readProc("long"), long);
  assert.equal(source.readProc("empty"), "");
  for (const frame of readPcap(file)) assert.ok(frame.bytes.length <= 262_144);
});

Deno.test("openRecording() rejects files that are too large, and invalid file names", () => {
  const fileOf = (texts: Readonly<Record<string, string>>) =>
    record(liveSource(new FakeKernel([]), texts), (source) => {
      listTable(source.transport);
      for (const name of Object.keys(texts)) source.readProc(name);
    });
  const half = "x".repeat(2 ** 23);
  const largest = openRecording(fileOf({ a: half, b: half })).selectRound().play();
  assert.equal(largest.readProc("b"), half);
  assert.throws(() => openRecording(fileOf({ a: half, b: half, c: "y" })), {
    name: "CaptureError",
    message:
      /^Cannot read capture: packet \d+ at offset \d+ exceeds the limit of \d+ bytes of files$/,
  });
  assert.throws(
    () => openRecording(fileOf({ ["n".repeat(256)]: "" })),
    /is a file without a valid name/,
  );
  assert.ok(openRecording(fileOf({ ["n".repeat(255)]: "" })));
});

Deno.test("Recorder writes a long recording in pieces instead of keeping it in memory", () => {
  const kernel = new FakeKernel([]);
  kernel.exchange = function* () {
    for (let times = 0; times < 40; times++) yield new Datagram(new ArrayBuffer(32_768), 32_768);
  };
  const sizes: number[] = [];
  const recorder = new Recorder((bytes) => sizes.push(bytes.length));
  recorder.round(
    liveSource(kernel),
    ({ transport }) => [...transport.exchange(new Uint8Array(20))],
  );
  assert.ok(sizes.length > 2);
  assert.ok(sizes.every((size) => size <= 524_288));
  assert.ok(sizes.reduce((sum, size) => sum + size) > 40 * 32_768);
});

Deno.test("Recorder leaves an incomplete round if reading throws", () => {
  const chunks: Uint8Array[] = [];
  const recorder = new Recorder((bytes) => chunks.push(bytes.slice()));
  const live = liveSource(KERNEL);
  assert.throws(() =>
    recorder.round(live, (source) => {
      listTable(source.transport);
      throw new TypeError("Cannot go on");
    }), { name: "TypeError", message: "Cannot go on" });
  const interrupted = openRecording(concat(...chunks));
  assert.deepEqual(interrupted.rounds.map(({ incompleteReason }) => incompleteReason), [
    "its recording was interrupted",
  ]);
  assert.throws(() => interrupted.selectRound(), {
    message: "Cannot read capture: its only snapshot is incomplete: its recording was interrupted",
  });
  recorder.round(live, readAll);
  const { rounds } = openRecording(concat(...chunks));
  assert.deepEqual(rounds.map(({ complete }) => complete), [false, true]);
});

Deno.test("Recorder throws what the writer throws", () => {
  const recorder = new Recorder(() => {
    throw new RangeError("Cannot write: full");
  });
  assert.throws(() => recorder.round(liveSource(KERNEL), readAll), { name: "RangeError" });
});

Deno.test("Recorder rejects a datagram larger than tools for captures accept", () => {
  const kernel = new FakeKernel([]);
  kernel.exchange = function* () {
    yield new Datagram(new ArrayBuffer(262_140), 262_140);
  };
  assert.throws(
    () =>
      record(liveSource(kernel), ({ transport }) => [...transport.exchange(new Uint8Array(20))]),
    { message: "Cannot record a packet of 262156 bytes: the maximum is 262144" },
  );
});

const REWRITTEN: Readonly<Record<string, (seen: readonly CapturedPacket[]) => Uint8Array>> = {
  "a big-endian pcap": (seen) => pcap(seen, { littleEndian: false }),
  "a pcap with microseconds": (seen) => pcap(seen, { nanoseconds: false }),
  "a pcapng": (seen) => pcapng(seen),
};

for (const [format, write] of Object.entries(REWRITTEN)) {
  Deno.test(`openRecording() reads a recording that another tool converted to ${format}`, () => {
    const file = write(readPackets(FILE));
    restoreTypes(file, readPackets(FILE).map(({ frame }) => frame));
    const source = openRecording(file).selectRound().play();
    assert.deepEqual(readAll(source), readAll(openRecording(FILE).selectRound().play()));
    assert.equal(source.now(), TIME);
  });
}

/** Restores the cooked headers of converted frames, which the test's writer does not keep. */
function restoreTypes(file: Uint8Array, frames: readonly Uint8Array[]): void {
  readPackets(file).forEach(({ frame }, index) => frame.set(frames[index]!));
}

/** The replay of a file, or "rejected" if it throws a CaptureError. */
function outcome(file: Uint8Array): string {
  try {
    return JSON.stringify(readAll(openRecording(file).selectRound().play()));
  } catch (error) {
    assert.ok(error instanceof CaptureError, String(error));
    assert.match(error.message, /^Cannot read capture: [^\n]+$/);
    return "rejected";
  }
}

Deno.test("openRecording() rejects any recording with an altered bit, or replays it unchanged", () => {
  const original = outcome(FILE);
  assert.notEqual(original, "rejected");
  let rejected = 0;
  for (let at = 0; at < FILE.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const file = FILE.slice();
      file[at]! ^= 1 << bit;
      const result = outcome(file);
      if (result === "rejected") rejected++;
      else assert.equal(result, original, `bit ${bit} of byte ${at}`);
    }
  }
  // Only packet times and unused fields are not covered by the checksum.
  assert.ok(rejected > 8 * FILE.length / 2, `${rejected} of ${8 * FILE.length}`);
});

Deno.test("openRecording() rejects a snapshot time after 2262", () => {
  const recordAt = (time: bigint) => {
    const file = record(liveSource(KERNEL), readAll);
    // The time of the snapshot follows the headers of the first frame, and is part of the checksum.
    new DataView(file.buffer).setBigUint64(24 + 16 + 16 + 16 + 8 + 8, time, true);
    return file;
  };
  assert.throws(() => openRecording(recordAt(2n ** 63n)), {
    name: "CaptureError",
    message: "Cannot read capture: packet 1 at offset 24 has a time outside 1970 to 2262",
  });
  assert.throws(() => openRecording(recordAt(2n ** 63n - 1n)), /checksum/);
});

Deno.test("openRecording() rejects a truncated recording", () => {
  for (let length = 0; length < FILE.length; length++) {
    assert.equal(outcome(FILE.subarray(0, length)), "rejected", `${length} bytes`);
  }
});

Deno.test("openRecording() rejects a recording without one of its packets", () => {
  const offsets = [...readPcap(FILE)].map(({ offset }) => offset);
  offsets.forEach((offset, index) => {
    const next = offsets[index + 1] ?? FILE.length;
    const file = concat(FILE.subarray(0, offset), FILE.subarray(next));
    assert.equal(outcome(file), "rejected", `without packet ${index + 1}`);
  });
});

Deno.test("openRecording() replays any table as recorded", () => {
  const service = fc.record({
    host: fc.nat(255),
    port: fc.nat(65_535),
    realServers: fc.nat(4),
  });
  const fwmark = fc.record({ mark: fc.integer({ min: 1, max: 0xffff_ffff }) });
  const table = fc.uniqueArray(fc.oneof(service, fwmark), {
    selector: (each) => JSON.stringify(each),
  });
  fc.assert(fc.property(table, fc.string({ unit: "binary" }), (services, text) => {
    const wellFormed = text.toWellFormed();
    const kernel = new FakeKernel(services);
    const live = readAll(liveSource(kernel, { ip_vs_stats: wellFormed }));
    const file = record(liveSource(kernel, { ip_vs_stats: wellFormed }), readAll);
    assert.deepEqual(readAll(openRecording(file).selectRound().play()), live);
  }));
});
