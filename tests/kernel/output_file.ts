/** Replacing an existing file: success, failures and signals. */
import assert from "node:assert/strict";
import { parseExact } from "./_compare.ts";
import { seen, textOf } from "./_files.ts";
import { phase } from "./_guest.ts";
import { assertClean, assertUnchanged } from "./_overwrite.ts";

const COMMANDS = ["show", "record"];

const test = phase("output_file.sh");

function servers(text: string): unknown {
  return parseExact(text).virtual_servers;
}

test("an existing file is unchanged without CAP_NET_ADMIN", (files) => {
  for (const command of COMMANDS) assertUnchanged(files, `uncapable-${command}`, 4);
});

test("an existing file is unchanged if the disk is full", (files) => {
  for (const command of COMMANDS) {
    assertUnchanged(files, `full-${command}`, 1);
    assert.match(seen(files, `full-${command}`).err, /no space left on device/);
  }
});

test("a file is replaced, and keeps its mode and owner", (files) => {
  for (const command of COMMANDS) {
    const { status, err } = seen(files, `whole-${command}`);
    assert.equal(status, 0, err);
    assertClean(files, `whole-${command}`);
  }
  assert.deepEqual(servers(textOf(files, "whole-show.file")), servers(textOf(files, "live.json")));
});

for (const signal of ["INT", "TERM"]) {
  test(`record stopped by SIG${signal} writes a complete recording and exits 0`, (files) => {
    const name = `interrupted-${signal}`;
    const { status, err } = seen(files, name);
    assert.deepEqual([status, err], [0, ""]);
    assertClean(files, name);
    assert.deepEqual(servers(textOf(files, `${name}.json`)), servers(textOf(files, "live.json")));
  });
}
