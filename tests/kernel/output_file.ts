/** What becomes of a file that is written over, whatever the kernel, the disk or a signal does. */
import assert from "node:assert/strict";
import { parseExact } from "./_compare.ts";
import { seen, textOf } from "./_files.ts";
import { phase } from "./_guest.ts";
import { assertOld, assertTidy } from "./_over_old.ts";

const COMMANDS = ["show", "record"];

const test = phase("output_file.sh");

function servers(text: string): unknown {
  return parseExact(text).virtual_servers;
}

test("a file is as it was without CAP_NET_ADMIN", (files) => {
  for (const command of COMMANDS) assertOld(files, `uncapable-${command}`, 4);
});

test("a file is as it was when the disk is full", (files) => {
  for (const command of COMMANDS) {
    assertOld(files, `full-${command}`, 1);
    assert.match(seen(files, `full-${command}`).err, /no space left on device/);
  }
});

test("a file is replaced as a whole, and keeps its mode and owner", (files) => {
  for (const command of COMMANDS) {
    const { status, err } = seen(files, `whole-${command}`);
    assert.equal(status, 0, err);
    assertTidy(files, `whole-${command}`);
  }
  assert.deepEqual(servers(textOf(files, "whole-show.file")), servers(textOf(files, "live.json")));
});

for (const signal of ["INT", "TERM"]) {
  test(`a recording that SIG${signal} ends early is whole, and ends in exit code 0`, (files) => {
    const name = `interrupted-${signal}`;
    const { status, err } = seen(files, name);
    assert.deepEqual([status, err], [0, ""]);
    assertTidy(files, name);
    assert.deepEqual(servers(textOf(files, `${name}.json`)), servers(textOf(files, "live.json")));
  });
}
