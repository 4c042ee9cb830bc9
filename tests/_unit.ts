/**
 * The tests that need neither the kernel lab nor a compiled program, as two modules for
 * `deno task test:unit`. `deno test` gives each module an isolate of its own, which costs 80 MB and
 * a quarter of a second: for some eighty modules that is more than the tests themselves take.
 *
 * @module
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** Folders of tests that need the lab or a compiled program. */
const LEFT_OUT = ["kernel", "binary", "packaging"].map((name) => join(import.meta.dirname!, name));

/** Those that run programs wait for them most of the time, so the others run beside them. */
const RUNS_PROGRAMS = /^import [^;]*\b(run|outputOf)\b[^;]*_commands\.ts";/m;

function testsIn(folder: string): string[] {
  if (LEFT_OUT.includes(folder)) return [];
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
    if (isDirectory) return testsIn(join(folder, name));
    return name.endsWith("_test.ts") ? [join(folder, name)] : [];
  });
}

/** Adds the tests that run programs, or all others. */
export async function importTests(options: { runsPrograms: boolean }): Promise<void> {
  for (const path of testsIn(import.meta.dirname!).sort()) {
    const runsPrograms = RUNS_PROGRAMS.test(await Deno.readTextFile(path));
    // Deno does not type-check what it cannot see: `deno task check` does that.
    if (runsPrograms === options.runsPrograms) await import(pathToFileURL(path).href);
  }
}
