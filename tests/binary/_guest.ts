/** The compiled program in a guest of the kernel lab. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { cannotFind } from "../_commands.ts";
import { type Files, seen } from "../kernel/_files.ts";
import { boot, type BootResult, cannotBoot } from "../kernel/_lab.ts";
import { binary } from "../packaging/_binary.ts";
import { cannotCompile } from "../packaging/_denort.ts";

/** For Deno.test: whether to skip, after saying why in one plain line. Takes what cannotFind() takes. */
export function cannotRun(programs: Readonly<Record<string, string>>): boolean {
  return cannotBoot() || cannotCompile() || cannotFind(programs);
}

/** Boots a guest that runs a script of this folder, with the binary's path in LAB_BINARY. */
export async function bootWithBinary(name: string): Promise<BootResult> {
  const script = Deno.readTextFileSync(join(import.meta.dirname!, name));
  return await boot({ script, env: { LAB_BINARY: await binary() } });
}

/** The output of a program that did as it should. */
export function outputOf(files: Files, name: string): string {
  const { status, out, err } = seen(files, name);
  assert.deepEqual([status, err], [0, ""], name);
  return out;
}
