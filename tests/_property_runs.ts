/** The number of runs of property tests, which is lower where Deno is emulated. */
import fc from "fast-check";

/** Options for a property that needs `times` as many random inputs as usual. */
export function manyRuns(times: number): { numRuns: number } {
  return { numRuns: times * (fc.readConfigureGlobal().numRuns ?? 100) };
}
