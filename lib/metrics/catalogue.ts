/**
 * The catalogue: every metric once. All encoders, the schema and the documentation go by it.
 *
 * @module
 */
import { DESTINATION, SERVICE } from "../ipvs/schema.ts";
import type { Counters, Totals } from "../procfs/ip_vs_stats.ts";

/** Where a metric lies in a record: 64-bit values take two slots, the low half first. */
export interface Place {
  readonly slot: number;
  readonly wide: boolean;
}

/** One metric, with its place in each scope that has it. */
export interface Metric {
  /** Its name in JSON and line protocol. */
  readonly name: string;
  /** Its name for Prometheus behind the scope's prefix, without `_total`. */
  readonly prometheus: string;
  readonly help: string;
  /** OpenMetrics unit; empty for none. */
  readonly unit: string;
  readonly kind: "counter" | "gauge";
  /** Whether telegraf's `inputs.ipvs` has it too. */
  readonly telegraf: boolean;
  readonly total?: keyof Totals;
  readonly cpu?: keyof Counters;
  readonly virtual?: Place;
  readonly real?: Place;
}

type StatsName = keyof Totals;
type Words = readonly [prometheus: string, help: string, unit: string];

function stat(name: string, field: StatsName, telegraf: boolean, words: Words): Metric {
  const [prometheus, help, unit] = words;
  const kind = unit === "" ? "gauge" : "counter";
  const places = {
    virtual: { slot: SERVICE.stats[field], wide: true },
    real: { slot: DESTINATION.stats[field], wide: true },
  };
  const cpu = kind === "counter" ? { cpu: field as keyof Counters } : {};
  return { name, prometheus, help, unit, kind, telegraf, total: field, ...cpu, ...places };
}

function real(name: string, slot: number, telegraf: boolean, help: string): Metric {
  const place = { slot, wide: false };
  return { name, prometheus: name, help, unit: "", kind: "gauge", telegraf, real: place };
}

function virtual(name: string, slot: number, words: Words): Metric {
  const [prometheus, help, unit] = words;
  const place = { slot, wide: false };
  return { name, prometheus, help, unit, kind: "gauge", telegraf: false, virtual: place };
}

/** What a virtual server is set to. */
const SETTINGS: readonly Metric[] = [
  virtual("persistence_timeout", SERVICE.timeout, [
    "persistence_timeout_seconds",
    "How long a client stays with its real server; 0 without persistence.",
    "seconds",
  ]),
];

/** What a real server is set to, and the connections that it has at this moment. */
const CONNECTIONS: readonly Metric[] = [
  real("weight", DESTINATION.weight, false, "Weight; 0 for a drained server."),
  real(
    "upper_threshold",
    DESTINATION.upperThreshold,
    false,
    "Connections above which it gets no new ones; 0 for no limit.",
  ),
  real(
    "lower_threshold",
    DESTINATION.lowerThreshold,
    false,
    "Connections below which it gets new ones again.",
  ),
  real("active_connections", DESTINATION.activeConnections, true, "Established connections."),
  real("inactive_connections", DESTINATION.inactiveConnections, true, "Other connections."),
  real(
    "persistent_connections",
    DESTINATION.persistentConnections,
    false,
    "Persistence templates.",
  ),
];

/** Traffic, in every scope. */
const STATS: readonly Metric[] = [
  stat("connections", "connections", true, [
    "connections",
    "Connections scheduled.",
    "connections",
  ]),
  stat("pkts_in", "pktsIn", true, ["incoming_packets", "Packets from clients.", "packets"]),
  stat("pkts_out", "pktsOut", true, ["outgoing_packets", "Packets to clients.", "packets"]),
  stat("bytes_in", "bytesIn", true, ["incoming_bytes", "Bytes from clients.", "bytes"]),
  stat("bytes_out", "bytesOut", true, ["outgoing_bytes", "Bytes to clients.", "bytes"]),
  stat("cps", "cps", true, [
    "connections_per_second",
    "Connections per second, the kernel's moving average.",
    "",
  ]),
  stat("pps_in", "ppsIn", true, [
    "incoming_packets_per_second",
    "Packets from clients per second, the kernel's moving average.",
    "",
  ]),
  stat("pps_out", "ppsOut", true, [
    "outgoing_packets_per_second",
    "Packets to clients per second, the kernel's moving average.",
    "",
  ]),
  stat("bytes_in_per_second", "bytesInPerSecond", false, [
    "incoming_bytes_per_second",
    "Bytes from clients per second, the kernel's moving average.",
    "",
  ]),
  stat("bytes_out_per_second", "bytesOutPerSecond", false, [
    "outgoing_bytes_per_second",
    "Bytes to clients per second, the kernel's moving average.",
    "",
  ]),
];

/** Every metric, in the order of every output. */
export const CATALOGUE: readonly Metric[] = [...SETTINGS, ...CONNECTIONS, ...STATS];
