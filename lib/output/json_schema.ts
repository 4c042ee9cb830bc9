/**
 * The JSON Schema (2020-12) of what `-o json` prints, made from the catalogue.
 *
 * @module
 */
import { CATALOGUE, type Metric } from "../metrics/catalogue.ts";
import { JSON_FORMAT_VERSION } from "./json.ts";
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

/** The catalogue's metrics of one scope. */
function metrics(scope: "total" | "cpu" | "virtual" | "real"): Record<string, Schema> {
  const of = CATALOGUE.filter((metric) => metric[scope] !== undefined);
  return Object.fromEntries(of.map((metric) => [metric.name, metricSchema(metric, scope)]));
}

function metricSchema(metric: Metric, scope: "total" | "cpu" | "virtual" | "real"): Schema {
  const place = scope === "virtual" || scope === "real" ? metric[scope] : undefined;
  const kind = metric.kind === "counter" ? "Counter" : "Gauge";
  const description = `${metric.help} ${kind}${metric.unit === "" ? "" : ` in ${metric.unit}`}.`;
  return place?.wide === false ? u32(description) : u64(description);
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
        description: "Counts up with every change that breaks a reader.",
      },
      ...head(),
      virtual_servers: list(
        { $ref: "#/$defs/virtual_server" },
        "Those with an address before firewall marks; then by family, address, port, protocol.",
      ),
    }),
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
      description: "When the reading began, in UTC with nanoseconds.",
    },
    time_ns: u64("The same in nanoseconds since 1970."),
  };
}

function configuration(): Record<string, Schema> {
  return {
    ipvs: orNull(
      object({
        version: text("IPVS's version, such as 1.2.1."),
        connection_table_size: u32("Buckets of the connection table."),
      }),
      "IPVS itself; null where the capture does not tell.",
    ),
    timeouts: orNull(
      object({
        tcp: u32("Established TCP connections, in seconds."),
        tcp_fin: u32("TCP connections after a FIN, in seconds."),
        udp: u32("UDP, in seconds."),
      }, ["tcp", "tcp_fin", "udp"]),
      "How long an idle connection is kept; null where the capture does not tell, and without the " +
        "protocols that the kernel was built without.",
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
      "Connection synchronization daemons that run; null where the capture does not tell.",
    ),
  };
}

function traffic(): Record<string, Schema> {
  return {
    totals: orNull(
      object(metrics("total")),
      "All virtual servers, deleted ones too; null where /proc/net/ip_vs_stats cannot be read.",
    ),
    cpus: orNull(
      list(object({ cpu: u32("The CPU's number."), ...metrics("cpu") }), ""),
      "Live counters by CPU, never zeroed; null where they cannot be read.",
    ),
    stats_width: oneOfWords(
      [64, 32],
      "Bits of the kernel's counters; with 32, connections and packets wrap at 2^32.",
    ),
  };
}

function reading(): Record<string, Schema> {
  return {
    consistency: object({
      state: oneOfWords(
        ["verified", "unverified", "inconsistent"],
        "verified: read twice and settled; unverified: read once; inconsistent: see doubts.",
      ),
      listings: { type: "integer", minimum: 1, description: "How often services were listed." },
      doubts: list({ type: "string" }, "What could not be made consistent."),
    }),
  };
}

function syncDaemon(): Schema {
  return object({
    state: text("master or backup."),
    interface: text("The interface that it multicasts on."),
    sync_id: u32("Its number; a backup takes what a master of the same number sends."),
    sync_maxlen: u16("The longest message in bytes; since Linux 4.3, as the next three."),
    mcast_group: text("Multicast group, an address."),
    mcast_port: u16("Multicast UDP port."),
    mcast_ttl: { type: "integer", minimum: 0, maximum: 255, description: "Multicast TTL." },
  }, ["sync_maxlen", "mcast_group", "mcast_port", "mcast_ttl"]);
}

const FAMILY: Schema = { $ref: "#/$defs/address_family" };
const ADDRESS_TEXT = "Dotted decimal, or IPv6 as RFC 5952 writes it, without brackets.";

function virtualServer(): Schema {
  const address = ["protocol", "address", "port"];
  const properties = {
    address_family: FAMILY,
    fwmark: { type: "integer", minimum: 1, maximum: 0xffffffff, description: "Firewall mark." },
    protocol: {
      type: "string",
      pattern: "^(tcp|udp|sctp|\\d+)$",
      description: "tcp, udp, sctp or another protocol's number.",
    },
    address: text(ADDRESS_TEXT),
    port: u16("0 for every port."),
    sched: text("Scheduler, or none."),
    sched_flags: list({ type: "string" }, "The scheduler's flags by name, such as mh-port."),
    flags: u32("The kernel's IP_VS_SVC_F_* bits."),
    pe: text("Persistence engine, where there is one."),
    netmask: {
      type: "integer",
      minimum: 0,
      maximum: 128,
      description: "Prefix length of the clients that persistence holds together.",
    },
    one_packet: flag("Whether each packet is scheduled by itself."),
    persistent: flag("Whether a client stays with its real server."),
    ...metrics("virtual"),
    real_servers: list({ $ref: "#/$defs/real_server" }, "By family, address and port."),
  };
  return {
    ...object(properties, [...address, "fwmark", "pe"]),
    description: "What clients connect to: a firewall mark, or protocol, address and port.",
    oneOf: [
      { required: ["fwmark"], properties: { fwmark: true, ...members(address, false) } },
      { required: address, properties: { fwmark: false, ...members(address, true) } },
    ],
  };
}

function realServer(): Schema {
  const tunnel = {
    tunnel_type: text("ipip, gue or gre; here and below only behind a tunnel."),
    tunnel_port: u16("Outer UDP port of gue, else 0."),
    tunnel_checksum: text("nocsum, csum or remcsum."),
  };
  const names = Object.keys(tunnel);
  const properties = {
    address_family: FAMILY,
    address: text(ADDRESS_TEXT),
    port: u16("The server's port; that of the virtual server where it is not translated."),
    forwarding_method: text("masq, local, tunnel, droute or bypass."),
    ...tunnel,
    ...metrics("real"),
  };
  return {
    ...object(properties, names),
    description: "A server behind a virtual server.",
    if: { properties: { forwarding_method: { const: "tunnel" } } },
    then: { required: names, properties: members(names, true) },
    else: { properties: members(names, false) },
  };
}
