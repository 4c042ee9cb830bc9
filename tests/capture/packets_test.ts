import assert from "node:assert/strict";
import { readPackets } from "../../lib/capture/packets.ts";
import { swapMessages } from "./_big_endian.ts";
import { interfaceBlock, packetBlock, pcap, section } from "./_file_writers.ts";
import { ask, type CapturedPacket, concat } from "./_monitor.ts";

const REQUEST: CapturedPacket = { time: 1n, protocol: 16, bytes: ask.services() };

Deno.test("readPackets() separates the cooked header from the messages", () => {
  const [packet] = readPackets(pcap([REQUEST]));
  assert.equal(packet?.protocol, 16);
  assert.deepEqual(packet?.bytes, REQUEST.bytes);
  assert.equal(packet?.frame.length, 16 + REQUEST.bytes.length);
  assert.equal(packet?.missing, 0);
});

Deno.test("readPackets() does not copy the file", () => {
  const file = pcap([REQUEST]);
  assert.equal(readPackets(file)[0]?.bytes.buffer, file.buffer);
});

Deno.test("readPackets() distinguishes requests from replies", () => {
  const reply = ask.services();
  reply[6] = 2;
  const packets = readPackets(pcap([REQUEST, { ...REQUEST, bytes: reply }]));
  assert.deepEqual(packets.map((packet) => packet.isRequest), [true, false]);
});

for (const file of [true, false]) {
  for (const recorder of [true, false]) {
    const order = (littleEndian: boolean) => littleEndian ? "little" : "big";
    const name = `of a ${order(recorder)}-endian recorder in a ${order(file)}-endian file`;
    Deno.test(`readPackets() detects the byte order ${name}`, () => {
      const bytes = recorder ? REQUEST.bytes : swapMessages(REQUEST.bytes.slice());
      const [packet] = readPackets(pcap([{ ...REQUEST, bytes }], { littleEndian: file }));
      assert.equal(packet?.littleEndian, recorder);
      assert.equal(packet?.isRequest, true);
    });
  }
}

Deno.test("readPackets() reports how many bytes the snap length cut off", () => {
  const [packet] = readPackets(pcap([{ ...REQUEST, captured: 30 }]));
  assert.equal(packet?.missing, 6);
  assert.equal(packet?.isRequest, false);
});

Deno.test("readPackets() skips packets of other link types", () => {
  const interfaces = concat(section(), interfaceBlock(1), interfaceBlock(253));
  const packets = concat(packetBlock(REQUEST, 1n, 0), packetBlock(REQUEST, 1n, 1));
  assert.deepEqual(readPackets(concat(interfaces, packets)).map(({ number }) => number), [2]);
});

const REJECTED: readonly (readonly [subject: string, file: Uint8Array, reason: string])[] = [
  ["an empty file", new Uint8Array(0), "it is empty"],
  ["a picture", Uint8Array.of(0x89, 0x50, 0x4e, 0x47), "it is neither pcap nor pcapng"],
  ["a file of one byte", Uint8Array.of(0xd4), "it is neither pcap nor pcapng"],
  ["a capture without packets", pcap([]), "it contains no packets"],
  [
    "a capture of Ethernet",
    pcap([REQUEST], { linkType: 1 }),
    "its link type is 1 (Ethernet), not 253 (netlink); capture an nlmon device",
  ],
  [
    "a packet without a cooked header",
    pcap([{ ...REQUEST, captured: 15 }]),
    "packet 1 at offset 24 has 15 of the 16 bytes of a cooked header",
  ],
];

for (const [subject, file, reason] of REJECTED) {
  Deno.test(`readPackets() rejects ${subject}, with the reason`, () => {
    assert.throws(() => readPackets(file), {
      name: "CaptureError",
      message: `Cannot read capture: ${reason}`,
    });
  });
}

Deno.test("readPackets() rejects another hardware type", () => {
  const file = pcap([REQUEST]);
  file[24 + 16 + 3] = 1;
  assert.throws(() => readPackets(file), {
    message: "Cannot read capture: packet 1 at offset 24 has hardware type 769, not 824 (netlink)",
  });
});

Deno.test("readPackets() rejects a packet longer than its original length", () => {
  const file = pcap([REQUEST]);
  file[24 + 12]! -= 1;
  assert.throws(() => readPackets(file), {
    message:
      "Cannot read capture: packet 1 at offset 24 has 36 captured bytes, more than its original length 35",
  });
});

const LAST = 2n ** 63n - 1n;
/**
 * Times in nanoseconds with an offset in seconds, and the result; undefined if it is out of range.
 */
const TIMES: readonly (readonly [units: bigint, offset: bigint, time: bigint | undefined])[] = [
  [0n, 0n, 0n],
  [LAST, 0n, LAST],
  [LAST + 1n, 0n, undefined],
  [2n ** 64n - 1n, 0n, undefined],
  [5_000_000_000n, -5n, 0n],
  [4_999_999_999n, -5n, undefined],
  [854_775_807n, 9_223_372_036n, LAST],
  [854_775_808n, 9_223_372_036n, undefined],
  [0n, -(2n ** 63n), undefined],
];
for (const [units, offset, time] of TIMES) {
  const subject = `${units} ns with an offset of ${offset} s`;
  const verb = time === undefined ? "rejects" : "reads";
  Deno.test(`readPackets() ${verb} a pcapng time of ${subject}`, () => {
    const options = new Uint8Array(20);
    options.set([9, 0, 1, 0, 9, 0, 0, 0, 14, 0, 8, 0]);
    new DataView(options.buffer).setBigInt64(12, offset, true);
    const file = concat(section(), interfaceBlock(253, options), packetBlock(REQUEST, units));
    if (time !== undefined) return assert.equal(readPackets(file)[0]?.time, time);
    assert.throws(() => readPackets(file), {
      name: "CaptureError",
      message: "Cannot read capture: packet 1 at offset 68 has a time outside 1970 to 2262",
    });
  });
}
