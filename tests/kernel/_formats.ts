/** Reads line protocol and the Prometheus formats back, and holds their digits against the JSON. */
import assert from "node:assert/strict";
import { parseLineProtocol, parsePrometheus } from "../_parsers.ts";
import { addOnce } from "./_compare.ts";
import type { Fields } from "./_ipvsadm.ts";
import { endpointText, serverKey, serviceKey } from "./_wire_ipvs.ts";

/** Metric names of line protocol are those of the JSON; these are the ones for Prometheus. */
const statsMetrics: Record<string, string> = {
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
};
const virtualMetrics = { persistence_timeout: "persistence_timeout_seconds", ...statsMetrics };
const realMetrics = {
  weight: "weight",
  upper_threshold: "upper_threshold",
  lower_threshold: "lower_threshold",
  active_connections: "active_connections",
  inactive_connections: "inactive_connections",
  persistent_connections: "persistent_connections",
  ...statsMetrics,
};

/** telegraf's fields. */
const statsFields = [
  ...["connections", "pkts_in", "pkts_out", "bytes_in", "bytes_out"],
  ...["cps", "pps_in", "pps_out"],
];
const telegrafFields = {
  virtual: statsFields,
  real: ["active_connections", "inactive_connections", ...statsFields],
};

interface Parsed {
  /** One value of one object, by a name that no format changes: "tcp 192.0.2.1:80 cps". */
  values: Map<string, bigint>;
  /** What labels or tags say of an object, by its name. */
  settings: Map<string, Record<string, string>>;
}

/** Settings of the JSON that a label or a tag of the same name repeats. */
const telegrafTags = { virtual: ["address_family", "netmask", "sched"], real: ["address_family"] };
const infoLabels = {
  virtual: ["sched", "sched_flags", "one_packet", "persistent", "netmask", "pe"],
  real: [
    ...["address_family", "forwarding_method"],
    ...["tunnel_type", "tunnel_port", "tunnel_checksum"],
  ],
};

function virtualName(labels: Record<string, string>, family: string | undefined): string {
  const { virtual_fwmark, virtual_protocol, virtual_address, virtual_port } = labels;
  if (virtual_fwmark !== undefined) return `fwm ${virtual_fwmark} ${family}`;
  const isIpv6 = virtual_address!.includes(":");
  const text = endpointText(isIpv6 ? "inet6" : "inet", virtual_address, virtual_port);
  return `${virtual_protocol} ${text}`;
}

function influxObject(measurement: string, tags: Record<string, string>): string | undefined {
  if (measurement === "ipvs") return "totals";
  if (measurement === "ipvs_virtual_server") return serviceKey(tags);
  if (measurement !== "ipvs_real_server") return undefined;
  // telegraf leaves the virtual server's family out, and so it is the real server's.
  const family = tags.virtual_address_family ?? tags.address_family;
  return `${virtualName(tags, family)} -> ${serverKey(tags)}`;
}

/** Line protocol: each series once, its tags sorted, and every line with the same time. */
function parseInflux(text: string): Parsed {
  const parsed: Parsed = { values: new Map(), settings: new Map() };
  const series = new Map<string, true>();
  const lines = parseLineProtocol(text);
  for (const line of lines) {
    assert.equal(line.time, lines[0]!.time, line.series);
    addOnce(series, line.series, true);
    assert.deepEqual([...line.tags.keys()], [...line.tags.keys()].sort(), line.series);
    const tags = Object.fromEntries(line.tags);
    const object = influxObject(line.measurement, tags);
    if (object === undefined) continue;
    addOnce(parsed.settings, object, tags);
    for (const [field, digits] of line.fields) {
      if (field === "state") continue;
      addOnce(parsed.values, `${object} ${field}`, BigInt(digits));
    }
  }
  return parsed;
}

function metricObject(labels: Record<string, string>, isReal: boolean): string {
  const name = virtualName(labels, labels.virtual_address_family);
  if (!isReal) return name;
  const family = labels.address!.includes(":") ? "inet6" : "inet";
  return `${name} -> ${endpointText(family, labels.address, labels.port)}`;
}

/** Either Prometheus format; the end of OpenMetrics tells them apart. */
function parseMetrics(text: string): Parsed {
  const parsed: Parsed = { values: new Map(), settings: new Map() };
  const families = parsePrometheus(text, text.endsWith("# EOF\n"));
  for (const { name, labels, value, series } of families.flatMap(({ samples }) => samples)) {
    const scoped = /^ipvs_(virtual|real)_server_(.*)$/.exec(name);
    const settings = Object.fromEntries(labels);
    const object = scoped ? metricObject(settings, scoped[1] === "real") : "totals";
    if (scoped?.[2] === "info") {
      assert.equal(value, "1", series);
      addOnce(parsed.settings, object, settings);
    } else if (scoped) {
      addOnce(parsed.values, `${object} ${scoped[2]}`, BigInt(value));
    } else if (labels.size === 0) {
      addOnce(parsed.values, `${object} ${name.slice("ipvs_".length)}`, BigInt(value));
    }
  }
  return parsed;
}

/** A setting as a label has it; none at all is an empty one. */
function labelText(value: unknown): string {
  return value === undefined ? "" : Array.isArray(value) ? value.join(",") : String(value);
}

interface Names {
  /** Where a value of the JSON is to be found, by its name there. */
  totals: Record<string, string>;
  virtual: Record<string, string>;
  real: Record<string, string>;
  settings: { virtual: string[]; real: string[] };
}

function assertObject(
  { values, settings }: Parsed,
  object: string,
  fields: Fields,
  names: Record<string, string>,
  labels: string[],
): number {
  for (const [field, name] of Object.entries(names)) {
    assert.equal(values.get(`${object} ${name}`), fields[field], `${object} ${name}`);
  }
  for (const label of labels) {
    const actual = settings.get(object)?.[label] ?? "";
    assert.equal(actual, labelText(fields[label]), `${object} ${label}`);
  }
  return Object.keys(names).length + labels.length;
}

function sameNames(fields: string[]): Record<string, string> {
  return Object.fromEntries(fields.map((field) => [field, field]));
}

function assertAll(parsed: Parsed, json: Fields, names: Names): number {
  const { virtual, real } = names.settings;
  let compared = assertObject(parsed, "totals", json.totals as Fields, names.totals, []);
  for (const service of json.virtual_servers as Fields[]) {
    const key = serviceKey(service);
    compared += assertObject(parsed, key, service, names.virtual, virtual);
    for (const server of service.real_servers as Fields[]) {
      const object = `${key} -> ${serverKey(server)}`;
      compared += assertObject(parsed, object, server, names.real, real);
    }
  }
  return compared;
}

/** Holds line protocol against the JSON of the same frozen moment; gives the values compared. */
export function assertInflux(text: string, json: Fields, extended: boolean): number {
  return assertAll(parseInflux(text), json, {
    totals: sameNames(Object.keys(statsMetrics)),
    virtual: sameNames(extended ? Object.keys(virtualMetrics) : telegrafFields.virtual),
    real: sameNames(extended ? Object.keys(realMetrics) : telegrafFields.real),
    settings: telegrafTags,
  });
}

/** Holds a Prometheus format against the JSON of the same frozen moment. */
export function assertMetrics(text: string, json: Fields): number {
  return assertAll(parseMetrics(text), json, {
    totals: statsMetrics,
    virtual: virtualMetrics,
    real: realMetrics,
    settings: infoLabels,
  });
}
