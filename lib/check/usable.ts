/**
 * Checks that enough real servers of each virtual server are usable, and how close they are to their
 * thresholds.
 *
 * @module
 */
import type { RealServer } from "../ipvs/real_server.ts";
import type { VirtualServer } from "../ipvs/virtual_server.ts";
import type { Datum, Problem } from "./result.ts";
import { titleOf } from "./title.ts";

/** The least number of usable real servers, or their least part of all of them in percent. */
export interface Minimum {
  /** From 1; with `%` up to 100. */
  readonly value: number;
  readonly unit: "" | "%";
}

/** Below which numbers of usable real servers there is a problem. */
export interface UsableLimits {
  readonly warning?: Minimum | undefined;
  readonly critical: Minimum;
}

/** Critical if no real server is usable. */
export const DEFAULT_CRITICAL: Minimum = { value: 1, unit: "" };

/** How many real servers of a virtual server there are, and how many of them are usable. */
interface Counts {
  readonly all: number;
  readonly usable: number;
}

function countsOf({ allRealServers }: VirtualServer): Counts {
  let usable = 0;
  for (const real of allRealServers) if (real.usable) usable++;
  return { all: allRealServers.length, usable };
}

/** Without real servers, 0% are usable. */
function percentOf({ all, usable }: Counts): number {
  return all === 0 ? 0 : 100 * usable / all;
}

/** The virtual servers with too few usable real servers. */
export function checkUsable(
  virtualServers: Iterable<VirtualServer>,
  { warning, critical }: UsableLimits,
): Problem[] {
  const problems: Problem[] = [];
  for (const virtual of virtualServers) {
    const counts = countsOf(virtual);
    const isBelow = (least: Minimum | undefined) => least !== undefined && isFewer(counts, least);
    const [status, least] = isBelow(critical)
      ? ["CRITICAL", critical] as const
      : isBelow(warning)
      ? ["WARNING", warning!] as const
      : [];
    if (status === undefined) continue;
    problems.push({ status, text: `${titleOf(virtual)}: ${usableText(counts, least)}` });
  }
  return problems;
}

function isFewer(counts: Counts, { value, unit }: Minimum): boolean {
  // Nothing usable is fewer than any part.
  return (unit === "%" ? percentOf(counts) : counts.usable) < value;
}

function usableText({ all, usable }: Counts, least: Minimum): string {
  if (all === 0) return "no real servers";
  if (usable === 0) return `none of ${all} real servers is usable`;
  return `${usable} of ${all} real servers usable, fewer than ${least.value}${least.unit}`;
}

/** The real servers that are overloaded or near their upper threshold. */
export function checkThresholds(virtualServers: Iterable<VirtualServer>): Problem[] {
  const problems: Problem[] = [];
  for (const virtual of virtualServers) {
    for (const real of virtual.realServers) {
      const { state } = real;
      if (state !== "overloaded" && state !== "near-threshold") continue;
      const text = `${titleOf(virtual)} ${real.key}: ${state}, ${connectionsText(real)}`;
      problems.push({ status: "WARNING", text });
    }
  }
  return problems;
}

function connectionsText(real: RealServer): string {
  const connections = real.activeConnections + real.inactiveConnections;
  return `${connections} connections, upper threshold ${real.upperThreshold}`;
}

/** Numbers of servers and connections, and the lowest number and part of usable real servers. */
export function usableData(
  virtualServers: Iterable<VirtualServer>,
  { warning, critical }: UsableLimits,
): Datum[] {
  const sums = { virtual: 0, real: 0, usable: 0, active: 0, inactive: 0 };
  let fewest = Infinity, lowest = Infinity;
  for (const virtual of virtualServers) {
    const counts = countsOf(virtual);
    sums.virtual++;
    sums.real += counts.all;
    sums.usable += counts.usable;
    for (const real of virtual.realServers) {
      sums.active += real.activeConnections;
      sums.inactive += real.inactiveConnections;
    }
    fewest = Math.min(fewest, counts.usable);
    lowest = Math.min(lowest, Math.floor(percentOf(counts)));
  }
  const limits = (unit: Minimum["unit"]) => ({
    unit,
    warningBelow: warning?.unit === unit ? warning.value : undefined,
    criticalBelow: critical.unit === unit ? critical.value : undefined,
  });
  return [
    { label: "virtual_servers", value: sums.virtual, unit: "" },
    { label: "real_servers", value: sums.real, unit: "" },
    { label: "usable_real_servers", value: sums.usable, unit: "", maximum: sums.real },
    ...sums.virtual === 0 ? [] : [
      { label: "fewest_usable", value: fewest, ...limits("") },
      { label: "lowest_usable_percent", value: lowest, ...limits("%"), maximum: 100 },
    ],
    { label: "active_connections", value: sums.active, unit: "" },
    { label: "inactive_connections", value: sums.inactive, unit: "" },
  ];
}
