import assert from "node:assert/strict";
import fc from "fast-check";
import { Datagram } from "../../lib/netlink/transport.ts";
import { CaptureError } from "../../lib/capture/error.ts";
import { readPcap } from "../../lib/capture/pcap.ts";
import { readPackets } from "../../lib/capture/packets.ts";
import { Recorder } from "../../lib/capture/record.ts";
import { openRecording } from "../../lib/capture/recording.ts";
import type { Source } from "../../lib/ipvs/collect.ts";
import { pcap, pcapng } from "./_files.ts";
import { concat, FakeKernel, type Seen, type Service } from "./_fixtures.ts";
import { listTable } from "./_list.ts";

const A: Service = { host: 1, realServers: 2 };
const B: Service = { mark: 7, realServers: 1 };
const TIME = 1_700_000_000_000_000_007n;

/** A live moment whose clock goes on by a second with each look. */
function liveMoment(kernel: FakeKernel, texts: Readonly<Record<string, string>> = {}): Source {
  let time = TIME - 1_000_000_000n;
  return {
    transport: kernel,
    now: () => time += 1_000_000_000n,
    readProc: (name) => texts[name],
  };
}

/** Records what `read` does in each round. */
function record(live: Source, ...reads: ((moment: Source) => unknown)[]): Uint8Array {
  const chunks: Uint8Array[] = [];
  const recorder = new Recorder((bytes) => chunks.push(bytes.slice()));
  for (const read of reads) recorder.round(live, read);
  return concat(...chunks);
}

function readAll(moment: Source): string[] {
  const lines = listTable(moment.transport);
  return [...lines, `${moment.readProc("ip_vs_stats")}`, `${moment.readProc("missing")}`];
}

const KERNEL = new FakeKernel([A, B]);
const TEXT = "Total Incoming Ünicode\n 1 2 3\n";
const FILE = record(liveMoment(KERNEL, { ip_vs_stats: TEXT }), readAll);

Deno.test("Recorder records what a replay answers again, with the texts and the time", () => {
  const live = readAll(liveMoment(KERNEL, { ip_vs_stats: TEXT }));
  const recording = openRecording(FILE);
  assert.equal(recording.rounds.length, 1);
  const moment = recording.selectRound().play();
  assert.deepEqual(readAll(moment), live);
  assert.deepEqual(live.slice(-2), [TEXT, "undefined"]);
  assert.equal(moment.now(), TIME);
  assert.equal(moment.now(), TIME);
});

Deno.test("Recorder gives the reader the time that it records, as often as asked", () => {
  const times: bigint[] = [];
  record(liveMoment(KERNEL), (moment) => times.push(moment.now(), moment.now()));
  assert.deepEqual(times, [TIME, TIME]);
});

