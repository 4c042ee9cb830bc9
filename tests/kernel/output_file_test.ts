/** What becomes of a file that is written over, whatever the kernel, the disk or a signal does. */
import assert from "node:assert/strict";
import { parseExact } from "./_compare.ts";
import { type Files, seen, textOf } from "./_files.ts";
import { bootScript, oneGuest, testsOf } from "./_guest.ts";

const COMMANDS = ["show", "record"];

const test = testsOf(oneGuest(() => bootScript("output_file_test.sh", { modules: [] })));

/** Nothing is beside the file, and its mode and owner are as they were. */
function assertTidy(files: Files, name: string): void {
  assert.equal(textOf(files, `${name}.state`), "file\n640 65534 65534\n", name);
}

function assertOld(files: Files, name: string, code: number): void {
  const { status, err } = seen(files, name);
  assert.equal(status, code, err);
  assert.match(err, /^ipvstat: [^\n]+\n$/);
  assert.equal(textOf(files, `${name}.file`), "old\n", name);
  assertTidy(files, name);
}

function servers(text: string): unknown {
  return parseExact(text).virtual_servers;
}

test("a file is as it was where ip_vs is not loaded", (files) => {
  for (const command of COMMANDS) assertOld(files, `absent-${command}`, 3);
});

test("a file is as it was without CAP_NET_ADMIN", (files) => {
  for (const command of COMMANDS) assertOld(files, `uncapable-${command}`, 4);
});

test("a file is as it was when the disk is full", (files) => {
  for (const command of COMMANDS) {
    assertOld(files, `full-${command}`, 1);
    assert.match(seen(files, `full-${command}`).err, /No space left on device/);
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
