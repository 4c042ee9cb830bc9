/**
 * `ipvstat version`.
 *
 * @module
 */
import { COMMIT, VERSION } from "../version.ts";

/** The versions of the program and of what it runs on, for bug reports. */
export function versionText(): string {
  const { deno, v8 } = Deno.version;
  const { target } = Deno.build;
  return `ipvstat ${VERSION}\ncommit ${COMMIT}\nDeno ${deno}\nV8 ${v8}\ntarget ${target}\n`;
}
