import assert from "node:assert/strict";
import fc from "fast-check";
import { align4, expectWidth, readAttributes, readText } from "../../lib/netlink/attributes.ts";
import { DecodeError } from "../../lib/netlink/errors.ts";
import { Datagram } from "../../lib/netlink/transport.ts";
import { manyRuns } from "../_property_runs.ts";
import { MessageWriter } from "../_netlink_messages.ts";
import { hex, poisoned } from "./_script.ts";

type Seen = [type: number, offset: number, length: number];

function read(datagram: Datagram, start = 0, end = datagram.length): Seen[] {
  const seen: Seen[] = [];
  readAttributes(datagram, start, end, (...attribute) => seen.push(attribute));
  return seen;
}

function failure(bytes: Uint8Array, start?: number): string {
  try {
    read(Datagram.from(bytes), start);
  } catch (error) {
    assert.ok(error instanceof DecodeError);
    return error.message;
  }
  return "no error";
}

Deno.test("align4() rounds up to a multiple of 4", () => {
  assert.deepEqual([0, 1, 3, 4, 5, 65535].map(align4), [0, 4, 4, 4, 8, 65536]);
});

Deno.test("readAttributes() visits each attribute with its type, payload offset and length", () => {
  const bytes = new MessageWriter().u32(1, 7).bytes(2, [1]).bytes(3, []).u16(16383, 5).take();
  assert.deepEqual(read(Datagram.from(bytes)), [[1, 4, 4], [2, 12, 1], [3, 20, 0], [16383, 24, 2]]);
});

Deno.test("readAttributes() reads nothing from an empty range", () => {
  assert.deepEqual(read(Datagram.from(new Uint8Array(8)), 8), []);
});

Deno.test("readAttributes() removes the flags NLA_F_NESTED and NLA_F_NET_BYTEORDER from a type", () => {
  assert.deepEqual(read(Datagram.from(hex("04 00 01 c0"))), [[1, 4, 0]]);
});

Deno.test("readAttributes() reads lengths and types in the sender's byte order", () => {
  const bytes = new MessageWriter(true).u32(1, 7).u32(300, 7).take();
  assert.deepEqual(read(Datagram.from(bytes, false)), [[1, 4, 4], [300, 12, 4]]);
});

Deno.test("readAttributes() accepts a last attribute without padding", () => {
  assert.deepEqual(read(Datagram.from(hex("05 00 01 00 ff"))), [[1, 4, 1]]);
});

Deno.test("readAttributes() reports the offset and the rest of the range for a truncated header", () => {
  const whole = "08 00 01 00 00 00 00 00";
  for (const [left, tail] of [[1, "04"], [2, "04 00"], [3, "04 00 01"]] as const) {
    assert.equal(
      failure(hex(whole + tail)),
      `Cannot read attribute at offset 8: ${left} bytes left of 4`,
    );
  }
});

Deno.test("readAttributes() reports the offset, the length and the rest of the range if a length is too large", () => {
  assert.equal(
    failure(hex("04 00 01 00 09 00 02 00 00 00 00 00")),
    "Cannot read attribute at offset 4: length 9 with 8 bytes left",
  );
  assert.equal(
    failure(hex("ff ff 01 00"), 0),
    "Cannot read attribute at offset 0: length 65535 with 4 bytes left",
  );
});

Deno.test("readAttributes() rejects a length smaller than the header, including 0", () => {
  for (const length of [0, 1, 3]) {
    assert.equal(
      failure(Uint8Array.of(length, 0, 1, 0)),
      `Cannot read attribute at offset 0: length ${length} with 4 bytes left`,
    );
  }
});

Deno.test("readAttributes() stops at the end of its range, even if the datagram is longer", () => {
  const datagram = Datagram.from(new MessageWriter().u32(1, 7).u32(2, 7).take());
  assert.deepEqual(read(datagram, 0, 8), [[1, 4, 4]]);
  assert.throws(() => read(datagram, 0, 7), /offset 0: length 8 with 7 bytes left$/);
});

Deno.test("readAttributes() reads any attributes as they were written", () => {
  const attribute = fc.tuple(fc.nat(16383), fc.uint8Array({ maxLength: 40 }));
  fc.assert(fc.property(fc.array(attribute), fc.boolean(), (attributes, bigEndian) => {
    const writer = new MessageWriter(bigEndian);
    for (const [type, payload] of attributes) writer.bytes(type, payload);
    const datagram = Datagram.from(writer.take(), !bigEndian);
    const found = read(datagram).map(([type, offset, length]) => [
      type,
      datagram.bytes.slice(offset, offset + length),
    ]);
    assert.deepEqual(found, attributes.map(([type, payload]) => [type, payload.slice()]));
  }));
});

Deno.test("readAttributes() reads arbitrary bytes only within its range, or throws DecodeError", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.boolean(), (bytes, littleEndian) => {
      const outcomes = [0x00, 0xff].map((poison) => {
        try {
          return read(poisoned(bytes, poison, littleEndian), 0, bytes.length);
        } catch (error) {
          assert.ok(error instanceof DecodeError, String(error));
          return error.message;
        }
      });
      assert.deepEqual(outcomes[0], outcomes[1]);
      if (typeof outcomes[0] === "string") return;
      assert.ok(outcomes[0]!.length <= bytes.length / 4);
      for (const [, offset, length] of outcomes[0]!) assert.ok(offset + length <= bytes.length);
    }),
    manyRuns(20),
  );
});

Deno.test("readText() ends at the first NUL byte, or at the given length", () => {
  const bytes = new TextEncoder().encode("wlc\0junk");
  assert.equal(readText(bytes, 0, 8), "wlc");
  assert.equal(readText(bytes, 0, 2), "wl");
  assert.equal(readText(bytes, 4, 4), "junk");
});

Deno.test("expectWidth() reports the attribute, the offset and both widths", () => {
  expectWidth("CTRL_ATTR_VERSION", 24, 4, 4);
  assert.throws(() => expectWidth("CTRL_ATTR_VERSION", 24, 2, 4), {
    name: "DecodeError",
    message: "Cannot decode CTRL_ATTR_VERSION at offset 24: 2 bytes, not 4",
  });
});
