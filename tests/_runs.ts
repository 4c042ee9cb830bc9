/** How often properties are tested: where Deno is emulated, less often than elsewhere. */
import fc from "fast-check";

/** Options for a property that needs a number of times the usual random inputs. */
export function manyRuns(times: number): { numRuns: number } {
  return { numRuns: times * (fc.readConfigureGlobal().numRuns ?? 100) };
}
