/** One guest for all tests of a file, which look at what its script has left. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { Files } from "./_files.ts";
import { boot, type BootOptions, type BootResult, cannotBoot } from "./_lab.ts";
import { guestDir } from "./_prepare.ts";

/** Boots a guest that runs one of guest/'s scripts. */
export function bootScript(
  name: string,
  options: Omit<BootOptions, "script"> = {},
): Promise<BootResult> {
  return boot({ ...options, script: Deno.readTextFileSync(join(guestDir, name)) });
}

/** What a guest leaves whose script ends well; it is started when this is first asked for. */
export function oneGuest(start: () => Promise<BootResult>): () => Promise<Files> {
  let guest: Promise<BootResult> | undefined;
  return async () => {
    const { files, status, stderr } = await (guest ??= start());
    assert.equal(status, 0, stderr);
    return files;
  };
}

/** Makes tests of what a guest has left. */
export function testsOf(
  results: () => Promise<Files>,
  ignore = cannotBoot(),
): (name: string, body: (files: Files) => void) => void {
  return (name, body) => Deno.test({ name, ignore, fn: async () => body(await results()) });
}
