/** The compiled program in a guest of the kernel lab. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { textOf } from "../kernel/_compare.ts";
import { boot, type BootResult, cannotBoot } from "../kernel/_lab.ts";
import { binary } from "../packaging/_binary.ts";
import { cannotCompile } from "../packaging/_denort.ts";
import { cannotFind } from "../packaging/_run.ts";

export type Files = Record<string, Uint8Array>;

export const FORMATS = ["table", "json", "influx", "prometheus", "openmetrics"];

/** For Deno.test: whether to skip, after saying why in one plain line. Takes what cannotFind() takes. */
export function cannotRun(programs: Readonly<Record<string, string>>): boolean {
  return cannotBoot() || cannotCompile() || cannotFind(programs);
}

/** Boots a guest that runs a script of this folder, with the binary's path in LAB_BINARY. */
export async function bootWithBinary(name: string): Promise<BootResult> {
  const script = Deno.readTextFileSync(join(import.meta.dirname!, name));
  return await boot({ script, env: { LAB_BINARY: await binary() } });
}

/** What a caller of a program saw: the status, standard output and standard error. */
export function seen(files: Files, name: string): { status: number; out: string; err: string } {
  const [status, out, err] = ["status", "out", "err"].map((end) => textOf(files, `${name}.${end}`));
  return { status: Number(status), out: out!, err: err! };
}

/** The output of a program that did as it should. */
export function outputOf(files: Files, name: string): string {
  const { status, out, err } = seen(files, name);
  assert.deepEqual([status, err], [0, ""], name);
  return out;
}
