/** What a caller sees when there is no permission, or no room for the output. */
import assert from "node:assert/strict";
import { FORMATS } from "../../lib/commands/options.ts";
import { assertFailure, seen } from "./_files.ts";
import { phase } from "./_guest.ts";

const test = phase("failures.sh");

test("every reading command ends in exit code 4 and one line without CAP_NET_ADMIN", (files) => {
  assert.equal(seen(files, "capable").status, 0);
  assertFailure(files, "uncapable-setpriv", 4);
  assert.match(seen(files, "uncapable-setpriv").err, /CAP_NET_ADMIN|root/);
});

test("the capability of another user namespace does not count, and exit code 4 says so", (files) => {
  for (const name of ["userns", "netns", "table", "record"]) {
    assertFailure(files, `uncapable-${name}`, 4);
  }
});

test("show ends in exit code 1 and one line when the disk is full", (files) => {
  for (const format of FORMATS) assertFailure(files, `full-${format}`, 1);
});

test("record ends in exit code 1 and one line when the disk is full", (files) => {
  assertFailure(files, "full-record", 1);
});

test("show ends quietly when the reader of its pipe goes away", (files) => {
  for (const format of FORMATS) {
    const { out, err } = seen(files, `head-${format}`);
    assert.match(out, /^[^\n]+\n$/, format);
    assert.equal(err, "", format);
  }
});
