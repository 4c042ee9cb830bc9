import assert from "node:assert/strict";
import { join } from "node:path";
import { assertSameReport } from "../doctor/_forms.ts";

const CLI = join(import.meta.dirname!, "..", "..", "cli.ts");
const decoder = new TextDecoder();

async function ipvstat(permissions: readonly string[], ...words: readonly string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", ...permissions, CLI, ...words],
    env: { NO_COLOR: "1" },
  }).output();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

Deno.test("ipvstat doctor ends as ipvstat show does, on whatever machine", async () => {
  const text = await ipvstat(["--allow-ffi"], "doctor");
  const json = await ipvstat(["--allow-ffi"], "doctor", "-o", "json");
  const show = await ipvstat(["--allow-ffi"], "show");
  const report = JSON.parse(json.stdout);
  assert.deepEqual([text.code, json.code, report.exit_code], [show.code, show.code, show.code]);
  assert.deepEqual([text.stderr, json.stderr], ["", ""]);
  assertSameReport(text.stdout, report);
});

Deno.test("ipvstat doctor without Deno's permission exits 4 and names it", async () => {
  const { code, stdout, stderr } = await ipvstat([], "doctor");
  assert.deepEqual([code, stdout], [4, ""]);
  assert.match(stderr, /^ipvstat: [^\n]*--allow-ffi[^\n]*\n$/);
});
