import assert from "node:assert/strict";
import fc from "fast-check";
import { fromHalves, Records } from "../../lib/ipvs/records.ts";

/** A record whose first slot is not 0, with many zeros among the others. */
function record(slots: number): fc.Arbitrary<number[]> {
  const value = fc.oneof(
    { weight: 2, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.nat(0xffffffff) },
    { weight: 1, arbitrary: fc.constantFrom(1, 0x7fffffff, 0x80000000, 0xffffffff) },
  );
  return fc.tuple(
    fc.integer({ min: 1, max: 0xffffffff }),
    fc.array(value, { minLength: slots - 1, maxLength: slots - 1 }),
  ).map(([first, rest]) => [first, ...rest]);
}

/** Records that take up some 1.2 chunks, from a few different ones. */
function fill(records: Records, of: readonly number[][]): { places: number[]; all: number[][] } {
  const places: number[] = [], all: number[][] = [];
  for (let words = 0, i = 0; words < 40_000; i++) {
    const one = of[i % of.length]!;
    places.push(records.append(Uint32Array.from(one), 0, one.length));
    all.push(one);
    words += 2 + one.filter((value) => value !== 0).length;
  }
  return { places, all };
}

const mixed = fc.integer({ min: 1, max: 64 }).chain((slots) =>
  fc.array(record(slots), { minLength: 1, maxLength: 7 })
);

Deno.test("Records gives back what was appended, over a chunk's border, in all 64 slots", () => {
  fc.assert(
    fc.property(mixed, (of) => {
      const records = new Records();
      const { all } = fill(records, of);
      assert.equal(records.length, all.length);
      assert.ok(records.end > 1 << 15, "more than one chunk");
      const cursor = records.cursor();
      cursor.seek(0);
      let wrong = 0;
      for (const expected of all) {
        cursor.next();
        for (let slot = 0; slot < 64; slot++) {
          if (cursor.get(slot) !== (expected[slot] ?? 0)) wrong++;
        }
      }
      assert.equal(wrong, 0);
    }),
    { numRuns: 20 },
  );
});

Deno.test("RecordCursor reads on from any place that append() gave", () => {
  fc.assert(
    fc.property(mixed, fc.infiniteStream(fc.nat()), (of, random) => {
      const records = new Records();
      const { places, all } = fill(records, of);
      const cursor = records.cursor();
      for (const number of random.take(50)) {
        const at = number % (all.length - 1);
        cursor.seek(places[at]!);
        for (const expected of [all[at]!, all[at + 1]!]) {
          cursor.next();
          assert.deepEqual(expected.map((_, slot) => cursor.get(slot)), expected);
        }
      }
    }),
    { numRuns: 20 },
  );
});

Deno.test("RecordCursor reads on from every `end`, also where the next record is in a new chunk", () => {
  const records = new Records();
  const ends: number[] = [];
  const full = new Uint32Array(64).fill(1);
  for (let i = 0; i < 1200; i++) {
    ends.push(records.end);
    full[1] = i;
    records.append(full, 0, 64);
  }
  const cursor = records.cursor();
  ends.forEach((end, i) => {
    cursor.seek(end);
    cursor.next();
    assert.equal(cursor.get(1), i);
  });
});

Deno.test("Records appends a part of a larger buffer", () => {
  const records = new Records();
  records.append(Uint32Array.of(9, 9, 1, 0, 3, 9), 2, 3);
  const cursor = records.cursor();
  cursor.seek(0);
  cursor.next();
  assert.deepEqual([0, 1, 2, 3].map((slot) => cursor.get(slot)), [1, 0, 3, 0]);
});

Deno.test("RecordCursor joins the halves of a value on both sides of slot 32", () => {
  const records = new Records();
  const words = new Uint32Array(64);
  words.set([1], 0);
  words.set([0xffffffff, 0x1fffff], 31);
  words.set([0, 0x200000], 62);
  records.append(words, 0, 64);
  const cursor = records.cursor();
  cursor.seek(0);
  cursor.next();
  assert.equal(cursor.wide(31), 2 ** 53 - 1);
  assert.equal(cursor.wide(62), 2n ** 53n);
});

Deno.test("fromHalves() is exact for every 64-bit value, and a number only below 2^53", () => {
  fc.assert(fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (value) => {
    const joined = fromHalves(Number(value & 0xffffffffn), Number(value >> 32n));
    assert.equal(BigInt(joined), value);
    assert.equal(typeof joined, value < 2n ** 53n ? "number" : "bigint");
  }));
  assert.equal(fromHalves(0xffffffff, 0x1fffff), Number.MAX_SAFE_INTEGER);
  assert.equal(fromHalves(0, 0x200000), 2n ** 53n);
});
