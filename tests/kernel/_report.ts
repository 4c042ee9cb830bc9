/** What the doctor said in a guest: guest/steps.sh has `examine`, which leaves it. */
import type { Check } from "../../lib/doctor/check.ts";
import type { JsonReport } from "../doctor/_forms.ts";
import { type Files, textOf } from "./_files.ts";

export function reportOf(files: Files, name: string): JsonReport {
  return JSON.parse(textOf(files, `${name}-json.out`));
}

export function check(files: Files, name: string, id: string): Check {
  return reportOf(files, name).checks.find((check) => check.id === id)!;
}
