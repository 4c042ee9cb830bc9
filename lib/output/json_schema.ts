/**
 * The JSON Schema (2020-12) of `-o json`, made from the catalogue.
 *
 * @module
 */
import {
  COUNTERS,
  MEASURED_METRICS,
  type Metric,
  REAL_METRICS,
  TOTAL_METRICS,
  VIRTUAL_METRICS,
} from "../metrics/catalogue.ts";
import { REAL_SERVER_STATES } from "../ipvs/real_server.ts";
import { VIRTUAL_SERVER_STATES } from "../ipvs/virtual_server.ts";
import { REAL_LABELS, VIRTUAL_LABELS } from "../metrics/labels.ts";
import { SHARE_METRICS } from "../metrics/shares.ts";
import { JSON_FORMAT_VERSION } from "./json.ts";
import { labelSchemas, optionalNames } from "./label_schema.ts";
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

export type { Schema } from "./schema_parts.ts";

function metricSchemas<Source>(metrics: readonly Metric<Source>[]): Record<string, Schema> {
  return Object.fromEntries(metrics.map(({ name, help, kind, unit, bits }) => {
    const description = `${help} ${kind === "counter" ? "Counter" : "Gauge"}${
      unit === "" ? "" : ` in ${unit}`
    }.`;
    return [name, bits === 32 ? u32(description) : u64(description)];
  }));
}

/** Rates that were measured between two snapshots, null if there are none. */
function rateSchemas(): Record<string, Schema> {
  return Object.fromEntries(
    MEASURED_METRICS.map(({ name, help }) => [name, {
      type: ["number", "null"],
      minimum: 0,
      description: `${help} Null if it is not known yet.`,
    }]),
  );
}

/** Shares of real servers, null where they mean nothing. */
function shareSchemas(): Record<string, Schema> {
  return Object.fromEntries(
    SHARE_METRICS.map(({ name, help }) => [name, {
      type: ["number", "null"],
      minimum: 0,
      maximum: 1,
      description: `${help} Null if it cannot be compared or is not known.`,
    }]),
  );
}

/**
 * The schema of `-o json`.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { jsonSchema, type Schema } from "./json_schema.ts";
 *
 * const schema: Schema = jsonSchema();
 * assert(schema.$schema === "https://json-schema.org/draft/2020-12/schema");
 * ```
 */
export function jsonSchema(): Schema {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $id: `urn:ipvstat:snapshot:${JSON_FORMAT_VERSION}`,
    title: "Snapshot of IPVS",
    description: "One moment of the virtual and real servers of one network namespace. Integers " +
      "have their exact digits: a parser that makes doubles of them rounds those above 2^53.",
    ...object({
      format: { const: "ipvstat" },
      version: {
        const: JSON_FORMAT_VERSION,
        description: "Increases with every incompatible change.",
      },
      ...head(),
      virtual_servers: list(
        { $ref: "#/$defs/virtual_server" },
        "Those with an address before firewall marks; then by family, address, port, protocol.",
      ),
    }, ["measured"]),
    $defs: {
      u16: { type: "integer", minimum: 0, maximum: 65535 },
      u32: { type: "integer", minimum: 0, maximum: 4294967295 },
      u64: { type: "integer", minimum: 0 },
      address_family: { enum: ["inet", "inet6"] },
      virtual_server: virtualServer(),
      real_server: realServer(),
    },
  };
}

/** Everything but the servers, in the document's order. */
function head(): Record<string, Schema> {
  return { ...moment(), ...configuration(), ...traffic(), ...reading() };
}

/** Members that may be there, or must not. */
function members(names: readonly string[], allowed: boolean): Record<string, boolean> {
  return Object.fromEntries(names.map((name) => [name, allowed]));
}

function moment(): Record<string, Schema> {
  return {
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

const RATE_NAMES: readonly string[] = MEASURED_METRICS.map(({ name }) => name);

function virtualServer(): Schema {
  const address = ["protocol", "address", "port"];
  const properties = {
    ...labelSchemas(VIRTUAL_LABELS, VIRTUAL_SERVER_STATES),
    ...metricSchemas(VIRTUAL_METRICS),
    ...rateSchemas(),
    real_servers: list({ $ref: "#/$defs/real_server" }, "By family, address and port."),
  };
  return {
    ...object(properties, [...optionalNames(VIRTUAL_LABELS), ...RATE_NAMES]),
    description: "What clients connect to: a firewall mark, or protocol, address and port.",
    oneOf: [
      { required: ["fwmark"], properties: { fwmark: true, ...members(address, false) } },
      { required: address, properties: { fwmark: false, ...members(address, true) } },
    ],
  };
}

function realServer(): Schema {
  const tunnel = ["tunnel_type", "tunnel_port", "tunnel_checksum"];
  const properties = {
    ...labelSchemas(REAL_LABELS, REAL_SERVER_STATES),
    ...metricSchemas(REAL_METRICS),
    ...rateSchemas(),
    ...shareSchemas(),
  };
  return {
    ...object(properties, [...optionalNames(REAL_LABELS), ...RATE_NAMES]),
    description: "A server behind a virtual server.",
    if: { properties: { forwarding_method: { const: "tunnel" } } },
    then: { required: tunnel, properties: members(tunnel, true) },
    else: { properties: members(tunnel, false) },
  };
}
