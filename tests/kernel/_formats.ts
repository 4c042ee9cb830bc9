/** Reads line protocol and the Prometheus formats back, and holds their digits against the JSON. */
import assert from "node:assert/strict";
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

function addOnce<T>(map: Map<string, T>, key: string, value: T): void {
  assert.ok(!map.has(key), `${key} is there twice`);
  map.set(key, value);
}

/** Splits at a separator that no backslash stands before, and takes the backslashes out. */
function split(text: string, separator: string): string[] {
  const parts = text.split(new RegExp(`(?<!\\\\)${separator}`));
  return parts.map((part) => part.replace(/\\([,= ])/g, "$1"));
}

function pairs(parts: string[]): Record<string, string> {
  return Object.fromEntries(parts.map((part) => {
    const at = part.indexOf("=");
    return [part.slice(0, at), part.slice(at + 1)];
  }));
}

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

/** Line protocol; every line has its own series and the one time. */
export function parseInflux(text: string, time: bigint): Parsed {
  const parsed: Parsed = { values: new Map(), settings: new Map() };
  const series = new Map<string, true>();
  assert.ok(text.endsWith("\n"));
  for (const line of text.slice(0, -1).split("\n")) {
    const [name, fields, stamp] = line.split(/(?<!\\) /);
    assert.equal(BigInt(stamp!), time, line);
    addOnce(series, name!, true);
    const [measurement, ...tagTexts] = name!.split(/(?<!\\),/);
    const tagNames = tagTexts.map((tag) => tag.split("=")[0]!);
    assert.deepEqual(tagNames, [...tagNames].sort(), line);
    const tags = pairs(split(tagTexts.join(","), ","));
    const object = influxObject(measurement!, tags);
    if (object) addOnce(parsed.settings, object, tags);
    for (const [field, value] of Object.entries(pairs(fields!.split(",")))) {
      assert.match(value, /^\d+i$/, line);
      if (object) addOnce(parsed.values, `${object} ${field}`, BigInt(value.slice(0, -1)));
    }
  }
  return parsed;
}

const sampleLine = /^([a-z0-9_]+)(?:\{(.*)\})? (\S+)$/;
const labelPair = /([a-z0-9_]+)="((?:[^"\\]|\\.)*)"(?:,|$)/g;

function metricObject(labels: Record<string, string>, isReal: boolean): string {
  const name = virtualName(labels, labels.virtual_address_family);
  if (!isReal) return name;
  const family = labels.address!.includes(":") ? "inet6" : "inet";
  return `${name} -> ${endpointText(family, labels.address, labels.port)}`;
}

/** Either Prometheus format; no two samples are of one metric with the same labels. */
export function parseMetrics(text: string): Parsed {
  const parsed: Parsed = { values: new Map(), settings: new Map() };
  const samples = new Map<string, true>();
  for (const line of text.split("\n").filter((line) => line !== "" && !line.startsWith("#"))) {
    const [, name, labelText = "", value] = sampleLine.exec(line) ?? assert.fail(line);
    addOnce(samples, `${name}{${labelText}}`, true);
    const labels = Object.fromEntries(
      Array.from(labelText.matchAll(labelPair), ([, label, text]) => [label!, text!]),
    );
    const scoped = /^ipvs_(virtual|real)_server_(.*)$/.exec(name!);
    const object = scoped ? metricObject(labels, scoped[1] === "real") : "totals";
    if (scoped?.[2] === "info") {
      assert.equal(value, "1", line);
      addOnce(parsed.settings, object, labels);
    } else if (scoped) {
      addOnce(parsed.values, `${object} ${scoped[2]}`, BigInt(value!));
    } else if (labelText === "") {
      addOnce(parsed.values, `${object} ${name!.slice("ipvs_".length)}`, BigInt(value!));
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
  const time = BigInt(text.trimEnd().split(" ").at(-1)!);
  return assertAll(parseInflux(text, time), json, {
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
