/**
 * The tests that `deno task test:aarch64` runs, as one module: in emulation each module costs seconds to
 * start.
 */
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import { suite } from "./_suite.ts";

// A tenth of the usual random inputs, as emulation takes ten times as long.
fc.configureGlobal({ numRuns: 10 });

// A specifier that Deno cannot see is not type-checked here: `deno task check` does that.
for (const path of suite()) await import(pathToFileURL(path).href);
