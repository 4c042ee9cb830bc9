/**
 * The tests that need neither the kernel lab nor a compiled program, as one module for
 * `deno task test:unit`. `deno test` gives each module an isolate of its own, which costs 80 MB and
 * a quarter of a second: for some sixty modules that is more than the tests themselves take.
 *
 * @module
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** Left out: what needs the lab or a compiled program, and what deno.json names beside this module. */
const LEFT_OUT = ["kernel", "binary", "packaging", "cli_test.ts", "skips_test.ts"];

function testsIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
    const path = join(folder, name);
    if (LEFT_OUT.some((one) => path === join(import.meta.dirname!, one))) return [];
    if (isDirectory) return testsIn(path);
    return name.endsWith("_test.ts") ? [path] : [];
  });
}

// A specifier that Deno cannot see is not type-checked here: `deno task check` does that.
for (const path of testsIn(import.meta.dirname!).sort()) await import(pathToFileURL(path).href);
