/** Exit codes and messages without permission, or if the output cannot be written. */
import assert from "node:assert/strict";
import { FORMATS } from "../../lib/commands/options.ts";
import { assertFailure, seen } from "./_files.ts";
import { phase } from "./_guest.ts";

const test = phase("failures.sh");

test("show and record exit 4 with one line without CAP_NET_ADMIN", (files) => {
  assert.equal(seen(files, "capable").status, 0);
  assertFailure(files, "uncapable-setpriv", 4);
  assert.match(seen(files, "uncapable-setpriv").err, /CAP_NET_ADMIN|root/);
});

test("show and record exit 4 with one line in another user namespace", (files) => {
  for (const name of ["userns", "netns", "table", "record"]) {
    assertFailure(files, `uncapable-${name}`, 4);
  }
});

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
