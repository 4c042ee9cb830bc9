/**
 * `ipvstat version`.
 *
 * @module
 */
import { COMMIT, VERSION } from "../version.ts";

/** Version, commit, Deno, V8 and target. */
export function versionText(): string {
  const { deno, v8 } = Deno.version;
  const { target } = Deno.build;
  return `ipvstat ${VERSION}\ncommit ${COMMIT}\nDeno ${deno}\nV8 ${v8}\ntarget ${target}\n`;
}
