/**
 * Prometheus metrics of the settings, the hash tables and the estimator of IPVS. Values that the
 * kernel does not report are left out.
 *
 * @module
 */
import type { Snapshot } from "../ipvs/snapshot.ts";
import type { HashTable } from "../procfs/ip_vs_status.ts";
import type { MetricFamily, Sample } from "./global_metrics.ts";
import type { NamedValue } from "./prometheus_labels.ts";

/** The metrics of a snapshot that have a sample. */
export function statusMetrics(snapshot: Snapshot): MetricFamily[] {
  const families = [...tableFamilies(snapshot), ...estimatorFamilies(snapshot)];
  return families.filter((family) => family.samples.length > 0);
}

function gauge(name: string, help: string, value: number | null | undefined): MetricFamily {
  const samples = value === null || value === undefined ? [] : [{ labels: [], value }];
  return { name, help, kind: "gauge", samples };
}

function tableFamilies({ settings, kernelStatus }: Snapshot): MetricFamily[] {
  return [
    gauge(
      "ipvs_connection_table_connections",
      "Connections in the connection table, including persistence templates.",
      kernelStatus?.connections,
    ),
    gauge(
      "ipvs_connection_table_limit",
      "Maximum number of connections (net.ipv4.vs.conn_max).",
      settings?.connMax,
    ),
    gauge(
      "ipvs_connection_table_load_factor",
      "Load factor (net.ipv4.vs.conn_lfactor): the table grows above 2^value entries per bucket.",
      settings?.connLfactor,
    ),
    lengthFamily(
      "ipvs_connection_table_buckets",
      "Buckets of the connection table by number of entries; a masq connection has two entries.",
      kernelStatus?.connectionTable,
    ),
    gauge(
      "ipvs_service_table_size",
      "Buckets of the table of virtual servers.",
      kernelStatus?.serviceTable.buckets,
    ),
    gauge(
      "ipvs_service_table_load_factor",
      "Load factor (net.ipv4.vs.svc_lfactor): the table grows above 2^value entries per bucket.",
      settings?.svcLfactor,
    ),
    lengthFamily(
      "ipvs_service_table_buckets",
      "Buckets of the table of virtual servers by number of entries.",
      kernelStatus?.serviceTable,
    ),
  ];
}

/** The last count includes all greater lengths. */
function lengthFamily(name: string, help: string, table: HashTable | undefined): MetricFamily {
  const counts = table?.bucketsByLength ?? [];
  const last = counts.length - 1;
  const samples = counts.map((value, length): Sample => ({
    labels: [["entries", length === last ? `${length}+` : String(length)]],
    value,
  }));
  return { name, help, kind: "gauge", samples };
}

function toFlag(value: number | null | undefined): number | null {
  return value === null || value === undefined ? null : Number(value !== 0);
}

/** An empty list of CPUs has no label, which Prometheus treats like an empty one. */
function cpuFamily(cpulist: string | null | undefined): MetricFamily {
  const labels: NamedValue[] = cpulist ? [["cpulist", cpulist]] : [];
  return {
    name: "ipvs_estimator",
    help:
      "CPUs for the estimator's threads (net.ipv4.vs.est_cpulist); no label if the list is empty.",
    kind: "info",
    samples: typeof cpulist === "string" ? [{ labels, value: 1 }] : [],
  };
}

function estimatorFamilies({ settings, kernelStatus }: Snapshot): MetricFamily[] {
  const estimator = kernelStatus?.estimator;
  return [
    gauge(
      "ipvs_estimator_enabled",
      "Whether net.ipv4.vs.run_estimation is on; if not, counters and rates are not updated.",
      toFlag(settings?.runEstimation),
    ),
    cpuFamily(settings?.estCpulist),
    gauge(
      "ipvs_estimator_nice",
      "Niceness of the estimator's threads (net.ipv4.vs.est_nice).",
      settings?.estNice,
    ),
    gauge(
      "ipvs_estimator_thread_slots",
      "Slots allocated for estimator threads; the first one exists even if no thread runs.",
      estimator?.threadSlots,
    ),
    gauge(
      "ipvs_estimator_thread_slots_limit",
      "Maximum number of slots for estimator threads.",
      estimator?.threadSlotsLimit,
    ),
    gauge(
      "ipvs_estimator_thread_capacity",
      "Estimators that one thread can handle; each virtual and real server has one.",
      estimator?.threadCapacity,
    ),
    gauge(
      "ipvs_estimator_chain_length_limit",
      "Maximum length of a chain of estimators.",
      estimator?.chainLengthLimit,
    ),
  ];
}
