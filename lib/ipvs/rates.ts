/**
 * Rates measured between two snapshots.
 *
 * @module
 */
import { type Counters, sumCounters } from "../procfs/ip_vs_stats.ts";
import { isFrozen } from "../procfs/settings.ts";
import type { RealServer } from "./real_server.ts";
import type { Rates } from "./server.ts";
import { type ServerList, withPrevious } from "./server_list.ts";
import type { Measured, Snapshot } from "./snapshot.ts";
import type { VirtualServer } from "./virtual_server.ts";

const NANOSECONDS = 1e9;

/**
 * Adds the rates since an earlier snapshot of the same network namespace: `measured` of the result
 * and of its servers.
 *
 * A server has no rates if it is new, if one of its counters went back because it was zeroed or added
 * anew, if the kernel's estimator, which updates the counters of servers, was stopped, or if one of
 * the snapshots is from /proc alone. The totals
 * are measured on the counters of the CPUs, which are live and never zeroed.
 *
 * @returns A copy of `current`; neither argument changes.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { replay } from "../../mod.ts";
 * import { withRates } from "./rates.ts";
 *
 * const file = new URL("../../testdata/demo/capture.pcap", import.meta.url);
 * const snapshot = replay(Deno.readFileSync(file));
 * const later = { ...snapshot, time: snapshot.time + 2_000_000_000n };
 * const { measured, virtualServers } = withRates(later, snapshot);
 * assert.equal(measured?.totals?.cps, 0);
 * assert.equal(virtualServers.at(0)?.measured?.bytesInPerSecond, 0);
 * ```
 */
export function withRates(current: Snapshot, previous: Snapshot): Snapshot {
  const interval = current.time - previous.time;
  const frozen = isFrozen(current.settings) || isFrozen(previous.settings);
  // What does not move has no rates, as if no time had passed.
  const estimated = frozen ? 0n : interval;
  return {
    ...current,
    measured: { interval, frozen, ...measureTotals(current, previous, { interval, estimated }) },
    virtualServers: current.source === "proc" || previous.source === "proc"
      ? current.virtualServers
      : withVirtualRates(current.virtualServers, previous.virtualServers, estimated),
  };
}

/**
 * The rates between two states of the same counters.
 *
 * @param nanoseconds The time between them.
 * @returns undefined if a counter went back, or no time passed.
 */
export function ratesBetween(
  current: Counters,
  previous: Counters,
  nanoseconds: bigint,
): Rates | undefined {
  if (nanoseconds <= 0n) return undefined;
  const seconds = Number(nanoseconds) / NANOSECONDS;
  const rate = (after: number | bigint, before: number | bigint) =>
    (typeof after === "bigint" || typeof before === "bigint"
      ? Number(BigInt(after) - BigInt(before))
      : after - before) / seconds;
  const rates: Rates = {
    cps: rate(current.connections, previous.connections),
    ppsIn: rate(current.pktsIn, previous.pktsIn),
    ppsOut: rate(current.pktsOut, previous.pktsOut),
    bytesInPerSecond: rate(current.bytesIn, previous.bytesIn),
    bytesOutPerSecond: rate(current.bytesOut, previous.bytesOut),
  };
  return Object.values(rates).some((value) => value < 0) ? undefined : rates;
}

/** The kernel updates the totals with the estimator, too, so they stand in only for missing CPUs. */
function measureTotals(
  current: Snapshot,
  previous: Snapshot,
  time: { readonly interval: bigint; readonly estimated: bigint },
): Pick<Measured, "source" | "totals"> {
  if (current.cpus !== null && previous.cpus !== null) {
    const [after, before] = [sumCounters(current.cpus), sumCounters(previous.cpus)];
    return { source: "cpus", totals: ratesBetween(after, before, time.interval) ?? null };
  }
  const { totals } = current;
  const rates = totals && previous.totals && ratesBetween(totals, previous.totals, time.estimated);
  return { source: "totals", totals: rates ?? null };
}

function withVirtualRates(
  current: ServerList<VirtualServer>,
  previous: ServerList<VirtualServer>,
  nanoseconds: bigint,
): ServerList<VirtualServer> {
  const pairs = [...withPrevious(current, previous)].map(([virtual, before]) => ({
    rates: before && ratesBetween(virtual, before, nanoseconds),
    realServers: before === undefined
      ? virtual.realServers
      : withRealRates(virtual.realServers, before.realServers, nanoseconds),
  }));
  return current.extend((virtual, index) => {
    const { rates, realServers } = pairs[index]!;
    return virtual.withRates(rates, realServers);
  });
}

function withRealRates(
  current: ServerList<RealServer>,
  previous: ServerList<RealServer>,
  nanoseconds: bigint,
): ServerList<RealServer> {
  const rates = [...withPrevious(current, previous)].map(([real, before]) =>
    before && ratesBetween(real, before, nanoseconds)
  );
  return current.extend((real, index) => real.withRates(rates[index]));
}
