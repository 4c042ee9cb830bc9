/**
 * Compares replays of recordings from four kernels with the expected outputs and with another
 * decoder.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { GOLDENS, outputOf, RECORDINGS, recordings } from "../golden.ts";
import { parseExact } from "../kernel/_compare.ts";
import { assertInflux, assertMetrics } from "../kernel/_formats.ts";
import type { Fields } from "../kernel/_ipvsadm.ts";
import { decodeCapture, virtualServers } from "../kernel/_capture_state.ts";

Deno.test("every kernel of the lab has a recording", () => {
  const kernels = ["5.10", "6.1", "6.12", "7.2"];
  assert.deepEqual(recordings(), kernels.map((kernel) => `linux-${kernel}`));
});

for (const name of recordings()) {
  const capture = join(RECORDINGS, `${name}.pcap`);
  const golden = Deno.readTextFileSync(join(RECORDINGS, `${name}.json`));
  const json = parseExact(golden) as Fields;
  const output = (file: string) => outputOf(capture, GOLDENS[file]!);

  Deno.test(`a recording replays to the expected JSON: ${name}`, async () => {
    assert.equal(await output("expected.json"), golden);
  });

  Deno.test(`the expected JSON has every attribute that the kernel sent: ${name}`, () => {
    const kernel = decodeCapture(Deno.readFileSync(capture));
    assert.deepEqual(json.virtual_servers, virtualServers(kernel));
    assert.deepEqual([json.ipvs, json.timeouts], [kernel.info, kernel.timeouts]);
    assert.equal((json.virtual_servers as Fields[]).length, 60);
  });

  Deno.test(`the other formats have the same numbers as the expected JSON: ${name}`, async () => {
    assert.ok(assertInflux(await output("expected.influx"), json, false) > 900);
    assert.ok(assertInflux(await output("expected-extended.influx"), json, true) > 1300);
    assert.ok(assertMetrics(await output("expected.prom"), json) > 1300);
    assert.ok(assertMetrics(await output("expected.openmetrics"), json) > 1300);
  });
}
