import assert from "node:assert/strict";
import { show } from "../../lib/commands/show.ts";
import type { Source } from "../../lib/ipvs/collect.ts";
import { fakeKernel, inconsistentKernel } from "../_fake_kernel.ts";

async function influxLines(source: Source): Promise<string[]> {
  let text = "";
  const sink = (bytes: Uint8Array) => void (text += new TextDecoder().decode(bytes));
  await show(source, sink, { format: "influx", extended: false, color: false });
  return text.trimEnd().split("\n");
}

Deno.test("show() begins an inconsistent snapshot in influx with a comment for each doubt", async () => {
  const [first, ...others] = await influxLines(inconsistentKernel());
  assert.match(first!, /^# inconsistent: fwmark 1 inet: \S/);
  assert.ok(others.length > 0 && others.every((line) => line.startsWith("ipvs_")));
});

Deno.test("show() writes no comment for a consistent snapshot in influx", async () => {
  const lines = await influxLines(fakeKernel({ services: [{ fwmark: 1 }] }));
  assert.ok(lines.every((line) => line.startsWith("ipvs_")), lines.join("\n"));
});
