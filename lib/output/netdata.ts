/**
 * netdata's plugins.d protocol. The charts are those of netdata's own collector of
 * `/proc/net/ip_vs_stats`, and on request those of each virtual and real server.
 *
 * @module
 */
import type { Snapshot } from "../ipvs/snapshot.ts";
import { sumCounters } from "../procfs/ip_vs_stats.ts";
import { ByteWriter, type Sink } from "./byte_writer.ts";
import { ChartWriter } from "./netdata_chart_writer.ts";
import { TOTAL_CHARTS } from "./netdata_charts.ts";
import { ServerCharts } from "./netdata_servers.ts";

/** Options of {@linkcode netdataEncoder}. */
export interface NetdataOptions {
  /** Seconds between two snapshots, an integer from 1. */
  readonly updateEvery: number;
  /** Adds charts for each virtual and each real server. */
  readonly servers?: boolean;
}

/**
 * Creates an encoder for the snapshots of one stream, in the order of their times. The first snapshot
 * defines the charts, the next ones give the time since the one before.
 *
 * The totals are those of the CPUs if the snapshot has them: the kernel updates all other counters
 * every 2 seconds only, and not at all if its estimator is off.
 */
export function netdataEncoder(options: NetdataOptions): (snapshot: Snapshot, sink: Sink) => void {
  const { updateEvery } = options;
  const totals = new ChartWriter(TOTAL_CHARTS, {
    ...{ id: "", context: "", family: "ipvs", title: "", updateEvery },
  });
  const servers = options.servers ? new ServerCharts(updateEvery) : undefined;
  let wasLive = false;
  return (snapshot, sink) => {
    const out = new ByteWriter(sink);
    const { cpus } = snapshot;
    const isLive = cpus !== null && cpus.length > 0;
    const counters = isLive ? sumCounters(cpus) : snapshot.totals;
    if (counters !== null) {
      totals.write(out, counters, snapshot.time, isLive === wasLive);
      wasLive = isLive;
    }
    servers?.write(out, snapshot);
    out.flush();
  };
}
