import assert from "node:assert/strict";
import fc from "fast-check";
import { ByteWriter, utf8 } from "../../lib/output/byte_writer.ts";
import { textOf } from "../_output_parsers.ts";

const CAPACITY = 65536;

/** Everything that a writer wrote. */
function written(write: (out: ByteWriter) => void): string {
  return textOf((sink) => {
    const out = new ByteWriter(sink);
    write(out);
    out.flush();
  });
}

const U32 = [
  ...Array.from({ length: 10 }, (_, i) => 10 ** i).flatMap((n) => [n - 1, n, n + 1]),
  ...[2 ** 16 - 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 2, 2 ** 32 - 1],
];

const U64 = [
  ...Array.from({ length: 20 }, (_, i) => 10n ** BigInt(i)).flatMap((n) => [n - 1n, n, n + 1n]),
  ...[32n, 33n, 53n, 63n].flatMap((bits) => [2n ** bits - 1n, 2n ** bits, 2n ** bits + 1n]),
  2n ** 64n - 1n,
];

/** Writes a value as the model returns it: as a number below 2^53. */
function writeU64(out: ByteWriter, value: bigint): void {
  out.number(value < 2n ** 53n ? Number(value) : value);
}

Deno.test("fraction() writes each rounded number from 0 to 1 as JavaScript does", () => {
  for (let n = 0; n <= 1000; n++) {
    assert.equal(written((out) => out.fraction(n / 1000, 3)), String(n / 1000));
  }
  const cases = [[0.00000149, "0.000001"], [0.9999994, "0.999999"], [0.9999996, "1"]] as const;
  for (const [value, text] of cases) assert.equal(written((out) => out.fraction(value, 6)), text);
});

Deno.test("fraction() writes numbers at every position of the buffer", () => {
  const text = written((out) => {
    for (let n = 0; n < 20_000; n++) out.fraction(0.25, 6);
  });
  assert.equal(text, "0.25".repeat(20_000));
});

Deno.test("ipv4() writes every octet at every position in decimal", () => {
  for (let position = 0; position < 4; position++) {
    for (let octet = 0; octet < 256; octet++) {
      const octets = [250, 7, 99, 100].with(position, octet);
      const word = new DataView(Uint8Array.from(octets).buffer).getUint32(0);
      assert.equal(written((out) => out.ipv4(word)), octets.join("."));
    }
  }
});

Deno.test("u32() writes powers of ten, their neighbours and 2^32-1", () => {
  for (const value of U32) assert.equal(written((out) => out.u32(value)), String(value));
});

Deno.test("number() writes the exact digits of values around 2^32, 2^53 and 2^63, and of 2^64-1", () => {
  for (const value of U64) assert.equal(written((out) => writeU64(out, value)), String(value));
});

Deno.test("u32() and number() write the same as String() for any value", () => {
  fc.assert(fc.property(fc.nat({ max: 0xffffffff }), (value) => {
    assert.equal(written((out) => out.u32(value)), String(value));
  }));
  fc.assert(fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (value) => {
    assert.equal(written((out) => writeU64(out, value)), String(value));
  }));
  // Powers of two, so that small values are as likely as large ones.
  fc.assert(fc.property(fc.nat({ max: 63 }), fc.bigInt({ min: 0n, max: 255n }), (shift, low) => {
    const value = ((1n << BigInt(shift)) + low) & (2n ** 64n - 1n);
    assert.equal(written((out) => writeU64(out, value)), String(value));
  }));
});

Deno.test("ByteWriter writes every byte once if a write reaches the end of the buffer", () => {
  const writes: [string, (out: ByteWriter) => void][] = [
    ["7", (out) => out.u32(7)],
    ["4294967295", (out) => out.u32(4294967295)],
    ["9007199254740991", (out) => writeU64(out, 2n ** 53n - 1n)],
    ["18446744073709551615", (out) => writeU64(out, 2n ** 64n - 1n)],
    ["255.255.255.255", (out) => out.ipv4(0xffffffff)],
    ["short", (out) => out.raw(utf8("short"))],
    ["a text longer than sixteen bytes", (out) => out.text("a text longer than sixteen bytes")],
    ["tha", (out) => out.raw(utf8("longer than ten"), 7, 10)],
    ["y".repeat(60), (out) => out.raw(utf8(`x${"y".repeat(60)}z`), 1, 61)],
  ];
  for (const [expected, write] of writes) {
    for (let left = 0; left <= 40; left++) {
      const before = "x".repeat(CAPACITY - left);
      const text = written((out) => {
        out.text(before);
        write(out);
        out.u32(1);
      });
      assert.ok(text === `${before}${expected}1`, `${expected} with ${left} bytes left`);
    }
  }
});

Deno.test("ByteWriter.position is the number of bytes written", () => {
  const out = new ByteWriter(() => {});
  for (const length of [5, CAPACITY - 1, CAPACITY + 1, 3]) {
    const before = out.position;
    out.raw(new Uint8Array(length));
    assert.equal(out.position, before + length);
  }
  out.flush();
  assert.equal(out.position, 2 * CAPACITY + 8);
});

Deno.test("raw() writes bytes larger than the buffer in order", () => {
  for (const length of [CAPACITY - 1, CAPACITY, CAPACITY + 1, CAPACITY + 4, 3 * CAPACITY]) {
    const large = "0123456789".repeat(20_000).slice(0, length);
    const text = written((out) => {
      out.text("<");
      out.text(large);
      out.text(">");
    });
    assert.ok(text === `<${large}>`, String(length));
  }
});

Deno.test("text() writes UTF-8", () => {
  const bytes: number[] = [];
  const out = new ByteWriter((chunk) => bytes.push(...chunk));
  out.text("é€😀");
  out.flush();
  assert.deepEqual(bytes, [0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x98, 0x80]);
});

Deno.test("flush() calls the sink once, and only if the buffer is not empty", () => {
  let calls = 0;
  const out = new ByteWriter(() => calls++);
  out.flush();
  assert.equal(calls, 0);
  out.u32(1);
  assert.equal(calls, 0);
  out.flush();
  out.flush();
  assert.equal(calls, 1);
});

Deno.test("ByteWriter throws the error of the sink", () => {
  const out = new ByteWriter(() => {
    throw new Error("the disk is full");
  });
  out.text("x");
  assert.throws(() => out.flush(), /the disk is full/);
  assert.throws(() => out.text("y".repeat(CAPACITY)), /the disk is full/);
});

Deno.test("ByteWriter writes any sequence of values in order", () => {
  const write = fc.oneof(
    fc.nat({ max: 0xffffffff }).map((n) => ({ text: String(n), to: (o: ByteWriter) => o.u32(n) })),
    fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((n) => ({
      text: String(n),
      to: (o: ByteWriter) => writeU64(o, n),
    })),
    fc.string({ unit: "grapheme", maxLength: 40 }).map((text) => ({
      text,
      to: (o: ByteWriter) => o.text(text),
    })),
    fc.nat({ max: CAPACITY + 9 }).map((n) => ({
      text: "z".repeat(n),
      to: (o: ByteWriter) => o.text("z".repeat(n)),
    })),
  );
  fc.assert(fc.property(fc.array(write, { maxLength: 20 }), (writes) => {
    const text = written((out) => writes.forEach((each) => each.to(out)));
    assert.ok(text === writes.map((each) => each.text).join(""));
  }));
});
