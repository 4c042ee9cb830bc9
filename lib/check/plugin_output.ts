/**
 * The output of a monitoring plugin, see https://www.monitoring-plugins.org/doc/guidelines.html: a
 * line with the status, a summary and performance data, then a line for each problem.
 *
 * @module
 */
import { printable } from "../output/printable.ts";
import { byUrgency, type CheckResult, type Datum, type Problem, worstStatus } from "./result.ts";

/** How many problems the first line has. */
const IN_FIRST_LINE = 2;

/** The output, ending in a line feed. */
export function pluginOutput({ summary, problems, data }: CheckResult): string {
  const ordered = byUrgency(problems);
  const first = ordered.length === 0 ? summary : firstProblems(ordered);
  const performance = data.length === 0 ? "" : ` | ${data.map(datumText).join(" ")}`;
  const lines = [
    `IPVS ${worstStatus(problems)} - ${plain(first)}${performance}`,
    ...ordered.map(({ status, text }) => plain(`${status} ${text}`)),
  ];
  return `${lines.join("\n")}\n`;
}

/** The output if nothing could be checked: a single line. */
export function unknownOutput(reason: string): string {
  return `IPVS UNKNOWN - ${plain(reason)}\n`;
}

function firstProblems(problems: readonly Problem[]): string {
  const texts = problems.slice(0, IN_FIRST_LINE).map(({ text }) => text);
  const rest = problems.length - texts.length;
  return `${texts.join("; ")}${rest > 0 ? ` (and ${rest} more)` : ""}`;
}

/** A bar would begin performance data. */
function plain(text: string): string {
  return printable(text).replaceAll("|", "\\x7c");
}

/** `label=value[unit];[warning];[critical];minimum;[maximum]`, with ranges such as `2:`. */
function datumText({ label, value, unit, warningBelow, criticalBelow, maximum }: Datum): string {
  const range = (least: number | undefined) => least === undefined ? "" : `${least}:`;
  const parts = [`${value}${unit}`, range(warningBelow), range(criticalBelow), 0, maximum ?? ""];
  return `${label}=${parts.join(";").replace(/;+$/, "")}`;
}
