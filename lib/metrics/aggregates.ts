/**
 * What all real servers of a virtual server are together, selected or not. Only numbers of
 * connections are summed:
 *
 * - The sum of weights depends on how they are scaled, and hides a server of weight 0.
 * - A threshold of 0 means no limit, so a sum of thresholds means nothing.
 * - A sum of counters goes back when a real server is removed. The virtual server counts the same
 *   traffic itself, and keeps its counts.
 *
 * @module
 */
import { REAL_SERVER_STATES, type RealServer, type RealServerState } from "../ipvs/real_server.ts";
import type { VirtualServer } from "../ipvs/virtual_server.ts";
import { type Metric, REAL_METRICS } from "./catalogue.ts";

const SUMMED = new Set(["active_connections", "inactive_connections", "persistent_connections"]);

/**
 * Sums over the real servers that are listed. Connections that a removed real server had are not
 * included.
 */
export const SUM_METRICS: readonly Metric<VirtualServer>[] = REAL_METRICS
  .filter(({ name }) => SUMMED.has(name))
  .map((metric) => ({
    ...metric,
    bits: 64,
    help: `${metric.help} Sum over the real servers.`,
    read: (virtual) => sumOf(virtual, metric.read),
  }));

/** The sum of a 32-bit number over the real servers of a virtual server. */
export function sumOf(
  { allRealServers }: VirtualServer,
  read: (server: RealServer) => number | bigint,
): number {
  let sum = 0;
  for (const real of allRealServers) sum += Number(read(real));
  return sum;
}

/** The number of real servers in each state. */
export function countStates({ allRealServers }: VirtualServer): Record<RealServerState, number> {
  const counts = Object.fromEntries(REAL_SERVER_STATES.map((state) => [state, 0]));
  for (const { state } of allRealServers) counts[state]!++;
  return counts as Record<RealServerState, number>;
}
