import assert from "node:assert/strict";
import fc from "fast-check";
import { CaptureError } from "../../lib/capture/error.ts";
import { readPcapng } from "../../lib/capture/pcapng.ts";
import { block, interfaceBlock, packetBlock, pcapng, section } from "./_file_writers.ts";
import { type CapturedPacket, concat, readData } from "./_monitor.ts";

const SEEN: CapturedPacket = {
  time: 1_700_000_000_123_456_789n,
  protocol: 16,
  bytes: Uint8Array.of(1, 2, 3),
};

function option(code: number, payload: Uint8Array): Uint8Array {
  const padding = new Uint8Array(-payload.length & 3);
  return concat(Uint8Array.of(code, 0, payload.length, 0), payload, padding);
}

function timesOf(resolution: number, units: bigint, ...more: Uint8Array[]): bigint[] {
  const options = concat(option(9, Uint8Array.of(resolution)), ...more);
  const file = concat(section(), interfaceBlock(253, options), packetBlock(SEEN, units));
  return [...readPcapng(file)].map((frame) => frame.time);
}

for (const littleEndian of [true, false]) {
  Deno.test(`readPcapng() reads a ${littleEndian ? "little" : "big"}-endian file`, () => {
    const second = { ...SEEN, time: SEEN.time + 1n, captured: 17 };
    const frames = [...readPcapng(pcapng([SEEN, second], littleEndian))];
    assert.deepEqual(frames.map((frame) => frame.number), [1, 2]);
    assert.deepEqual(frames.map((frame) => frame.time), [SEEN.time, SEEN.time + 1n]);
    assert.deepEqual(frames.map((frame) => frame.bytes.length), [19, 17]);
    assert.deepEqual(frames.map((frame) => frame.originalLength), [19, 19]);
    assert.deepEqual([...frames[0]!.bytes.subarray(16)], [1, 2, 3]);
    assert.ok(frames.every((frame) => frame.littleEndian === littleEndian));
  });
}

Deno.test("readPcapng() reads times in microseconds by default", () => {
  const file = concat(section(), interfaceBlock(253), packetBlock(SEEN, 1_700_000_000_123_456n));
  assert.deepEqual([...readPcapng(file)].map((frame) => frame.time), [1_700_000_000_123_456_000n]);
});

Deno.test("readPcapng() reads times in powers of ten and of two", () => {
  assert.deepEqual(timesOf(3, 1_700_000_000_123n), [1_700_000_000_123_000_000n]);
  assert.deepEqual(timesOf(12, 1_123_456_789_123n), [1_123_456_789n]);
  assert.deepEqual(timesOf(0x80 | 10, 1536n), [1_500_000_000n]);
});

Deno.test("readPcapng() adds an interface's time offset", () => {
  const offset = new Uint8Array(8);
  new DataView(offset.buffer).setBigInt64(0, -3n, true);
  assert.deepEqual(timesOf(9, 5_000_000_000n, option(14, offset)), [2_000_000_000n]);
});

Deno.test("readPcapng() ignores data after the end of the options", () => {
  assert.deepEqual(timesOf(9, 5n, option(0, new Uint8Array(0)), Uint8Array.of(9, 0, 1)), [5n]);
});

Deno.test("readPcapng() reads sections with different byte orders and interfaces", () => {
  const file = concat(pcapng([SEEN], false), section(), interfaceBlock(1), packetBlock(SEEN, 7n));
  const frames = [...readPcapng(file)];
  assert.deepEqual(frames.map((frame) => frame.littleEndian), [false, true]);
  assert.deepEqual(frames.map((frame) => frame.linkType), [253, 1]);
  assert.deepEqual(frames.map((frame) => frame.time), [SEEN.time, 7000n]);
  assert.deepEqual(frames.map((frame) => frame.number), [1, 2]);
});

Deno.test("readPcapng() assigns the link type of its interface to each frame", () => {
  const interfaces = concat(section(), interfaceBlock(1), interfaceBlock(253));
  const packets = concat(packetBlock(SEEN, 1n, 1), packetBlock(SEEN, 1n, 0));
  const frames = [...readPcapng(concat(interfaces, packets))];
  assert.deepEqual(frames.map((frame) => frame.linkType), [253, 1]);
});

Deno.test("readPcapng() skips unknown blocks", () => {
  const unknown = concat(block(5, new Uint8Array(20)), block(0x8000_0001, new Uint8Array(0)));
  const file = concat(section(), unknown, interfaceBlock(253), unknown, packetBlock(SEEN, 1n));
  assert.equal([...readPcapng(file)].length, 1);
});

Deno.test("readPcapng() reads simple packets, with the snap length and the previous packet's time", () => {
  const simple = block(3, concat(Uint8Array.of(9, 0, 0, 0), Uint8Array.of(1, 2, 3, 4)));
  const interfaces = concat(section(), interfaceBlock(253, new Uint8Array(0), true, 4));
  const file = concat(interfaces, simple, packetBlock(SEEN, 5n), simple);
  const frames = [...readPcapng(file)];
  assert.deepEqual(frames.map((frame) => frame.time), [0n, 5000n, 5000n]);
  assert.deepEqual([...frames[0]!.bytes], [1, 2, 3, 4]);
  assert.equal(frames[0]!.originalLength, 9);
});

Deno.test("readPcapng() reads obsolete packet blocks", () => {
  const obsolete = packetBlock(SEEN, 5n);
  obsolete[0] = 2;
  const frames = [...readPcapng(concat(section(), interfaceBlock(253), obsolete))];
  assert.deepEqual(frames.map((frame) => frame.time), [5000n]);
  assert.equal(frames[0]!.bytes.length, 19);
});

Deno.test("readPcapng() reads a file of dumpcap, with options and statistics", () => {
  const frames = [...readPcapng(readData("dumpcap.pcapng"))];
  assert.equal(frames.length, 55);
  assert.ok(frames.every((frame) => frame.linkType === 253));
  assert.equal(frames[0]!.time, 1_795_311_061_843_718_174n);
});

Deno.test("readPcapng() rejects a file truncated in a block", () => {
  const file = pcapng([SEEN]);
  const frame = packetBlock(SEEN, 1n).length;
  const complete = new Set([0, 28, file.length - frame, file.length]);
  for (let length = 0; length <= file.length; length++) {
    const read = () => [...readPcapng(file.subarray(0, length))].length;
    if (complete.has(length)) assert.ok(read() <= 1);
    else assert.throws(read, CaptureError, `${length} bytes`);
  }
});

Deno.test("readPcapng() rejects a packet of an unknown interface", () => {
  const file = concat(section(), packetBlock(SEEN, 1n, 3));
  assert.throws(() => [...readPcapng(file)], {
    message:
      "Cannot read capture: block at offset 28 refers to interface 3, which is not described",
  });
});

Deno.test("readPcapng() rejects a packet longer than its block", () => {
  const packet = packetBlock(SEEN, 1n);
  packet[20] = 200;
  const file = concat(section(), interfaceBlock(253), packet);
  assert.throws(() => [...readPcapng(file)], CaptureError);
});

Deno.test("readPcapng() throws only CaptureError for altered files", () => {
  const file = pcapng([SEEN, SEEN], false);
  const change = fc.tuple(fc.nat(file.length - 1), fc.nat(255));
  fc.assert(fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
    const bytes = file.slice();
    for (const [at, value] of changes) bytes[at] = value;
    try {
      assert.ok([...readPcapng(bytes)].length <= 2);
    } catch (error) {
      assert.ok(error instanceof CaptureError, String(error));
    }
  }));
});
