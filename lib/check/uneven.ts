/**
 * Checks that new connections are distributed among real servers in proportion to their weights.
 *
 * @module
 */
import type { VirtualServer } from "../ipvs/virtual_server.ts";
import { Shares } from "../metrics/shares.ts";
import type { Problem } from "./result.ts";
import { titleOf } from "./title.ts";

/** Fewer connections are too few to compare shares. */
const LEAST_CONNECTIONS = 100;
const NANOSECONDS = 1e9;

/** What counts as uneven. */
export interface UnevenOptions {
  /** The largest difference of both shares that is no problem, in percentage points. */
  readonly limit: number;
  /** Nanoseconds between two readings, if rates were measured. */
  readonly interval?: bigint | undefined;
}

/**
 * The real servers whose share of the new connections is further than the limit from their share of
 * the weights. Virtual servers with fewer than 100 new connections are left out, and those whose
 * shares are not comparable; if all are left out, that is a problem, too.
 */
export function checkUneven(
  virtualServers: Iterable<VirtualServer>,
  { limit, interval }: UnevenOptions,
): Problem[] {
  const problems: Problem[] = [];
  let compared = 0;
  for (const virtual of virtualServers) {
    if (newConnections(virtual, interval) < LEAST_CONNECTIONS) continue;
    const shares = new Shares(virtual);
    for (const real of virtual.realServers) {
      const share = shares.share(real), weightShare = shares.weightShare(real);
      if (share === null || weightShare === null) continue;
      compared++;
      if (100 * Math.abs(share - weightShare) <= limit) continue;
      const text = `${percent(share)} of the connections, ${percent(weightShare)} of the weights`;
      problems.push({ status: "WARNING", text: `${titleOf(virtual)} ${real.key}: ${text}` });
    }
  }
  if (compared > 0) return problems;
  const reason = `no virtual server has ${LEAST_CONNECTIONS} new connections distributed by weight`;
  return [{ status: "UNKNOWN", text: `shares cannot be compared: ${reason}` }];
}

/** Those between the two readings if rates were measured, else those since the counters started. */
function newConnections(virtual: VirtualServer, interval: bigint | undefined): number {
  if (interval === undefined) {
    return virtual.allRealServers.map((real) => Number(real.connections))
      .reduce((sum, connections) => sum + connections, 0);
  }
  return (virtual.measured?.cps ?? 0) * Number(interval) / NANOSECONDS;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)}%`;
}
