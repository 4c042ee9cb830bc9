/** Exit codes and messages if the output cannot be written. */
import assert from "node:assert/strict";
import { FORMATS } from "../../lib/commands/options.ts";
import { assertFailure, seen } from "./_files.ts";
import { phase } from "./_guest.ts";

const test = phase("broken_outputs.sh");

test("show exits 1 with one line if the disk is full", (files) => {
  for (const format of FORMATS) assertFailure(files, `full-${format}`, 1);
});

test("record exits 1 with one line if the disk is full", (files) => {
  assertFailure(files, "full-record", 1);
});

test("show ends without an error if the output pipe closes early", (files) => {
  for (const format of FORMATS) {
    const { out, err } = seen(files, `head-${format}`);
    assert.match(out, /^[^\n]+\n$/, format);
    assert.equal(err, "", format);
  }
});
