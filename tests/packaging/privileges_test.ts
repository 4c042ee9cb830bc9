import assert from "node:assert/strict";
import { join } from "node:path";
import { PERMISSIONS } from "../../packaging/flags.ts";
import { ROOT } from "../../packaging/stage.ts";

Deno.test("docs/permissions.md explains exactly the permissions of the binary", () => {
  const page = Deno.readTextFileSync(join(ROOT, "docs", "permissions.md"));
  const rows = [...page.matchAll(/^\| `(--[\w=-]+)` +\| \S.{20,}\|$/gm)];
  assert.deepEqual(rows.map(([, flag]) => flag), PERMISSIONS);
});
