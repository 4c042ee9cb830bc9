/**
 * netdata's charts of virtual and real servers, which come and go with them.
 *
 * @module
 */
import type { RealServer } from "../ipvs/real_server.ts";
import type { Snapshot } from "../ipvs/snapshot.ts";
import type { VirtualServer } from "../ipvs/virtual_server.ts";
import { ESTIMATOR_SECONDS } from "../procfs/settings.ts";
import type { ByteWriter } from "./byte_writer.ts";
import { type ChartScope, ChartWriter } from "./netdata_chart_writer.ts";
import { type Chart, REAL_CHARTS, VIRTUAL_CHARTS } from "./netdata_charts.ts";

const NANOSECONDS = 1_000_000_000n;
/** netdata deletes obsolete charts after an hour, by default. */
const FORGET_AFTER = 3600n * NANOSECONDS;

/** The charts of all virtual and real servers of a stream. */
export class ServerCharts {
  readonly #updateEvery: number;
  /** Shortest time between two readings: half an interval less, as snapshots are never on time. */
  readonly #minimum: bigint;
  readonly #virtual = new ServerSet(VIRTUAL_CHARTS);
  readonly #real = new ServerSet(REAL_CHARTS);
  #time: bigint | undefined;

  /**
   * Prepares charts for snapshots that are `interval` seconds apart. The interval of the charts is a
   * multiple of the estimator's: with any other, the number of its steps between two readings would
   * alternate, and the rates with it.
   */
  constructor(interval: number) {
    this.#updateEvery = interval % ESTIMATOR_SECONDS === 0
      ? interval
      : ESTIMATOR_SECONDS * interval;
    this.#minimum = BigInt(2 * this.#updateEvery - interval) * NANOSECONDS / 2n;
  }

  /** Writes a reading if it is time for one. */
  write(out: ByteWriter, snapshot: Snapshot): void {
    const { time } = snapshot;
    const elapsed = this.#time === undefined ? this.#minimum : time - this.#time;
    // The clock may have been set back.
    if (elapsed >= 0n && elapsed < this.#minimum) return;
    this.#time = time;
    for (const virtual of snapshot.virtualServers) {
      this.#virtual.write(out, virtual, virtual.key, time, () => this.#virtualScope(virtual));
      for (const real of virtual.realServers) {
        const key = `${virtual.key} ${real.key}`;
        this.#real.write(out, real, key, time, () => this.#realScope(virtual, real));
      }
    }
    // In an inconsistent snapshot, a server that is missing may exist.
    if (snapshot.consistency.state === "inconsistent") return;
    this.#virtual.retireMissing(out, time);
    this.#real.retireMissing(out, time);
  }

  #virtualScope(virtual: VirtualServer): ChartScope {
    return {
      id: `virtual_server_${idOf(virtual.key)}_`,
      context: "virtual_server_",
      family: virtual.key,
      title: ` of ${virtual.key}`,
      updateEvery: this.#updateEvery,
    };
  }

  #realScope(virtual: VirtualServer, real: RealServer): ChartScope {
    return {
      id: `real_server_${idOf(virtual.key)}-${idOf(real.key)}_`,
      context: "real_server_",
      family: `${virtual.key} to ${real.key}`,
      title: ` of ${real.key} for ${virtual.key}`,
      updateEvery: this.#updateEvery,
    };
  }
}

/**
 * A key with netdata's characters for ids: `tcp 10.0.0.1:80` is `tcp-10.0.0.1-80`, and
 * `udp [2001:db8::1]:53` is `udp-2001_db8__1-53`. Different keys have different ids.
 */
function idOf(key: string): string {
  return key.replace(/:(\d+)$/, "-$1").replace(/[[\]]/g, "").replaceAll(" ", "-")
    .replaceAll(":", "_");
}

/** The charts of one server. */
interface Entry<Server> {
  readonly charts: ChartWriter<Server>;
  /** When the server was last seen, in nanoseconds. */
  seen: bigint;
  isRetired: boolean;
}

/** The charts of all virtual servers, or of all real servers. */
class ServerSet<Server> {
  readonly #charts: readonly Chart<Server>[];
  readonly #entries = new Map<string, Entry<Server>>();

  constructor(charts: readonly Chart<Server>[]) {
    this.#charts = charts;
  }

  write(out: ByteWriter, server: Server, key: string, time: bigint, scope: () => ChartScope): void {
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      const charts = new ChartWriter(this.#charts, scope());
      this.#entries.set(key, entry = { charts, seen: time, isRetired: false });
    }
    entry.seen = time;
    entry.isRetired = false;
    entry.charts.write(out, server, time);
  }

  /**
   * Retires the charts of the servers that were not written at this time. Their counters are kept as
   * long as netdata keeps the charts, to be continued if the server returns.
   */
  retireMissing(out: ByteWriter, time: bigint): void {
    for (const [key, entry] of this.#entries) {
      if (entry.seen === time) continue;
      if (!entry.isRetired) entry.charts.retire(out);
      entry.isRetired = true;
      if (time - entry.seen > FORGET_AFTER) this.#entries.delete(key);
    }
  }
}
