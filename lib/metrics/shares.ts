/**
 * How a virtual server's load is divided among its real servers, beside how it should be.
 *
 * @module
 */
import type { RealServer } from "../ipvs/real_server.ts";
import type { VirtualServer } from "../ipvs/virtual_server.ts";

/** Schedulers that choose by the client's or the destination's address. */
const BY_ADDRESS: ReadonlySet<string> = new Set(["sh", "mh", "dh", "lblc", "lblcr"]);

const ROUNDING = 1e6;

/**
 * The shares of the real servers of one virtual server, rounded to six decimals.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { replay } from "../../mod.ts";
 * import { Shares } from "./shares.ts";
 *
 * const file = new URL("../../testdata/demo/capture.pcap", import.meta.url);
 * const virtual = replay(Deno.readFileSync(file)).virtualServers.at(0)!;
 * const shares = new Shares(virtual);
 * const sum = virtual.realServers.map((real) => shares.weightShare(real)!)
 *   .reduce((a, b) => a + b);
 * assert.equal(sum, 1);
 * ```
 */
export class Shares {
  readonly #isMeasured: boolean;
  /** Of all real servers; 0 if connections cannot be compared. */
  readonly #connections: number;
  readonly #weights: number;

  /** Sums up all real servers of a virtual server, selected or not. */
  constructor(virtual: VirtualServer) {
    this.#isMeasured = virtual.measured !== undefined;
    let connections = 0, weights = 0;
    for (const real of virtual.allRealServers) {
      connections += this.#connectionsOf(real);
      weights += real.weight;
    }
    this.#connections = isComparable(virtual) ? connections : 0;
    this.#weights = weights;
  }

  /**
   * A real server's part of the new connections of all real servers, from 0 to 1: of those between
   * the two readings if the virtual server has measured rates, else of those since the counters
   * started. Null
   *
   * - if there were no new connections,
   * - if a real server has no measured rates, as it was added or reset between the readings,
   * - if clients stay with their real servers: with persistence, and with the schedulers sh, mh, dh,
   *   lblc and lblcr.
   */
  share(real: RealServer): number | null {
    return partOf(this.#connections, this.#connectionsOf(real));
  }

  /** A real server's part of the sum of all weights, from 0 to 1; null if that is 0. */
  weightShare(real: RealServer): number | null {
    return partOf(this.#weights, real.weight);
  }

  /** NaN if it is not known, which makes the sum NaN, too. */
  #connectionsOf({ measured, connections }: RealServer): number {
    return this.#isMeasured ? measured?.cps ?? NaN : Number(connections);
  }
}

/** A part of a sum, to six decimals; null if the sum is 0 or not known. */
function partOf(sum: number, part: number): number | null {
  return sum > 0 ? Math.round(part / sum * ROUNDING) / ROUNDING : null;
}

/** Whether the scheduler distributes connections by weight. */
function isComparable({ sched, persistent }: VirtualServer): boolean {
  return !persistent && !BY_ADDRESS.has(sched);
}

/** Sums up each virtual server once, if its real servers follow one another. */
export class SharesByOwner {
  #owner: VirtualServer | undefined;
  #shares: Shares | undefined;

  /** The shares of the real servers of a virtual server. */
  of(virtual: VirtualServer): Shares {
    if (virtual !== this.#owner) {
      this.#owner = virtual;
      this.#shares = new Shares(virtual);
    }
    return this.#shares!;
  }
}

/** A share in the formats that have it. */
export interface ShareMetric {
  /** Its name in JSON. */
  readonly name: string;
  readonly help: string;
  /** From 0 to 1. */
  readonly read: (shares: Shares, real: RealServer) => number | null;
}

/** The shares of a real server. Prometheus and InfluxDB can compute them from the counters. */
export const SHARE_METRICS: readonly ShareMetric[] = [
  {
    name: "share",
    help: "Part of its virtual server's new connections, 0 to 1.",
    read: (shares, real) => shares.share(real),
  },
  {
    name: "weight_share",
    help: "Part of its virtual server's weights, 0 to 1.",
    read: (shares, real) => shares.weightShare(real),
  },
];
