/**
 * Errors of `ipvstat check`, which are a result of the plugin.
 *
 * @module
 */
import { unknownOutput } from "../check/plugin_output.ts";
import { UNKNOWN } from "./exit_codes.ts";
import type { Explanation } from "./explain.ts";

/** Prints an error as a monitoring plugin does; returns the exit code. */
export function reportUnknown(
  { line, hint }: Explanation,
  print: (text: string) => void,
): number {
  try {
    print(unknownOutput(hint === undefined ? line : `${line}; ${hint}`));
  } catch {
    // Standard output is closed or full; the exit code remains.
  }
  return UNKNOWN;
}