Deno.test("Recorder writes each packet with its time, direction and protocol", () => {
  const file = record(liveMoment(new FakeKernel([])), ({ transport }) => listTable(transport));
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

Deno.test("Recorder tells several rounds in one file apart", () => {
  const kernel = new FakeKernel([A]);
  const file = record(liveMoment(kernel), readAll, (moment) => {
    kernel.services = [A, B];
    return readAll(moment);
  });
  const { rounds } = openRecording(file);
  const listings = rounds.map((round) => listTable(round.play().transport).length);
  assert.deepEqual(listings, [1, 2]);
  assert.ok(rounds[0]!.time < rounds[1]!.time);
  assert.ok(rounds.every(({ whole, client }) => whole && client === "ipvstat"));
});

Deno.test("Recorder carries a text of more than a packet, and an empty one", () => {
  const long = "ä€😀\n".repeat(60_000);
  const live = liveMoment(new FakeKernel([]), { long, empty: "" });
  const file = record(live, (moment) => {
    listTable(moment.transport);
    assert.equal(moment.readProc("long"), long);
    assert.equal(moment.readProc("long"), long);
    assert.equal(moment.readProc("empty"), "");
  });
  const moment = openRecording(file).selectRound().play();
  assert.equal(moment.readProc("long"), long);
  assert.equal(moment.readProc("empty"), "");
  for (const frame of readPcap(file)) assert.ok(frame.bytes.length <= 262_144);
});

Deno.test("openRecording() refuses texts that no string has room for, and names that are none", () => {
  const fileOf = (texts: Readonly<Record<string, string>>) =>
    record(liveMoment(new FakeKernel([]), texts), (moment) => {
      listTable(moment.transport);
      for (const name of Object.keys(texts)) moment.readProc(name);
    });
  const half = "x".repeat(2 ** 23);
  const whole = openRecording(fileOf({ a: half, b: half })).selectRound().play();
  assert.equal(whole.readProc("b"), half);
  assert.throws(() => openRecording(fileOf({ a: half, b: half, c: "y" })), {
    name: "CaptureError",
    message: /^Cannot read capture: packet \d+ at offset \d+ brings the texts of a round beyond/,
  });
  assert.throws(() => openRecording(fileOf({ ["n".repeat(256)]: "" })), /is a text without a name/);
  assert.ok(openRecording(fileOf({ ["n".repeat(255)]: "" })));
});

Deno.test("Recorder hands on a long recording in pieces and keeps none", () => {
  const kernel = new FakeKernel([]);
  kernel.exchange = function* () {
    for (let times = 0; times < 40; times++) yield new Datagram(new ArrayBuffer(32_768), 32_768);
  };
  const sizes: number[] = [];
  const recorder = new Recorder((bytes) => sizes.push(bytes.length));
  recorder.round(
    liveMoment(kernel),
    ({ transport }) => [...transport.exchange(new Uint8Array(20))],
  );
  assert.ok(sizes.length > 2);
  assert.ok(sizes.every((size) => size <= 524_288));
  assert.ok(sizes.reduce((sum, size) => sum + size) > 40 * 32_768);
});

Deno.test("Recorder leaves a round that threw behind, marked as broken off", () => {
  const chunks: Uint8Array[] = [];
  const recorder = new Recorder((bytes) => chunks.push(bytes.slice()));
  const live = liveMoment(KERNEL);
  assert.throws(() =>
    recorder.round(live, (moment) => {
      listTable(moment.transport);
      throw new TypeError("Cannot go on");
    }), { name: "TypeError", message: "Cannot go on" });
  const broken = openRecording(concat(...chunks));
  assert.deepEqual(broken.rounds.map(({ gap }) => gap), ["the recording was interrupted"]);
  assert.throws(() => broken.selectRound(), {
    message: "Cannot read capture: it has no complete snapshot; the last of 1: " +
      "the recording was interrupted",
  });
  recorder.round(live, readAll);
  const { rounds } = openRecording(concat(...chunks));
  assert.deepEqual(rounds.map(({ whole }) => whole), [false, true]);
});

Deno.test("Recorder passes on what the writer throws", () => {
  const recorder = new Recorder(() => {
    throw new RangeError("Cannot write: full");
  });
  assert.throws(() => recorder.round(liveMoment(KERNEL), readAll), { name: "RangeError" });
});

Deno.test("Recorder refuses a datagram that no tool would read again", () => {
  const kernel = new FakeKernel([]);
  kernel.exchange = function* () {
    yield new Datagram(new ArrayBuffer(262_140), 262_140);
  };
  assert.throws(
    () =>
      record(liveMoment(kernel), ({ transport }) => [...transport.exchange(new Uint8Array(20))]),
    { message: "Cannot record a packet of 262156 bytes: at most 262144" },
  );
});

const REWRITTEN: Readonly<Record<string, (seen: readonly Seen[]) => Uint8Array>> = {
  "a big-endian pcap": (seen) => pcap(seen, { littleEndian: false }),
  "a pcap of microseconds": (seen) => pcap(seen, { nanoseconds: false }),
  "a pcapng": (seen) => pcapng(seen),
};

for (const [format, write] of Object.entries(REWRITTEN)) {
  Deno.test(`openRecording() reads a recording that another tool rewrote as ${format}`, () => {
    const file = write(readPackets(FILE));
    restoreTypes(file, readPackets(FILE).map(({ frame }) => frame));
    const moment = openRecording(file).selectRound().play();
    assert.deepEqual(readAll(moment), readAll(openRecording(FILE).selectRound().play()));
    assert.equal(moment.now(), TIME);
  });
}

/** Gives rewritten frames their cooked headers back, which the test's writer does not know. */
function restoreTypes(file: Uint8Array, frames: readonly Uint8Array[]): void {
  readPackets(file).forEach(({ frame }, index) => frame.set(frames[index]!));
}

/** The replay of a file, or "refused" where it is refused as it should be. */
function outcome(file: Uint8Array): string {
  try {
    return JSON.stringify(readAll(openRecording(file).selectRound().play()));
  } catch (error) {
    assert.ok(error instanceof CaptureError, String(error));
    assert.match(error.message, /^Cannot read capture: [^\n]+$/);
    return "refused";
  }
}

Deno.test("openRecording() refuses every recording with an altered bit, or replays it the same", () => {
  const whole = outcome(FILE);
  assert.notEqual(whole, "refused");
  let refused = 0;
  for (let at = 0; at < FILE.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const file = FILE.slice();
      file[at]! ^= 1 << bit;
      const result = outcome(file);
      if (result === "refused") refused++;
      else assert.equal(result, whole, `bit ${bit} of byte ${at}`);
    }
  }
  // What may be altered is the time of a packet, and what no reader looks at.
  assert.ok(refused > 8 * FILE.length / 2, `${refused} of ${8 * FILE.length}`);
});

Deno.test("openRecording() refuses a recording of a time beyond 2262", () => {
  const recordAt = (time: bigint) => {
    const file = record(liveMoment(KERNEL), readAll);
    // The time of the snapshot stands behind the headers of the first frame, and in its checksum.
    new DataView(file.buffer).setBigUint64(24 + 16 + 16 + 16 + 8 + 8, time, true);
    return file;
  };
  assert.throws(() => openRecording(recordAt(2n ** 63n)), {
    name: "CaptureError",
    message: "Cannot read capture: packet 1 at offset 24 has a time outside 1970 to 2262",
  });
  assert.throws(() => openRecording(recordAt(2n ** 63n - 1n)), /checksum/);
});

Deno.test("openRecording() refuses every recording that was cut off", () => {
  for (let length = 0; length < FILE.length; length++) {
    assert.equal(outcome(FILE.subarray(0, length)), "refused", `${length} bytes`);
  }
});

Deno.test("openRecording() refuses every recording that lacks a packet", () => {
  const offsets = [...readPcap(FILE)].map(({ offset }) => offset);
  offsets.forEach((offset, index) => {
    const next = offsets[index + 1] ?? FILE.length;
    const file = concat(FILE.subarray(0, offset), FILE.subarray(next));
    assert.equal(outcome(file), "refused", `without packet ${index + 1}`);
  });
});

Deno.test("openRecording() replays any table as it was recorded", () => {
  const service = fc.record({
    host: fc.nat(255),
    port: fc.nat(65_535),
    realServers: fc.nat(4),
  });
  const mark = fc.record({ mark: fc.integer({ min: 1, max: 0xffff_ffff }) });
  const table = fc.uniqueArray(fc.oneof(service, mark), {
    selector: (each) => JSON.stringify(each),
  });
  fc.assert(fc.property(table, fc.string({ unit: "binary" }), (services, text) => {
    const known = text.toWellFormed();
    const kernel = new FakeKernel(services);
    const live = readAll(liveMoment(kernel, { ip_vs_stats: known }));
    const file = record(liveMoment(kernel, { ip_vs_stats: known }), readAll);
    assert.deepEqual(readAll(openRecording(file).selectRound().play()), live);
  }));
});
