/** The doctor's reports from a guest, as `examine` in guest/steps.sh writes them. */
import type { Check } from "../../lib/doctor/check.ts";
import type { JsonReport } from "../doctor/_forms.ts";
import { type Files, textOf } from "./_files.ts";

/** The JSON report with this name. */
export function reportOf(files: Files, name: string): JsonReport {
  return JSON.parse(textOf(files, `${name}-json.out`));
}

/** A check of a report. */
export function check(files: Files, name: string, id: string): Check {
  return reportOf(files, name).checks.find((check) => check.id === id)!;
}
