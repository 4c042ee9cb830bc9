import assert from "node:assert/strict";
import { join } from "node:path";
import { type Result, run } from "../_commands.ts";
import { assertSameReport } from "../doctor/_forms.ts";

const CLI = join(import.meta.dirname!, "..", "..", "cli.ts");

async function ipvstat(permissions: readonly string[], ...words: string[]): Promise<Result> {
  const deno = [Deno.execPath(), "run", "--quiet", "--no-prompt", ...permissions];
  return await run([...deno, CLI, ...words], { env: { NO_COLOR: "1" } });
}

Deno.test("ipvstat doctor has the exit code of ipvstat show, on any machine", async () => {
  const text = await ipvstat(["--allow-ffi"], "doctor");
  const json = await ipvstat(["--allow-ffi"], "doctor", "-o", "json");
  const show = await ipvstat(["--allow-ffi"], "show");
  const report = JSON.parse(json.stdout);
  assert.deepEqual([text.code, json.code, report.exit_code], [show.code, show.code, show.code]);
  assert.deepEqual([text.stderr, json.stderr], ["", ""]);
  assertSameReport(text.stdout, report);
});

Deno.test("ipvstat doctor without --allow-ffi exits 1 and names the flag", async () => {
  const { code, stdout, stderr } = await ipvstat([], "doctor");
  assert.deepEqual([code, stdout], [1, ""]);
  assert.match(stderr, /^ipvstat: [^\n]*--allow-ffi[^\n]*\n$/);
});
