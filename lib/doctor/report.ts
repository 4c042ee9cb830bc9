/**
 * All checks of a machine, and their two forms: lines for people, JSON for programs.
 *
 * @module
 */
import { isRefusal } from "../netlink/errors.ts";
import { jsonText, printable } from "../output/printable.ts";
import { type Attempt, attempt } from "./attempt.ts";
import { checkCapability } from "./capability.ts";
import type { Check, Status } from "./check.ts";
import { checkCounters, checkFamily, checkProc, checkShow } from "./checks.ts";
import { checkKernel, checkModule } from "./kernel.ts";
import type { Machine } from "./machine.ts";
import { checkNamespace, readNamespace } from "./namespace.ts";
import { checkEstimator, checkIpv6 } from "./settings.ts";
import { checkIpvs, readStatus } from "./status.ts";

/** What `show` makes of an attempt to read: its exit code, and its line where it fails. */
export interface Outcome {
  /** The exit code. */
  readonly code: number;
  /** The line; empty where all is well. */
  readonly line: string;
}

/** What was found. */
export interface Report {
  /** The exit code that `show` would give. */
  readonly exitCode: number;
  /** The checks, in their order. */
  readonly checks: readonly Check[];
}

/** Checks a machine; `judge` tells what `show` makes of the attempt. */
export async function examine(
  machine: Machine,
  judge: (attempt: Attempt) => Promise<Outcome>,
): Promise<Report> {
  const tried = attempt(machine);
  const { code, line } = await judge(tried);
  const namespace = readNamespace(machine);
  const status = readStatus(machine);
  const wasRead = tried.snapshot !== undefined;
  const checks = [
    checkKernel(machine),
    checkModule(machine),
    checkProc(machine),
    checkIpvs(machine, tried, status),
    checkFamily(machine, tried),
    checkCapability(machine, isRefusal(tried.error), wasRead),
    checkNamespace(namespace),
    checkEstimator(machine, status),
    checkCounters(tried),
    checkIpv6(machine, tried.speaksIpv6),
  ];
  const isExplained = checks.some(({ status }) => status === "failed");
  checks.push(checkShow(tried, namespace, line, isExplained));
  return { exitCode: code, checks };
}

const COLORS: Readonly<Record<Status, number>> = { ok: 32, warning: 33, failed: 31, unknown: 2 };

/** A line for each check, and below it what mends it. */
export function reportText(report: Report, color: boolean): string {
  const widest = (texts: readonly string[]) => Math.max(...texts.map(({ length }) => length));
  const marks = widest(Object.keys(COLORS));
  const ids = widest(report.checks.map(({ id }) => id));
  const lines = report.checks.flatMap(({ id, status, finding, mend = [] }) => {
    const mark = color ? `\x1b[${COLORS[status]}m${status}\x1b[0m` : status;
    const gap = " ".repeat(marks - status.length);
    const indent = " ".repeat(marks + ids + 4);
    return [
      `${mark}${gap}  ${id.padEnd(ids)}  ${printable(finding)}`,
      ...mend.map((text, i) => `${indent}${i === 0 ? "mend: " : "  or: "}${printable(text)}`),
    ];
  });
  return `${[...lines, "", `exit code ${report.exitCode}, as ipvstat show gives`].join("\n")}\n`;
}

/** One JSON document with a line for each check; `program` is the version of this program. */
export function reportJson(report: Report, program: string): string {
  const head = `{"version":1,"ipvstat":${JSON.stringify(program)},"exit_code":${report.exitCode}`;
  const checks = report.checks.map(({ id, status, finding, mend, values }) =>
    jsonText({ id, status, finding, mend, values })
  );
  return `${head},"checks":[\n${checks.join(",\n")}\n]}\n`;
}
