import assert from "node:assert/strict";
import { join } from "node:path";
import { cases, GOLDENS, output, TESTDATA } from "./golden.ts";

Deno.test("testdata/ contains the cases that the tests use", () => {
  assert.deepEqual(cases().filter((name) => ["demo", "empty", "hard"].includes(name)), [
    "demo",
    "empty",
    "hard",
  ]);
});

for (const name of cases()) {
  for (const [file, options] of Object.entries(GOLDENS)) {
    Deno.test(`show --replay testdata/${name} prints ${file}, byte for byte`, async () => {
      const expected = Deno.readTextFileSync(join(TESTDATA, name, file));
      assert.equal(await output(name, options), expected);
    });
  }
}
