/**
 * Imports all tests of `deno task test:aarch64` into one module, as starting a module takes seconds
 * in emulation.
 */
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import { suite } from "./_suite.ts";

// A tenth of the usual number of random inputs, as emulation is ten times slower.
fc.configureGlobal({ numRuns: 10 });

// Dynamic specifiers are not type-checked here; `deno task check` checks these files.
for (const path of suite()) await import(pathToFileURL(path).href);
