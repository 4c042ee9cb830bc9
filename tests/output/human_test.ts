import assert from "node:assert/strict";
import fc from "fast-check";
import { humanAmount, humanCount, humanUnit } from "../../lib/output/human.ts";

Deno.test("humanCount() is exact below 100000", () => {
  const cases: [number | bigint, string][] = [
    [0, "0"],
    [99999, "99999"],
    [100000, "100k"],
    [999499, "999k"],
    [999500, "1.0M"],
    [99949999, "99.9M"],
    [99950000, "100M"],
    [2n ** 53n, "9.0P"],
    [2n ** 64n - 1n, "18.4E"],
  ];
  for (const [value, text] of cases) assert.equal(humanCount(value), text);
});

Deno.test("humanAmount() is exact below 1000", () => {
  const cases: (readonly [number, string])[] = [
    ...[[0, "0"], [999, "999"], [1000, "1.0k"], [1050, "1.1k"], [9949, "9.9k"]] as const,
    ...[[20_949, "20.9k"], [99_949, "99.9k"], [99_950, "100k"], [999_500, "1.0M"]] as const,
  ];
  for (const [value, text] of cases) assert.equal(humanAmount(value), text);
});

Deno.test("humanUnit() writes the prefix before the unit; a kilobyte has 1000 bytes", () => {
  assert.equal(humanUnit(0, "B"), "0 B");
  assert.equal(humanUnit(850, "B/s"), "850 B/s");
  assert.equal(humanUnit(20_900, "B/s"), "20.9 kB/s");
  assert.equal(humanUnit(2n ** 64n - 1n, "B"), "18.4 EB");
});

Deno.test("humanAmount() has an error of at most 5 percent and at most five characters", () => {
  const powers = ["", "k", "M", "G", "T", "P", "E"];
  fc.assert(fc.property(fc.nat({ max: 63 }), fc.nat(), (shift, low) => {
    const value = ((1n << BigInt(shift)) | BigInt(low)) & (2n ** 64n - 1n);
    const text = humanAmount(value);
    assert.ok(text.length <= 5, text);
    const [, digits, prefix] = /^([0-9.]+)([kMGTPE]?)$/.exec(text)!;
    const back = Number(digits) * 1000 ** powers.indexOf(prefix!);
    assert.ok(Math.abs(back - Number(value)) <= Number(value) / 20, `${value} as ${text}`);
  }));
});
