/**
 * All checks of a snapshot.
 *
 * @module
 */
import { countRealServers, type Snapshot } from "../ipvs/snapshot.ts";
import { countOf } from "../output/human.ts";
import { configurationOf } from "../query/configuration.ts";
import { selectFromBoth } from "../query/select_configurations.ts";
import type { Selection } from "../query/selection.ts";
import { checkExpectation, type Expectation } from "./expectation.ts";
import { checkEstimator, checkNone, checkSync, type SyncRole } from "./namespace.ts";
import type { CheckResult, Datum, Problem } from "./result.ts";
import { checkUneven } from "./uneven.ts";
import { checkThresholds, checkUsable, usableData, type UsableLimits } from "./usable.ts";

/** Checks that can be left out. */
export const OPTIONAL_CHECKS = ["thresholds", "estimator"] as const;

/** What to check. */
export interface CheckOptions {
  /** Which servers. */
  readonly selection: Selection;
  readonly usable: UsableLimits;
  /** Which servers there should be; undefined if any may be there. */
  readonly expected?: Expectation | undefined;
  /** Which sync daemons should run; undefined if any may run. */
  readonly sync?: SyncRole | undefined;
  /** The largest difference of shares in percentage points; undefined to leave it out. */
  readonly uneven?: number | undefined;
  /** Names of {@linkcode OPTIONAL_CHECKS} to leave out. */
  readonly ignored: readonly string[];
  /** Whether there should be nothing at all, so that the other checks are left out. */
  readonly none: boolean;
}

/** Checks a snapshot. */
export function checkSnapshot(whole: Snapshot, options: CheckOptions): CheckResult {
  if (options.none) return noneResult(whole);
  const snapshot = options.selection.select(whole);
  const { virtualServers } = snapshot;
  const isIgnored = (name: typeof OPTIONAL_CHECKS[number]) => options.ignored.includes(name);
  const problems: Problem[] = [
    ...checkConsistency(snapshot),
    ...checkUsable(virtualServers, options.usable),
    ...(isIgnored("thresholds") ? [] : checkThresholds(virtualServers)),
    ...(isIgnored("estimator") ? [] : checkEstimator(snapshot)),
    ...(options.sync === undefined ? [] : checkSync(snapshot, options.sync)),
    ...existence(whole, snapshot, options),
  ];
  if (options.uneven !== undefined && virtualServers.length > 0) {
    const interval = snapshot.measured?.interval;
    problems.push(...checkUneven(virtualServers, { limit: options.uneven, interval }));
  }
  const data = [...usableData(virtualServers, options.usable), ...totalData(snapshot, options)];
  return { summary: summaryOf(snapshot, data), problems, data };
}

function noneResult(snapshot: Snapshot): CheckResult {
  return {
    summary: NOTHING,
    problems: [...checkConsistency(snapshot), ...checkNone(snapshot)],
    data: [],
  };
}

/** The summary if there is nothing in IPVS. */
export const NOTHING = "no virtual servers and no sync daemons";

function checkConsistency({ consistency }: Snapshot): Problem[] {
  if (consistency.state !== "inconsistent") return [];
  const text = `the table kept changing during the read: ${consistency.doubts[0]}`;
  return [{ status: "UNKNOWN", text }];
}

/** What is missing and unexpected. If nothing is there or expected, nothing was checked. */
function existence(
  whole: Snapshot,
  { virtualServers }: Snapshot,
  { selection, expected }: CheckOptions,
): Problem[] {
  const nothing: Problem = {
    status: "UNKNOWN",
    text: selection.isEverything ? "there is no virtual server" : "no virtual server is selected",
  };
  const isEmpty = virtualServers.length === 0;
  if (expected === undefined) return isEmpty ? [nothing] : [];
  const all = configurationOf(whole);
  if (expected.kind === "names") {
    const [actual] = selectFromBoth(selection, all, { virtualServers: [] });
    return checkExpectation(actual, expected);
  }
  const [wanted, actual] = selectFromBoth(selection, expected.configuration, all);
  const isUnselected = !selection.isEverything && wanted.virtualServers.length === 0 && isEmpty;
  return isUnselected
    ? [nothing]
    : checkExpectation(actual, { kind: "configuration", configuration: wanted });
}

/** The totals are those of the namespace, so only if everything is selected. */
function totalData({ totals }: Snapshot, { selection }: CheckOptions): Datum[] {
  if (totals === null || !selection.isEverything) return [];
  return [
    { label: "connections", value: totals.connections, unit: "c" },
    { label: "bytes_in", value: totals.bytesIn, unit: "c" },
    { label: "bytes_out", value: totals.bytesOut, unit: "c" },
  ];
}

function summaryOf({ virtualServers }: Snapshot, data: readonly Datum[]): string {
  const usable = data.find(({ label }) => label === "usable_real_servers")?.value;
  const reals = countRealServers(virtualServers);
  return `${countOf(virtualServers.length, "virtual server")}, ${
    countOf(reals, "real server")
  }, ${usable} usable`;
}
