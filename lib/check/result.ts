/**
 * What a check finds, in the terms of monitoring plugins.
 *
 * @module
 */

/** The states of a service that is monitored; the index is the exit code. */
export const STATUSES = ["OK", "WARNING", "CRITICAL", "UNKNOWN"] as const;

/** One of {@linkcode STATUSES}. */
export type Status = typeof STATUSES[number];

/** Something that is not as it should be, or that could not be checked (`UNKNOWN`). */
export interface Problem {
  readonly status: Exclude<Status, "OK">;
  /** In words, beginning with the server that it is about. */
  readonly text: string;
}

/** A value of performance data. */
export interface Datum {
  /** Letters and underscores. */
  readonly label: string;
  readonly value: number | bigint;
  /** `%`, `c` for a counter, or empty for a number. */
  readonly unit: "" | "%" | "c";
  /** The least value that is no warning, and the least that is not critical. */
  readonly warningBelow?: number | undefined;
  readonly criticalBelow?: number | undefined;
  /** The largest possible value; the smallest is always 0. */
  readonly maximum?: number | undefined;
}

/** The result of all checks. */
export interface CheckResult {
  /** What was checked, in words. */
  readonly summary: string;
  readonly problems: readonly Problem[];
  readonly data: readonly Datum[];
}

/** From the most urgent one on. What is known to be critical is not hidden by what is not known. */
const BY_URGENCY: readonly Status[] = ["CRITICAL", "UNKNOWN", "WARNING"];

/** The most urgent status of problems; `OK` if there are none. */
export function worstStatus(problems: readonly Problem[]): Status {
  return BY_URGENCY.find((each) => problems.some(({ status }) => status === each)) ?? "OK";
}

/** Problems from the most urgent one on. */
export function byUrgency(problems: readonly Problem[]): Problem[] {
  return BY_URGENCY.flatMap((each) => problems.filter(({ status }) => status === each));
}
