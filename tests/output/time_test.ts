import assert from "node:assert/strict";
import fc from "fast-check";
import { isoTime } from "../../lib/output/time.ts";

Deno.test("isoTime() prints nine digits of nanoseconds, including zeros", () => {
  assert.equal(isoTime(0n), "1970-01-01T00:00:00.000000000Z");
  assert.equal(isoTime(1_767_323_045_000_000_006n), "2026-01-02T03:04:05.000000006Z");
  assert.equal(isoTime(4_294_967_295_999_999_999n), "2106-02-07T06:28:15.999999999Z");
});

Deno.test("isoTime() returns the same as Date for any second up to the year 9999", () => {
  const last = Date.UTC(9999, 11, 31, 23, 59, 59) / 1000;
  const check = (second: number) =>
    assert.equal(
      isoTime(BigInt(second) * 1_000_000_000n),
      new Date(second * 1000).toISOString().replace(".000Z", ".000000000Z"),
    );
  for (const year of [1970, 1972, 2000, 2024, 2026, 2100, 2400]) {
    for (let day = 0; day < 367; day++) check(Date.UTC(year, 0, 1) / 1000 + day * 86_400);
  }
  fc.assert(fc.property(fc.integer({ min: 0, max: last }), check));
});
