/** Exit codes and messages without permission. */
import assert from "node:assert/strict";
import { assertFailure, seen } from "./_files.ts";
import { phase } from "./_guest.ts";

const test = phase("no_capability.sh");

test("show exits 4 with one line without CAP_NET_ADMIN", (files) => {
  assert.equal(seen(files, "capable").status, 0);
  assertFailure(files, "uncapable-setpriv", 4);
  assert.match(seen(files, "uncapable-setpriv").err, /CAP_NET_ADMIN|root/);
});

test("show and record exit 4 with one line in another user namespace", (files) => {
  for (const name of ["userns", "netns", "table", "record"]) {
    assertFailure(files, `uncapable-${name}`, 4);
  }
});
