/**
 * The metrics that a source of servers knows.
 *
 * @module
 */
import type { RealServer } from "../ipvs/real_server.ts";
import type { Snapshot } from "../ipvs/snapshot.ts";
import type { VirtualServer } from "../ipvs/virtual_server.ts";
import { SUM_METRICS } from "./aggregates.ts";
import { type Metric, REAL_METRICS, VIRTUAL_METRICS } from "./catalogue.ts";

/** The metrics of one source. */
export interface KnownMetrics {
  readonly virtual: readonly Metric<VirtualServer>[];
  readonly real: readonly Metric<RealServer>[];
  /** Sums over the real servers. */
  readonly sums: readonly Metric<VirtualServer>[];
  /** Whether there are states of all servers, and shares of real servers. */
  readonly hasStates: boolean;
}

/** What `/proc/net/ip_vs` has of a real server. */
const IN_PROC = new Set(["weight", "active_connections", "inactive_connections"]);

const ALL: KnownMetrics = {
  virtual: VIRTUAL_METRICS,
  real: REAL_METRICS,
  sums: SUM_METRICS,
  hasStates: true,
};
const OF_PROC: KnownMetrics = {
  virtual: [],
  real: REAL_METRICS.filter(({ name }) => IN_PROC.has(name)),
  sums: SUM_METRICS.filter(({ name }) => IN_PROC.has(name)),
  hasStates: false,
};

/** The metrics that the servers of a snapshot have. Labels that are not known have no value. */
export function knownMetrics({ source }: { readonly source?: Snapshot["source"] }): KnownMetrics {
  return source === "proc" ? OF_PROC : ALL;
}
