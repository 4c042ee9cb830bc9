import assert from "node:assert/strict";
import { join } from "node:path";
import { PERMISSIONS } from "../../packaging/flags.ts";
import { ROOT } from "../../packaging/stage.ts";

Deno.test("docs/permissions.md gives the reason for each of the binary's permissions, and for no other", () => {
  const page = Deno.readTextFileSync(join(ROOT, "docs", "permissions.md"));
  const rows = [...page.matchAll(/^\| `(--[\w-]+)` +\| \S.{20,}\|$/gm)];
  assert.deepEqual(rows.map(([, flag]) => flag), PERMISSIONS);
});
