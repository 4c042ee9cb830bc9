/** What a guest's script has left. */
import assert from "node:assert/strict";

/** The files by their names. */
export type Files = Record<string, Uint8Array>;

export function textOf(files: Files, name: string): string {
  const bytes = files[name];
  assert.ok(bytes, `the guest left no ${name}`);
  return new TextDecoder().decode(bytes);
}

/** What a caller of a program saw: guest/steps.sh has `observe`, which leaves it. */
export function seen(files: Files, name: string): { status: number; out: string; err: string } {
  const [status, out, err] = ["status", "out", "err"].map((end) => textOf(files, `${name}.${end}`));
  return { status: Number(status), out: out!, err: err! };
}

/** One line, for a person, and not a word of a stack. */
function assertOneLine(text: string, name: string): void {
  assert.match(text, /^[^\n]{20,}\n$/, name);
  assert.doesNotMatch(text, /^\s+at |\.ts:\d+|Uncaught/m, name);
}

/** A command that `observe` watched failed as documented: no output, and one line of error. */
export function assertFailure(files: Files, name: string, status: number): void {
  const result = seen(files, name);
  assert.equal(result.status, status, `${name}: ${result.err}`);
  assert.equal(result.out, "", name);
  assertOneLine(result.err, name);
}
