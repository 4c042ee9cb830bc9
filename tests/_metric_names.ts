/**
 * The names of metrics in the JSON, in Prometheus and in line protocol, for comparing formats.
 * Written from the documentation, independently of the catalogue in lib/metrics.
 */

/** Names in Prometheus, without the prefix, by name in the JSON. */
export type MetricNames = Readonly<Record<string, string>>;

/** The counters and rates of the totals and of every server. */
export const TRAFFIC_METRICS = {
  connections: "connections_total",
  pkts_in: "incoming_packets_total",
  pkts_out: "outgoing_packets_total",
  bytes_in: "incoming_bytes_total",
  bytes_out: "outgoing_bytes_total",
  cps: "connections_per_second",
  pps_in: "incoming_packets_per_second",
  pps_out: "outgoing_packets_per_second",
  bytes_in_per_second: "incoming_bytes_per_second",
  bytes_out_per_second: "outgoing_bytes_per_second",
} as const satisfies MetricNames;

/** The metrics of a virtual server. */
export const VIRTUAL_METRICS = {
  persistence_timeout: "persistence_timeout_seconds",
  ...TRAFFIC_METRICS,
} as const satisfies MetricNames;

/** The metrics of a real server. */
export const REAL_METRICS = {
  weight: "weight",
  upper_threshold: "upper_threshold",
  lower_threshold: "lower_threshold",
  active_connections: "active_connections",
  inactive_connections: "inactive_connections",
  persistent_connections: "persistent_connections",
  ...TRAFFIC_METRICS,
} as const satisfies MetricNames;

/** Labels of the info metric of a virtual server, with the same names in the JSON. */
export const VIRTUAL_INFO_LABELS: readonly string[] = [
  ...["sched", "sched_flags", "one_packet", "persistent", "netmask", "pe", "state"],
];

/** Labels of the info metric of a real server, with the same names in the JSON. */
export const REAL_INFO_LABELS: readonly string[] = [
  ...["address_family", "forwarding_method", "tunnel_type", "tunnel_port", "tunnel_checksum"],
  "state",
];

/** The counters of each CPU. */
export const CPU_COUNTERS: readonly string[] = [
  ...["connections", "pkts_in", "pkts_out", "bytes_in", "bytes_out"],
];

/** The fields of telegraf's plugin for a virtual server. */
export const TELEGRAF_VIRTUAL_FIELDS: readonly string[] = [
  ...CPU_COUNTERS,
  ...["cps", "pps_in", "pps_out"],
];

/** The fields of telegraf's plugin for a real server. */
export const TELEGRAF_REAL_FIELDS: readonly string[] = [
  ...["active_connections", "inactive_connections"],
  ...TELEGRAF_VIRTUAL_FIELDS,
];
