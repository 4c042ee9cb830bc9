import assert from "node:assert/strict";
import fc from "fast-check";
import { DecodeError } from "../../lib/netlink/errors.ts";
import {
  type MessageHeader,
  nextStart,
  readHeader,
  RequestBuilder,
} from "../../lib/netlink/message.ts";
import { Datagram } from "../../lib/netlink/transport.ts";
import { MessageWriter, parseAttributes } from "../_netlink_messages.ts";
import { hex, poisoned, toHex } from "./_script.ts";

const HEAD = { type: 28, flags: 0x300, command: 4, version: 1 };

function header(): MessageHeader {
  return { start: 0, end: 0, type: 0, flags: 0, sequence: 0, portId: 0 };
}

function read(datagram: Datagram, start: number): MessageHeader {
  const into = header();
  readHeader(datagram, start, into);
  return into;
}

Deno.test("readHeader() reads every field in either byte order", () => {
  const expected = {
    start: 0,
    end: 20,
    type: 28,
    flags: 0x102,
    sequence: 0xfffffffe,
    portId: 0x80000001,
  };
  for (const bigEndian of [false, true]) {
    const bytes = new MessageWriter(bigEndian);
    bytes.message(expected, () => bytes.number(7, 4));
    assert.deepEqual(read(Datagram.from(bytes.take(), !bigEndian), 0), expected);
  }
});

Deno.test("readHeader() reports the offset and the bytes left for a truncated header", () => {
  assert.throws(() => read(Datagram.from(new Uint8Array(15)), 0), {
    name: "DecodeError",
    message: "Cannot read netlink message at offset 0: 15 bytes left of 16",
  });
  assert.throws(() => read(Datagram.from(new Uint8Array(22)), 20), {
    message: "Cannot read netlink message at offset 20: 2 bytes left of 16",
  });
});

Deno.test("readHeader() rejects a length beyond the datagram or below the header's size", () => {
  for (const length of [0, 15, 21, 0x80000000, 0xffffffff]) {
    const bytes = new Uint8Array(20);
    new DataView(bytes.buffer).setUint32(0, length, true);
    assert.throws(() => read(Datagram.from(bytes), 0), {
      name: "DecodeError",
      message: `Cannot read netlink message at offset 0: length ${length} with 20 bytes left`,
    });
  }
});

Deno.test("readHeader() ignores the buffer after the end of the datagram", () => {
  assert.throws(() => read(poisoned(new Uint8Array(15), 0x10), 0), /15 bytes left of 16$/);
});

Deno.test("nextStart() skips a message's padding", () => {
  assert.equal(nextStart({ ...header(), start: 0, end: 17 }), 20);
  assert.equal(nextStart({ ...header(), start: 20, end: 40 }), 40);
});

Deno.test("readHeader() and nextStart() reach the end of arbitrary bytes", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 96 }), fc.boolean(), (bytes, littleEndian) => {
    const datagram = Datagram.from(bytes, littleEndian);
    const into = header();
    let steps = 0;
    try {
      for (let at = 0; at < datagram.length; at = nextStart(into)) {
        readHeader(datagram, at, into);
        assert.ok(into.end <= bytes.length && ++steps <= bytes.length / 16);
      }
    } catch (error) {
      assert.ok(error instanceof DecodeError, String(error));
    }
  }));
});

Deno.test("RequestBuilder writes header, attributes, padding and nested attributes in the kernel's layout", () => {
  const builder = new RequestBuilder().begin(HEAD).nest(1, (nest) => {
    nest.u16(1, 2).be16(4, 80).u32(5, 0x01020304).bytes(6, hex("aa bb cc dd ee"));
  });
  assert.equal(
    toHex(builder.finish(0x11223344, 0x55667788)),
    "3c 00 00 00 1c 00 01 03 44 33 22 11 88 77 66 55 " +
      "04 01 00 00 " +
      "28 00 01 00 " +
      "06 00 01 00 02 00 00 00 " +
      "06 00 04 00 00 50 00 00 " +
      "08 00 05 00 04 03 02 01 " +
      "09 00 06 00 aa bb cc dd ee 00 00 00",
  );
});

Deno.test("RequestBuilder leaves nothing of the previous request in the next one", () => {
  const builder = new RequestBuilder();
  builder.begin(HEAD).bytes(1, new Uint8Array(100).fill(0xff)).finish(~0, ~0);
  const first = new RequestBuilder().begin(HEAD).bytes(1, hex("01")).finish(1, 2);
  assert.equal(toHex(builder.begin(HEAD).bytes(1, hex("01")).finish(1, 2)), toHex(first));
});

Deno.test("RequestBuilder rejects a request of more than 512 bytes", () => {
  const builder = new RequestBuilder().begin(HEAD);
  builder.bytes(1, new Uint8Array(400));
  assert.throws(() => builder.bytes(1, new Uint8Array(100)), {
    name: "RangeError",
    message: "Cannot build a request of more than 512 bytes",
  });
});

Deno.test("RequestBuilder writes any header and attributes so that they read back the same", () => {
  const u16 = fc.nat(0xffff), u32 = fc.nat(0xffffffff);
  const head = fc.record({ type: u16, flags: u16, command: fc.nat(255), version: fc.nat(255) });
  const payloads = fc.uniqueArray(
    fc.tuple(fc.nat(16383), fc.uint8Array({ maxLength: 30 })),
    { maxLength: 12, selector: ([type]) => type },
  );
  fc.assert(fc.property(head, u32, u32, payloads, (head, sequence, portId, payloads) => {
    const builder = new RequestBuilder().begin(head);
    for (const [type, payload] of payloads) builder.bytes(type, payload);
    const bytes = builder.finish(sequence, portId);
    const { type, flags } = { ...head, flags: head.flags | 1 };
    const end = bytes.length;
    assert.deepEqual(read(Datagram.from(bytes), 0), {
      ...{ start: 0, end, type, flags },
      ...{ sequence, portId },
    });
    assert.deepEqual([...bytes.subarray(16, 20)], [head.command, head.version, 0, 0]);
    const found = parseAttributes(bytes.subarray(20));
    assert.deepEqual(
      [...found].map(([type, payload]) => [type, toHex(payload)]),
      payloads.map(([type, payload]) => [type, toHex(payload)]),
    );
  }));
});
