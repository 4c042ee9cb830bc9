/**
 * Checks of the network namespace as a whole: its sync daemons, its estimator, and that it has no
 * IPVS.
 *
 * @module
 */
import type { Snapshot } from "../ipvs/snapshot.ts";
import { isFrozen } from "../procfs/settings.ts";
import type { Problem } from "./result.ts";
import { titleOf } from "./title.ts";

/** Which sync daemons should run. */
export const SYNC_ROLES = ["master", "backup", "both", "none"] as const;

/** One of {@linkcode SYNC_ROLES}. */
export type SyncRole = typeof SYNC_ROLES[number];

/** Whether exactly the expected sync daemons run. */
export function checkSync({ syncDaemons }: Snapshot, role: SyncRole): Problem[] {
  if (syncDaemons === null) {
    return [{ status: "UNKNOWN", text: "sync daemons: unknown" }];
  }
  const expected = role === "both" ? ["backup", "master"] : role === "none" ? [] : [role];
  const running = syncDaemons.map(({ state }) => state).sort();
  if (running.join() === expected.join()) return [];
  const text = `sync daemons: ${listOf(running)} instead of ${listOf(expected)}`;
  return [{ status: "CRITICAL", text }];
}

function listOf(states: readonly string[]): string {
  return states.length === 0 ? "none" : states.join(" and ");
}

/** Whether the estimator runs, if that is known. */
export function checkEstimator({ settings }: Snapshot): Problem[] {
  if (!isFrozen(settings)) return [];
  const name = settings?.runEstimation === 0 ? "run_estimation is 0" : "est_cpulist is empty";
  const text = `estimator: stopped, so counters and rates do not change (${name})`;
  return [{ status: "WARNING", text }];
}

/** Whether there is nothing: no virtual server and no sync daemon. */
export function checkNone({ virtualServers, syncDaemons }: Snapshot): Problem[] {
  const servers = virtualServers.map((virtual): Problem => ({
    status: "CRITICAL",
    text: `${titleOf(virtual)}: exists`,
  }));
  if (syncDaemons === null) {
    return [...servers, { status: "UNKNOWN", text: "sync daemons: unknown" }];
  }
  const daemons = syncDaemons.map(({ state, interface: device }): Problem => ({
    status: "CRITICAL",
    text: `sync daemon: ${state} on ${device}`,
  }));
  return [...servers, ...daemons];
}
