/** What a caller sees when there is no IPVS, no permission, or no room for the output. */
import assert from "node:assert/strict";
import { FORMATS } from "../../lib/commands/options.ts";
import { type Files, seen, textOf } from "./_files.ts";
import { bootScript, oneGuest, testsOf } from "./_guest.ts";

const test = testsOf(oneGuest(() => bootScript("failures_test.sh", { modules: [] })));

/** One line, for a person, and not a word of a stack. */
function assertOneLine(text: string, name: string): void {
  assert.match(text, /^[^\n]{20,}\n$/, name);
  assert.doesNotMatch(text, /^\s+at |\.ts:\d+|Uncaught/m, name);
}

function assertFailure(files: Files, name: string, status: number): void {
  const result = seen(files, name);
  assert.equal(result.status, status, `${name}: ${result.err}`);
  assert.equal(result.out, "", name);
  assertOneLine(result.err, name);
}

test("every reading command ends in exit code 3 and one line where ip_vs is not loaded", (files) => {
  for (const name of [...FORMATS, "record"]) assertFailure(files, `absent-${name}`, 3);
  assert.match(seen(files, "absent-json").err, /modprobe ip_vs/);
});

test("show loads no module", (files) => {
  assert.equal(textOf(files, "modules.txt"), "");
  // The kernel itself asks for who might have the family that is looked up. Nobody else asks anything.
  const asked = textOf(files, "modprobe.log").trim().split("\n").filter((line) => line !== "");
  assert.deepEqual(asked.filter((line) => line !== "-q -- net-pf-16-proto-16-family-IPVS"), []);
});

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
