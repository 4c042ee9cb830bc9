/**
 * The two forms of one report, held against each other.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Check } from "../../lib/doctor/check.ts";

/** A report as `-o json` has it. */
export interface JsonReport {
  readonly version: number;
  readonly ipvstat: string;
  readonly exit_code: number;
  readonly checks: readonly Check[];
}

/** Both forms say the same, each check in as many lines as it has. */
export function assertSameReport(text: string, json: JsonReport): void {
  const lines = json.checks.flatMap(({ id, status, finding, mend = [] }) => [
    [status, id, finding],
    ...mend.map((each, i) => [i === 0 ? "mend:" : "or:", each]),
  ]);
  const end = ["exit", "code", `${json.exit_code},`, "as ipvstat show gives"];
  const told = text.trimEnd().split("\n").filter((line) => line !== "");
  assert.equal(told.length, lines.length + 1);
  for (const [i, words] of [...lines, end].entries()) {
    const pattern = words.map((word) => RegExp.escape(word)).join(" +");
    assert.match(told[i]!, new RegExp(`^ *${pattern}$`));
  }
}
