import assert from "node:assert/strict";
import { join } from "node:path";
import { PERMISSIONS } from "../../packaging/flags.ts";
import { ROOT } from "../../packaging/stage.ts";

Deno.test("README.md explains exactly the permissions of the binary", () => {
  const readme = Deno.readTextFileSync(join(ROOT, "README.md"));
  const rows = [...readme.matchAll(/^\| `(--[\w-]+)` +\| \S.{20,}\|$/gm)];
  assert.deepEqual(rows.map(([, flag]) => flag), PERMISSIONS);
});
