/**
 * The JSON Schema of everything but the servers.
 *
 * @module
 */
import { COUNTERS, MEASURED_METRICS, type Metric, TOTAL_METRICS } from "../metrics/catalogue.ts";
import {
  flag,
  list,
  object,
  oneOfWords,
  orNull,
  type Schema,
  text,
  u16,
  u32,
  u64,
} from "./schema_parts.ts";
import { kernelStatusSchema, settingsSchema } from "./status_schema.ts";

/** Everything but the servers, in the document's order. */
export function headSchemas(): Record<string, Schema> {
  return { ...moment(), ...configuration(), ...traffic(), ...reading() };
}

function moment(): Record<string, Schema> {
  return {
    source: {
      const: "proc",
      description: "Present if only /proc was read, which lacks counters, thresholds and states.",
    },
    time: {
      type: "string",
      pattern: "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{9}Z$",
      description: "Start of the read, in UTC with nanoseconds.",
    },
    time_ns: u64("The same in nanoseconds since 1970-01-01."),
  };
}

function configuration(): Record<string, Schema> {
  return {
    ipvs: orNull(
      object({
        version: text("Version of IPVS, such as 1.2.1."),
        connection_table_size: u32("Buckets of the connection table."),
      }),
      "IPVS itself; null if the capture does not contain it.",
    ),
    timeouts: orNull(
      object({
        tcp: u32("Established TCP connections, in seconds."),
        tcp_fin: u32("TCP connections after a FIN, in seconds."),
        udp: u32("UDP, in seconds."),
      }, ["tcp", "tcp_fin", "udp"]),
      "Timeouts of idle connections, of the protocols that the kernel was built with; null if the " +
        "capture does not contain them.",
    ),
    settings: orNull(
      settingsSchema(),
      "Settings of net.ipv4.vs, null for one that the kernel does not have; null if none can be read.",
    ),
    kernel_status: orNull(
      kernelStatusSchema(),
      "What /proc/net/ip_vs_status reports; null before Linux 7.1, and if not read by root.",
    ),
    sync_daemons: orNull(
      list(syncDaemon(), ""),
      "Connection synchronization daemons; null if the capture does not contain them.",
    ),
  };
}

function traffic(): Record<string, Schema> {
  return {
    totals: orNull(
      object(metricSchemas(TOTAL_METRICS)),
      "All virtual servers, including deleted ones; null if /proc/net/ip_vs_stats cannot be read.",
    ),
    cpus: orNull(
      list(object({ cpu: u32("CPU number."), ...metricSchemas(COUNTERS) }), ""),
      "Live counters by CPU, never zeroed; null if they cannot be read.",
    ),
    measured: measuredSchema(),
    stats_width: oneOfWords(
      [64, 32],
      "Bits of the kernel's counters; with 32, connections and packets wrap at 2^32.",
    ),
  };
}

function measuredSchema(): Schema {
  return {
    ...object({
      interval_ns: { type: "integer", description: "Nanoseconds between the two reads." },
      source: oneOfWords(
        ["cpus", "totals"],
        "Whether the totals were measured on the live counters of CPUs or on the kernel's totals.",
      ),
      totals: object(rateSchemas()),
      frozen: flag("Whether the estimator was stopped, so that servers have no measured rates."),
    }),
    description: "Rates measured between two snapshots; absent without --rates.",
  };
}

function reading(): Record<string, Schema> {
  return {
    consistency: object({
      state: oneOfWords(
        ["verified", "unverified", "inconsistent"],
        "verified: read twice and resolved; unverified: read once; inconsistent: see doubts.",
      ),
      listings: {
        type: "integer",
        minimum: 0,
        description: "How many times virtual servers were listed.",
      },
      doubts: list({ type: "string" }, "Differences that could not be resolved."),
    }),
  };
}

function syncDaemon(): Schema {
  return object({
    state: text("master or backup."),
    interface: text("Network interface for multicast."),
    sync_id: u32("Sync ID; a backup accepts messages of a master with the same ID."),
    sync_maxlen: u16("Maximum length of a message in bytes; since Linux 4.3, like the next three."),
    mcast_group: text("Multicast group, an address."),
    mcast_port: u16("Multicast UDP port."),
    mcast_ttl: { type: "integer", minimum: 0, maximum: 255, description: "Multicast TTL." },
  }, ["sync_maxlen", "mcast_group", "mcast_port", "mcast_ttl"]);
}

/** The numbers of a server, of a CPU or of all traffic. */
export function metricSchemas<Source>(metrics: readonly Metric<Source>[]): Record<string, Schema> {
  return Object.fromEntries(metrics.map(({ name, help, kind, unit, bits }) => {
    const description = `${help} ${kind === "counter" ? "Counter" : "Gauge"}${
      unit === "" ? "" : ` in ${unit}`
    }.`;
    return [name, bits === 32 ? u32(description) : u64(description)];
  }));
}

/** Rates that were measured between two snapshots, null if there are none. */
export function rateSchemas(): Record<string, Schema> {
  return Object.fromEntries(
    MEASURED_METRICS.map(({ name, help }) => [name, {
      type: ["number", "null"],
      minimum: 0,
      description: `${help} Null if it is not known yet.`,
    }]),
  );
}
