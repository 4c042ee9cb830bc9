import assert from "node:assert/strict";
import fc from "fast-check";
import { CaptureError } from "../../lib/capture/error.ts";
import { pcapHeader, readPcap, writeFrameHeader } from "../../lib/capture/pcap.ts";
import { pcap } from "./_file_writers.ts";
import { type CapturedPacket, concat } from "./_monitor.ts";

const SEEN: readonly CapturedPacket[] = [
  { time: 1_700_000_000_123_456_789n, protocol: 16, bytes: Uint8Array.of(1, 2, 3) },
  { time: 4_294_967_295_999_999_999n, protocol: 16, bytes: new Uint8Array(0) },
];

for (const littleEndian of [true, false]) {
  for (const nanoseconds of [true, false]) {
    const order = littleEndian ? "little" : "big";
    const unit = nanoseconds ? "nanosecond" : "microsecond";
    Deno.test(`readPcap() reads a ${order}-endian file with ${unit} times`, () => {
      const frames = [...readPcap(pcap(SEEN, { littleEndian, nanoseconds }))];
      assert.deepEqual(frames.map((frame) => frame.number), [1, 2]);
      assert.deepEqual(frames.map((frame) => frame.offset), [24, 24 + 16 + 19]);
      assert.deepEqual(frames.map((frame) => frame.linkType), [253, 253]);
      assert.deepEqual(frames.map((frame) => frame.littleEndian), [littleEndian, littleEndian]);
      assert.deepEqual([...frames[0]!.bytes.subarray(16)], [1, 2, 3]);
      const times = frames.map((frame) => frame.time);
      const cut = nanoseconds ? 1n : 1000n;
      assert.deepEqual(times, SEEN.map(({ time }) => time / cut * cut));
    });
  }
}

Deno.test("readPcap() ignores the frame check sequence bits of the link type", () => {
  const [frame] = readPcap(pcap(SEEN, { linkType: 0x4400_00fd }));
  assert.equal(frame?.linkType, 253);
});

Deno.test("readPcap() reads the captured and the original length", () => {
  const [frame] = readPcap(pcap([{ ...SEEN[0]!, captured: 18 }]));
  assert.equal(frame?.bytes.length, 18);
  assert.equal(frame?.originalLength, 19);
});

Deno.test("readPcap() rejects a file truncated in its header or in a packet", () => {
  const file = pcap(SEEN);
  const complete = new Set([24, 24 + 16 + 19, file.length]);
  for (let length = 0; length <= file.length; length++) {
    const read = () => [...readPcap(file.subarray(0, length))].length;
    if (complete.has(length)) assert.ok(read() <= 2);
    else assert.throws(read, CaptureError, `${length} bytes`);
  }
});

Deno.test("readPcap() reports the packet in which the file is truncated, and its offset", () => {
  const file = pcap(SEEN);
  assert.throws(() => [...readPcap(file.subarray(0, -1))], {
    message: "Cannot read capture: it is truncated in packet 2 at offset 59",
  });
});

Deno.test("readPcap() rejects another version of the format", () => {
  const file = pcap(SEEN);
  file[4] = 3;
  assert.throws(() => [...readPcap(file)], {
    message: "Cannot read capture: its pcap version is 3, not 2",
  });
});

Deno.test("readPcap() rejects a length far beyond the file", () => {
  const file = pcap(SEEN);
  file.fill(0xff, 32, 36);
  assert.throws(() => [...readPcap(file)], CaptureError);
});

Deno.test("writeFrameHeader() writes what readPcap() reads, for any time and length", () => {
  const time = fc.bigInt({ min: 0n, max: 4_294_967_295_999_999_999n });
  fc.assert(fc.property(fc.array(fc.tuple(time, fc.uint8Array())), (frames) => {
    const parts = frames.map(([time, bytes]) => {
      const header = new Uint8Array(16);
      writeFrameHeader(header, time, bytes.length);
      return concat(header, bytes);
    });
    const read = [...readPcap(concat(pcapHeader(), ...parts))];
    assert.deepEqual(read.map((frame) => frame.time), frames.map(([time]) => time));
    assert.deepEqual(
      read.map((frame) => [...frame.bytes]),
      frames.map(([, bytes]) => [...bytes]),
    );
    assert.ok(read.every((frame) => frame.linkType === 253 && frame.littleEndian));
  }));
});
