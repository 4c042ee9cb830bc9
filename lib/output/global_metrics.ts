/**
 * Prometheus metrics of IPVS as a whole.
 *
 * @module
 */
import type { Snapshot, SyncDaemon, Timeouts } from "../ipvs/snapshot.ts";
import { COUNTERS, MEASURED_METRICS, type Metric, TOTAL_METRICS } from "../metrics/catalogue.ts";
import type { Totals } from "../procfs/ip_vs_stats.ts";
import { VERSION } from "../version.ts";
import type { NamedValue } from "./prometheus_labels.ts";

/** A metric family with its samples. */
export interface MetricFamily {
  /** Without `_total` or `_info`. */
  readonly name: string;
  readonly help: string;
  readonly kind: "counter" | "gauge" | "info";
  readonly unit?: string;
  readonly samples: readonly Sample[];
}

/** One sample of a family. */
export interface Sample {
  readonly labels: readonly NamedValue[];
  readonly value: number | bigint;
}

/** The version of this program. */
export function buildFamily(): MetricFamily {
  return info("ipvs_build", "Version of ipvstat.", [["version", VERSION]]);
}

/** The families of several namespaces, each with all samples of its name. */
export function mergeFamilies(namespaces: Iterable<Iterable<MetricFamily>>): MetricFamily[] {
  const merged = new Map<string, MetricFamily>();
  for (const families of namespaces) {
    for (const family of families) {
      const samples = [...merged.get(family.name)?.samples ?? [], ...family.samples];
      merged.set(family.name, { ...family, samples });
    }
  }
  return [...merged.values()];
}

/** The metrics of a snapshot that have a sample, without those of the program. */
export function globalMetrics(snapshot: Snapshot): MetricFamily[] {
  const families = [
    upFamily(snapshot),
    ...sourceFamilies(snapshot),
    ...configFamilies(snapshot),
    ...totalFamilies(snapshot, "ipvs_", TOTAL_METRICS),
    ...cpuFamilies(snapshot),
    ...measuredFamilies(snapshot),
  ];
  return families.filter((family) => family.samples.length > 0);
}

function info(name: string, help: string, labels: readonly NamedValue[]): MetricFamily {
  return { name, help, kind: "info", samples: [{ labels, value: 1 }] };
}

function upFamily(snapshot: Snapshot): MetricFamily {
  const reason = snapshot.consistency.state === "inconsistent" ? "inconsistent" : "ok";
  return {
    name: "ipvs_up",
    help: "Whether IPVS could be read.",
    kind: "gauge",
    samples: [{ labels: [["reason", reason]], value: 1 }],
  };
}

function sourceFamilies({ source }: Snapshot): MetricFamily[] {
  const help = "What was read in place of netlink: /proc lacks counters, thresholds and states.";
  return source === undefined ? [] : [info("ipvs_source", help, [["source", source]])];
}

function configFamilies({ info: ipvs, timeouts, syncDaemons }: Snapshot): MetricFamily[] {
  const named = "Version of IPVS in the kernel.";
  return [
    ...(ipvs === null ? [] : [info("ipvs", named, [["version", ipvs.version]])]),
    {
      name: "ipvs_connection_table_size",
      help: "Buckets of the connection table.",
      kind: "gauge",
      samples: ipvs === null ? [] : [{ labels: [], value: ipvs.connectionTableSize }],
    },
    {
      name: "ipvs_timeout_seconds",
      help: "Timeout of idle connections.",
      kind: "gauge",
      unit: "seconds",
      samples: timeoutSamples(timeouts),
    },
    {
      name: "ipvs_sync_daemon",
      help: "Connection synchronization daemon.",
      kind: "info",
      samples: (syncDaemons ?? []).map((daemon) => ({ labels: daemonLabels(daemon), value: 1 })),
    },
  ];
}

function timeoutSamples(timeouts: Timeouts | null): Sample[] {
  const states = [["tcp", timeouts?.tcp], ["tcp_fin", timeouts?.tcpFin], ["udp", timeouts?.udp]];
  return states.flatMap(([state, value]) =>
    typeof value === "number" ? [{ labels: [["state", `${state}`]], value }] : []
  );
}

function daemonLabels(daemon: SyncDaemon): NamedValue[] {
  return [
    ["state", daemon.state],
    ["interface", daemon.interface],
    ["sync_id", String(daemon.syncId)],
    ["mcast_group", daemon.mcastGroup ?? ""],
    ["mcast_port", String(daemon.mcastPort ?? "")],
    ["mcast_ttl", String(daemon.mcastTtl ?? "")],
    ["sync_maxlen", String(daemon.syncMaxlen ?? "")],
  ];
}

/** Families of the totals, whose names begin with `prefix`; without samples if there are none. */
export function totalFamilies(
  { totals }: Snapshot,
  prefix: string,
  metrics: readonly Metric<Totals>[],
): MetricFamily[] {
  return metrics.map(({ prometheus, help, kind, unit, read }) => ({
    name: `${prefix}${prometheus}`,
    help: `${help} All virtual servers, including deleted ones.`,
    kind,
    unit,
    samples: totals === null ? [] : [{ labels: [], value: read(totals) }],
  }));
}

function cpuFamilies({ cpus }: Snapshot): MetricFamily[] {
  return COUNTERS.map(({ prometheus, help, kind, unit, read }) => ({
    name: `ipvs_cpu_${prometheus}`,
    help: `${help} Live, by CPU, and never zeroed.`,
    kind,
    unit,
    samples: (cpus ?? []).map((cpu) => ({
      labels: [["cpu", String(cpu.cpu)] as const],
      value: read(cpu),
    })),
  }));
}

function measuredFamilies({ measured }: Snapshot): MetricFamily[] {
  if (measured === undefined) return [];
  const { interval, totals } = measured;
  const rates = MEASURED_METRICS.map(({ prometheus, help, kind, read }): MetricFamily => ({
    name: `ipvs_${prometheus}`,
    help: `${help} All virtual servers, including deleted ones.`,
    kind,
    samples: totals === null ? [] : [{ labels: [], value: read(totals) }],
  }));
  const seconds: MetricFamily = {
    name: "ipvs_measured_interval_seconds",
    help: "Time between the two snapshots that the measured rates are based on.",
    kind: "gauge",
    unit: "seconds",
    samples: [{ labels: [], value: Number(interval) / 1e9 }],
  };
  return [seconds, ...rates];
}
