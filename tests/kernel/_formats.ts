/**
 * Parses line protocol and the Prometheus formats, and compares them with the JSON digit by digit.
 */
import assert from "node:assert/strict";
import {
  type MetricNames,
  REAL_INFO_LABELS,
  REAL_METRICS,
  TELEGRAF_REAL_FIELDS,
  TELEGRAF_VIRTUAL_FIELDS,
  TRAFFIC_METRICS,
  VIRTUAL_INFO_LABELS,
  VIRTUAL_METRICS,
} from "../_metric_names.ts";
import { parseLineProtocol, parsePrometheus } from "../_output_parsers.ts";
import { addOnce } from "./_compare.ts";
import type { Fields } from "./_ipvsadm.ts";
import { endpointText, serverKey, serviceKey } from "./_ipvs_attributes.ts";

interface Parsed {
  /** Values by object and metric, such as "tcp 192.0.2.1:80 cps". */
  values: Map<string, bigint>;
  /** Labels or tags by object. */
  settings: Map<string, Record<string, string>>;
}

/** Settings in the JSON that are tags of the same name in line protocol. */
const TELEGRAF_VIRTUAL_TAGS = ["address_family", "netmask", "sched"];
const TELEGRAF_REAL_TAGS = ["address_family"];

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
  // telegraf's tags lack the family of the virtual server; it is that of the real server.
  const family = tags.virtual_address_family ?? tags.address_family;
  return `${virtualName(tags, family)} -> ${serverKey(tags)}`;
}

/** Parses line protocol; checks that series are unique, tags sorted, and times equal. */
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

/** Parses Prometheus or, if the text ends with # EOF, OpenMetrics. */
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

/** The label for a setting; empty if the setting is missing. */
function labelText(value: unknown): string {
  return value === undefined ? "" : Array.isArray(value) ? value.join(",") : String(value);
}

/** The names to compare: of metrics by name in the JSON, and of labels. */
interface Names {
  readonly totals: MetricNames;
  readonly virtual: MetricNames;
  readonly virtualLabels: readonly string[];
  readonly real: MetricNames;
  readonly realLabels: readonly string[];
}

function assertObject(
  { values, settings }: Parsed,
  object: string,
  fields: Fields,
  names: MetricNames,
  labels: readonly string[],
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

function sameNames(fields: readonly string[]): MetricNames {
  return Object.fromEntries(fields.map((field) => [field, field]));
}

function assertAll(parsed: Parsed, json: Fields, names: Names): number {
  let compared = assertObject(parsed, "totals", json.totals as Fields, names.totals, []);
  for (const service of json.virtual_servers as Fields[]) {
    const key = serviceKey(service);
    compared += assertObject(parsed, key, service, names.virtual, names.virtualLabels);
    for (const server of service.real_servers as Fields[]) {
      const object = `${key} -> ${serverKey(server)}`;
      compared += assertObject(parsed, object, server, names.real, names.realLabels);
    }
  }
  return compared;
}

/**
 * Compares line protocol with the JSON of the same table; returns the number of values compared.
 */
export function assertInflux(text: string, json: Fields, extended: boolean): number {
  return assertAll(parseInflux(text), json, {
    totals: sameNames(Object.keys(TRAFFIC_METRICS)),
    virtual: sameNames(extended ? Object.keys(VIRTUAL_METRICS) : TELEGRAF_VIRTUAL_FIELDS),
    virtualLabels: TELEGRAF_VIRTUAL_TAGS,
    real: sameNames(extended ? Object.keys(REAL_METRICS) : TELEGRAF_REAL_FIELDS),
    realLabels: TELEGRAF_REAL_TAGS,
  });
}

/**
 * Compares a Prometheus format with the JSON of the same table; returns the number of values
 * compared.
 */
export function assertMetrics(text: string, json: Fields): number {
  return assertAll(parseMetrics(text), json, {
    totals: TRAFFIC_METRICS,
    virtual: VIRTUAL_METRICS,
    virtualLabels: VIRTUAL_INFO_LABELS,
    real: REAL_METRICS,
    realLabels: REAL_INFO_LABELS,
  });
}
