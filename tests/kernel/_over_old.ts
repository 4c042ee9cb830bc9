/** What guest/over_old.sh has left of a file that a command was to write over. */
import assert from "node:assert/strict";
import { type Files, seen, textOf } from "./_files.ts";

/** Nothing is beside the file, and its mode and owner are as they were. */
export function assertTidy(files: Files, name: string): void {
  assert.equal(textOf(files, `${name}.state`), "file\n640 65534 65534\n", name);
}

/** The command failed, and the file is as it was. */
export function assertOld(files: Files, name: string, code: number): void {
  const { status, err } = seen(files, name);
  assert.equal(status, code, err);
  assert.match(err, /^ipvstat: [^\n]+\n$/);
  assert.equal(textOf(files, `${name}.file`), "old\n", name);
  assertTidy(files, name);
}
