/**
 * Imports the tests that need neither the kernel lab, nor a compiled program, nor other systems into
 * two modules, for `deno task test:unit`. `deno test` runs each module in a separate isolate, which costs 80 MB and
 * 0.25 s: for some eighty modules more than the tests themselves.
 *
 * @module
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** Directories of tests that need the lab, a compiled program, or other systems. */
const EXCLUDED = ["kernel", "binary", "packaging", "integration"].map((name) =>
  join(import.meta.dirname!, name)
);

/** Matches tests that run programs. They mostly wait, so the other tests run in parallel. */
const RUNS_PROGRAMS = /^import [^;]*\b(run|outputOf)\b[^;]*_commands\.ts";/m;

function testsIn(folder: string): string[] {
  if (EXCLUDED.includes(folder)) return [];
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
    if (isDirectory) return testsIn(join(folder, name));
    return name.endsWith("_test.ts") ? [join(folder, name)] : [];
  });
}

/** Imports the tests that run programs, or all other tests. */
export async function importTests(options: { runsPrograms: boolean }): Promise<void> {
  for (const path of testsIn(import.meta.dirname!).sort()) {
    const runsPrograms = RUNS_PROGRAMS.test(await Deno.readTextFile(path));
    // These imports are not type-checked here; `deno task check` does that.
    if (runsPrograms === options.runsPrograms) await import(pathToFileURL(path).href);
  }
}
