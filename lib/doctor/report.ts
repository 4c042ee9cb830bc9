/**
 * All checks of a machine, as text for people and as JSON for programs.
 *
 * @module
 */
import { isPermissionDenied } from "../netlink/errors.ts";
import { painter } from "../output/paint.ts";
import { jsonText, printable } from "../output/printable.ts";
import { checkCapability } from "./capability.ts";
import type { Check, Status } from "./check.ts";
import { checkCounters, checkFamily, checkProc, checkShow } from "./checks.ts";
import { checkKernel, checkModule } from "./kernel.ts";
import type { Machine } from "./machine.ts";
import { checkNamespace, readNamespace } from "./namespace.ts";
import { type Probe, probe } from "./probe.ts";
import { checkEstimator, checkIpv6 } from "./settings.ts";
import { checkIpvs, readStatus } from "./status.ts";
import { checkTuning } from "./tuning.ts";

/** The exit code of `show` and, if it fails, its message. */
export interface Outcome {
  /** The exit code. */
  readonly code: number;
  /** The message; empty if there is none. */
  readonly line: string;
}

/** The results of all checks. */
export interface Report {
  /** The exit code of `show`. */
  readonly exitCode: number;
  /** The checks in a fixed order, and advice. */
  readonly checks: readonly Check[];
}

/** Checks a machine; `judge` returns the outcome of `show` for the trial reading. */
export async function examine(
  machine: Machine,
  judge: (probe: Probe) => Promise<Outcome>,
): Promise<Report> {
  const result = probe(machine);
  const { code, line } = await judge(result);
  const namespace = readNamespace(machine);
  const status = readStatus(machine);
  const wasRead = result.snapshot !== undefined;
  const checks = [
    checkKernel(machine),
    checkModule(machine),
    checkProc(machine),
    checkIpvs(machine, result, status),
    checkFamily(machine, result),
    checkCapability(machine, isPermissionDenied(result.error), wasRead),
    checkNamespace(namespace),
    checkEstimator(machine, status),
    checkCounters(result),
    checkIpv6(machine, result.supportsIpv6),
  ];
  const isExplained = checks.some(({ status }) => status === "failed");
  checks.push(checkShow(result, namespace, line, isExplained));
  checks.push(...checkTuning(machine, result, namespace));
  return { exitCode: code, checks };
}

const COLORS: Readonly<Record<Status, number>> = {
  ...{ ok: 32, advice: 36, warning: 33, failed: 31, unknown: 2 },
};

/** A line for each check, followed by its fixes. */
export function reportText(report: Report, color: boolean): string {
  const widest = (texts: readonly string[]) => Math.max(...texts.map(({ length }) => length));
  const marks = widest(Object.keys(COLORS));
  const ids = widest(report.checks.map(({ id }) => id));
  const paint = painter(color);
  const lines = report.checks.flatMap(({ id, status, finding, fix = [] }) => {
    const gap = " ".repeat(marks - status.length);
    const indent = " ".repeat(marks + ids + 4);
    return [
      `${paint(COLORS[status], status)}${gap}  ${id.padEnd(ids)}  ${printable(finding)}`,
      ...fix.map((text, i) => {
        const label = i > 0 ? " or: " : status === "advice" ? "try: " : "fix: ";
        return `${indent}${label}${printable(text)}`;
      }),
    ];
  });
  return `${[...lines, "", `exit code ${report.exitCode}, the same as ipvstat show`].join("\n")}\n`;
}

/** One JSON document with a line for each check; `version` is that of this program. */
export function reportJson(report: Report, version: string): string {
  return `{"version":1,"ipvstat":${JSON.stringify(version)},${membersOf(report)}}\n`;
}

function membersOf({ exitCode, checks }: Report): string {
  const lines = checks.map(({ id, status, finding, fix, values }) =>
    jsonText({ id, status, finding, fix, values })
  );
  return `"exit_code":${exitCode},"checks":[\n${lines.join(",\n")}\n]`;
}

/** The report on a network namespace. */
export interface NamespaceReport extends Report {
  /** Its label. */
  readonly netns: string;
}

/** The reports on network namespaces, each below a heading. */
export function namespacesText(reports: readonly NamespaceReport[], color: boolean): string {
  const paint = painter(color);
  const heading = (label: string) => paint(1, `Network namespace ${printable(label)}`);
  return reports.map((report) => `${heading(report.netns)}\n${reportText(report, color)}`)
    .join("\n");
}

/** One JSON document with the reports on network namespaces. */
export function namespacesJson(reports: readonly NamespaceReport[], version: string): string {
  const objects = reports.map((report) =>
    `\n{"netns":${jsonText(report.netns)},${membersOf(report)}}`
  );
  const head = `{"version":1,"ipvstat":${JSON.stringify(version)},"namespaces":[`;
  return `${head}${objects.join(",")}${objects.length === 0 ? "" : "\n"}]}\n`;
}
