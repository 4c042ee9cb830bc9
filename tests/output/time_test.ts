import assert from "node:assert/strict";
import { isoTime } from "../../lib/output/time.ts";

Deno.test("isoTime() keeps all nine digits of a second, leading zeros too", () => {
  assert.equal(isoTime(0n), "1970-01-01T00:00:00.000000000Z");
  assert.equal(isoTime(1_767_323_045_000_000_006n), "2026-01-02T03:04:05.000000006Z");
  assert.equal(isoTime(4_294_967_295_999_999_999n), "2106-02-07T06:28:15.999999999Z");
});
