/**
 * The catalogue of metrics: every number, once. All formats, the schema and the documentation are
 * made from it and from the labels.
 *
 * @module
 */
import type { RealServer } from "../ipvs/real_server.ts";
import type { Rates } from "../ipvs/server.ts";
import type { VirtualServer } from "../ipvs/virtual_server.ts";
import type { Counters, Totals } from "../procfs/ip_vs_stats.ts";

/** A number that is read from a `Source`: a server, the totals or a CPU. */
export interface Metric<Source> {
  /** Its name in JSON and InfluxDB line protocol. */
  readonly name: string;
  /** Its name in Prometheus after the prefix of the scope, without `_total`. */
  readonly prometheus: string;
  readonly help: string;
  /** OpenMetrics unit; empty for none. */
  readonly unit: string;
  readonly kind: "counter" | "gauge";
  /** Width in bits of the unsigned integer. */
  readonly bits: 32 | 64;
  /** Whether telegraf's `inputs.ipvs` has it, too. */
  readonly telegraf: boolean;
  /** Its exact value. */
  readonly read: (source: Source) => number | bigint;
}

/** A rate that was measured between two snapshots. */
export interface MeasuredMetric extends Omit<Metric<Rates>, "bits" | "telegraf" | "read"> {
  /** Its value per second, a double. */
  readonly read: (source: Rates) => number;
}

type CounterRow = readonly [
  name: string,
  prometheus: string,
  help: string,
  unit: string,
  read: (source: Counters) => number | bigint,
];
type RateRow = readonly [
  name: string,
  prometheus: string,
  telegraf: boolean,
  help: string,
  read: <Value>(source: Readonly<Record<keyof Rates, Value>>) => Value,
];
type GaugeRow = readonly [
  name: string,
  telegraf: boolean,
  help: string,
  read: (source: RealServer) => number,
];

function counter([name, prometheus, help, unit, read]: CounterRow): Metric<Counters> {
  return { name, prometheus, help, unit, kind: "counter", bits: 64, telegraf: true, read };
}

function rate([name, prometheus, telegraf, help, read]: RateRow): Metric<Totals> {
  const text = `${help} per second, the kernel's moving average.`;
  return { name, prometheus, help: text, unit: "", kind: "gauge", bits: 64, telegraf, read };
}

function measured([name, prometheus, , help, read]: RateRow): MeasuredMetric {
  return {
    name: `measured_${name}`,
    prometheus: `measured_${prometheus}`,
    help: `${help} per second, measured between two snapshots.`,
    unit: "",
    kind: "gauge",
    read,
  };
}

function gauge([name, telegraf, help, read]: GaugeRow): Metric<RealServer> {
  return { name, prometheus: name, help, unit: "", kind: "gauge", bits: 32, telegraf, read };
}

const COUNTER_ROWS: readonly CounterRow[] = [
  ["connections", "connections", "Connections scheduled.", "connections", (on) => on.connections],
  ["pkts_in", "incoming_packets", "Packets from clients.", "packets", (on) => on.pktsIn],
  ["pkts_out", "outgoing_packets", "Packets to clients.", "packets", (on) => on.pktsOut],
  ["bytes_in", "incoming_bytes", "Bytes from clients.", "bytes", (on) => on.bytesIn],
  ["bytes_out", "outgoing_bytes", "Bytes to clients.", "bytes", (on) => on.bytesOut],
];

const IN_RATE = "incoming_bytes_per_second", OUT_RATE = "outgoing_bytes_per_second";
const RATE_ROWS: readonly RateRow[] = [
  ["cps", "connections_per_second", true, "Connections", (on) => on.cps],
  ["pps_in", "incoming_packets_per_second", true, "Packets from clients", (on) => on.ppsIn],
  ["pps_out", "outgoing_packets_per_second", true, "Packets to clients", (on) => on.ppsOut],
  ["bytes_in_per_second", IN_RATE, false, "Bytes from clients", (on) => on.bytesInPerSecond],
  ["bytes_out_per_second", OUT_RATE, false, "Bytes to clients", (on) => on.bytesOutPerSecond],
];

const UPPER = "Number of connections at which schedulers stop choosing it; 0 for no limit.";
const LOWER =
  "Number of connections below which schedulers choose it again; 0 for 3/4 of the upper.";
const GAUGE_ROWS: readonly GaugeRow[] = [
  ["weight", false, "Weight; schedulers do not choose a server of weight 0.", (on) => on.weight],
  ["upper_threshold", false, UPPER, (on) => on.upperThreshold],
  ["lower_threshold", false, LOWER, (on) => on.lowerThreshold],
  ["active_connections", true, "Established connections.", (on) => on.activeConnections],
  [
    "inactive_connections",
    true,
    "Connections that are not established.",
    (on) => on.inactiveConnections,
  ],
  ["persistent_connections", false, "Persistence templates.", (on) => on.persistentConnections],
];

/** Counters of traffic, also of each CPU. */
export const COUNTERS: readonly Metric<Counters>[] = COUNTER_ROWS.map(counter);

/** All traffic of the network namespace. */
export const TOTAL_METRICS: readonly Metric<Totals>[] = [...COUNTERS, ...RATE_ROWS.map(rate)];

/** Rates measured between two snapshots: of all traffic, and of virtual and real servers. */
export const MEASURED_METRICS: readonly MeasuredMetric[] = RATE_ROWS.map(measured);

/** Numbers of virtual servers. */
export const VIRTUAL_METRICS: readonly Metric<VirtualServer>[] = [
  {
    name: "persistence_timeout",
    prometheus: "persistence_timeout_seconds",
    help: "Persistence timeout; 0 without persistence.",
    unit: "seconds",
    kind: "gauge",
    bits: 32,
    telegraf: false,
    read: (on) => on.persistenceTimeout,
  },
  ...TOTAL_METRICS,
];

/** Numbers of real servers. */
export const REAL_METRICS: readonly Metric<RealServer>[] = [
  ...GAUGE_ROWS.map(gauge),
  ...TOTAL_METRICS,
];
