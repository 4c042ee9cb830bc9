/**
 * Compares the text and the JSON of one report.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Check } from "../../lib/doctor/check.ts";

/** A report as `-o json` prints it. */
export interface JsonReport {
  readonly version: number;
  readonly ipvstat: string;
  readonly exit_code: number;
  readonly checks: readonly Check[];
}

/** Asserts that both forms have the same contents, line by line. */
export function assertSameReport(text: string, json: JsonReport): void {
  const lines = json.checks.flatMap(({ id, status, finding, fix = [] }) => [
    [status, id, finding],
    ...fix.map((each, i) => [i > 0 ? "or:" : status === "advice" ? "try:" : "fix:", each]),
  ]);
  const end = ["exit", "code", `${json.exit_code},`, "the same as ipvstat show"];
  const printed = text.trimEnd().split("\n").filter((line) => line !== "");
  assert.equal(printed.length, lines.length + 1);
  for (const [i, words] of [...lines, end].entries()) {
    const pattern = words.map((word) => RegExp.escape(word)).join(" +");
    assert.match(printed[i]!, new RegExp(`^ *${pattern}$`));
  }
}
