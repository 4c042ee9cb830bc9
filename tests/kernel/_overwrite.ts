/** Checks a file that a command was to overwrite; see guest/overwrite.sh. */
import assert from "node:assert/strict";
import { type Files, seen, textOf } from "./_files.ts";

/** Checks that no other file remains, and that the mode and the owner are unchanged. */
export function assertClean(files: Files, name: string): void {
  assert.equal(textOf(files, `${name}.state`), "file\n640 65534 65534\n", name);
}

/** Checks that the command failed and the file is unchanged. */
export function assertUnchanged(files: Files, name: string, code: number): void {
  const { status, err } = seen(files, name);
  assert.equal(status, code, err);
  assert.match(err, /^ipvstat: [^\n]+\n$/);
  assert.equal(textOf(files, `${name}.file`), "old\n", `${name}: ${err}`);
  assertClean(files, name);
}
