/** The files that a script in the guest wrote. */
import assert from "node:assert/strict";

/** File contents by name. */
export type Files = Record<string, Uint8Array>;

/** The text of a file; fails if the guest did not write it. */
export function textOf(files: Files, name: string): string {
  const bytes = files[name];
  assert.ok(bytes, `the guest did not write ${name}`);
  return new TextDecoder().decode(bytes);
}

/** The exit status and the output of a command, as `observe` in guest/steps.sh writes them. */
export function seen(files: Files, name: string): { status: number; out: string; err: string } {
  const [status, out, err] = ["status", "out", "err"].map((end) => textOf(files, `${name}.${end}`));
  return { status: Number(status), out: out!, err: err! };
}

/** Checks that a text is one readable line, without a stack trace. */
function assertOneLine(text: string, name: string): void {
  assert.match(text, /^[^\n]{20,}\n$/, name);
  assert.doesNotMatch(text, /^\s+at |\.ts:\d+|Uncaught/m, name);
}

/**
 * Checks that a command failed as documented: with this status, no output, and one line of error.
 */
export function assertFailure(files: Files, name: string, status: number): void {
  const result = seen(files, name);
  assert.equal(result.status, status, `${name}: ${result.err}`);
  assert.equal(result.out, "", name);
  assertOneLine(result.err, name);
}
