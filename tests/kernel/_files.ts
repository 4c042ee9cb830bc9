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
