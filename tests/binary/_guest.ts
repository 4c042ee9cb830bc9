/** The compiled program in a guest of the kernel lab. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { anyOf, cannotFind } from "../_commands.ts";
import { type Files, seen } from "../kernel/_files.ts";
import { phase, type Test } from "../kernel/_guest.ts";
import { cannotCompile } from "../packaging/_denort.ts";

/**
 * Adds a phase that tests the binary, whose path is in LAB_BINARY.
 *
 * @param programs programs that it needs in addition to the lab's, with their Debian packages
 */
export function binaryPhase(script: string, programs: Readonly<Record<string, string>>): Test {
  const ignore = anyOf(cannotCompile(), cannotFind(programs));
  return phase(script, { folder: join(import.meta.dirname!, "guest"), ignore });
}

/** The output of a program that succeeded. */
export function outputOf(files: Files, name: string): string {
  const { status, out, err } = seen(files, name);
  assert.deepEqual([status, err], [0, ""], name);
  return out;
}
