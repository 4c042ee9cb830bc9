/** What becomes of a file that is written over, whatever the kernel, the disk or a signal does. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { parseExact, textOf } from "./_compare.ts";
import { boot, type BootResult, cannotBoot } from "./_lab.ts";
import { guestDir } from "./_prepare.ts";

const ignore = cannotBoot();
const COMMANDS = ["show", "record"];
type Files = Record<string, Uint8Array>;
let guest: Promise<BootResult> | undefined;

async function results(): Promise<Files> {
  const script = Deno.readTextFileSync(join(guestDir, "output_file_test.sh"));
  guest ??= boot({ script, modules: [] });
  return (await guest).files;
}

function test(name: string, body: (files: Files) => void): void {
  Deno.test({ name, ignore, fn: async () => body(await results()) });
}

function statusOf(files: Files, name: string): number {
  return Number(textOf(files, `${name}.status`));
}

/** Nothing is beside the file, and its mode and owner are as they were. */
function assertTidy(files: Files, name: string): void {
  assert.equal(textOf(files, `${name}.state`), "file\n640 65534 65534\n", name);
}

function assertOld(files: Files, name: string, status: number): void {
  assert.equal(statusOf(files, name), status, textOf(files, `${name}.err`));
  assert.match(textOf(files, `${name}.err`), /^ipvstat: [^\n]+\n$/);
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
    assert.match(textOf(files, `full-${command}.err`), /No space left on device/);
  }
});

test("a file is replaced as a whole, and keeps its mode and owner", (files) => {
  for (const command of COMMANDS) {
    assert.equal(statusOf(files, `whole-${command}`), 0, textOf(files, `whole-${command}.err`));
    assertTidy(files, `whole-${command}`);
  }
  assert.deepEqual(servers(textOf(files, "whole-show.file")), servers(textOf(files, "live.json")));
});

for (const signal of ["INT", "TERM"]) {
  test(`a recording that SIG${signal} ends early is whole, and ends in exit code 0`, (files) => {
    const name = `interrupted-${signal}`;
    assert.equal(statusOf(files, name), 0, textOf(files, `${name}.err`));
    assert.equal(textOf(files, `${name}.err`), "");
    assertTidy(files, name);
    assert.deepEqual(servers(textOf(files, `${name}.json`)), servers(textOf(files, "live.json")));
  });
}
