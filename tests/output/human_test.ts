import assert from "node:assert/strict";
import fc from "fast-check";
import { humanByteRate, humanBytes, humanCount } from "../../lib/output/human.ts";

Deno.test("humanCount() is exact below 100000 and has three digits from there on", () => {
  const cases: [number | bigint, string][] = [
    [0, "0"],
    [99999, "99999"],
    [100000, "100k"],
    [999499, "999k"],
    [999500, "1.00M"],
    [9994999, "9.99M"],
    [9995000, "10.0M"],
    [99949999, "99.9M"],
    [99950000, "100M"],
    [2n ** 53n, "9.01P"],
    [2n ** 64n - 1n, "18.4E"],
  ];
  for (const [value, text] of cases) assert.equal(humanCount(value), text);
});

Deno.test("humanBytes() and humanByteRate() name bytes of 1000 a kilobyte, never bits", () => {
  assert.equal(humanBytes(0), "0");
  assert.equal(humanBytes(9999), "9999B");
  assert.equal(humanBytes(10000), "10.0kB");
  assert.equal(humanBytes(2n ** 64n - 1n), "18.4EB");
  assert.equal(humanByteRate(0), "0");
  assert.equal(humanByteRate(1), "1B/s");
  assert.equal(humanByteRate(125_000_000), "125MB/s");
});

Deno.test("humanCount() is off by less than one in two hundred, in at most five characters", () => {
  const powers = ["", "k", "M", "G", "T", "P", "E"];
  fc.assert(fc.property(fc.nat({ max: 63 }), fc.nat(), (shift, low) => {
    const value = ((1n << BigInt(shift)) | BigInt(low)) & (2n ** 64n - 1n);
    const text = humanCount(value);
    assert.ok(text.length <= 5, text);
    const [, digits, prefix] = /^([0-9.]+)([kMGTPE]?)$/.exec(text)!;
    const back = Number(digits) * 1000 ** powers.indexOf(prefix!);
    assert.ok(Math.abs(back - Number(value)) <= Number(value) / 200, `${value} as ${text}`);
  }));
});
