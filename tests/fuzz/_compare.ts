/**
 * Compares every format with the JSON of the same snapshot: the same servers and the same digits.
 */
import assert from "node:assert/strict";
import { Ajv2020, type AnySchema } from "npm:ajv@8.17.1/dist/2020.js";
import { jsonSchema } from "../../lib/output/json_schema.ts";
import {
  CPU_COUNTERS,
  type MetricNames,
  REAL_INFO_LABELS,
  REAL_METRICS,
  TELEGRAF_REAL_FIELDS,
  TELEGRAF_VIRTUAL_FIELDS,
  TRAFFIC_METRICS,
  VIRTUAL_INFO_LABELS,
  VIRTUAL_METRICS,
} from "../_metric_names.ts";
import {
  type Line,
  parseExactJson,
  parseLineProtocol,
  parsePrometheus,
  type PrometheusFamily,
} from "../_output_parsers.ts";
import { compareStatus } from "./_compare_status.ts";

/** One snapshot in every format. */
export interface Outputs {
  readonly json: string;
  readonly influx: string;
  readonly extended: string;
  readonly prometheus: string;
  readonly openmetrics: string;
  readonly table: string;
}

type Value = string | number | bigint | boolean | null | readonly string[];
type Fields = Readonly<Record<string, Value>>;
type Virtual = Fields & { readonly real_servers: readonly Fields[] };

interface Document {
  readonly time: string;
  readonly time_ns: number | bigint;
  readonly totals: Fields | null;
  readonly cpus: readonly Fields[] | null;
  readonly sync_daemons: readonly Fields[] | null;
  readonly virtual_servers: readonly Virtual[];
}

/** Control characters except the line feed, bidirectional controls, and invisible characters. */
export const UNSAFE_CHARACTERS: RegExp =
  // deno-lint-ignore no-control-regex
  /[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/;

/** The largest signed 64-bit integer. */
const MAX_INT64 = 2n ** 63n - 1n;

const isValid = new Ajv2020({ strict: true }).compile(jsonSchema() as AnySchema);

/** Throws if two formats differ, or one is malformed. */
export function compareOutputs(outputs: Outputs): void {
  const document = checkJson(outputs.json);
  checkPrometheus(parsePrometheus(outputs.prometheus), document);
  parsePrometheus(outputs.openmetrics, true);
  const [open, plain] = [samplesOf(outputs.openmetrics), samplesOf(outputs.prometheus)];
  assert.ok(open === plain, "OpenMetrics and Prometheus have different samples");
  checkInflux(parseLineProtocol(outputs.influx), document, false);
  checkInflux(parseLineProtocol(outputs.extended), document, true);
  checkTable(outputs.table, document);
}

function samplesOf(text: string): string {
  return text.replaceAll(/^#.*\n/gm, "");
}

function checkJson(text: string): Document {
  assert.ok(
    isValid(JSON.parse(text)),
    `The JSON does not match the schema: ${JSON.stringify(isValid.errors)}`,
  );
  assert.doesNotMatch(text, UNSAFE_CHARACTERS, "an unsafe character in the JSON");
  const document = parseExactJson(text) as Document;
  const nanoseconds = BigInt(document.time_ns);
  assert.ok(nanoseconds >= 0n && nanoseconds <= MAX_INT64, `time ${nanoseconds}`);
  const milliseconds = Number(nanoseconds / 1_000_000n);
  assert.equal(document.time.slice(0, 23), new Date(milliseconds).toISOString().slice(0, 23));
  for (const { cpu } of document.cpus ?? []) assert.ok(Number(cpu) < 2 ** 32, `CPU ${cpu}`);
  assertUnique((document.cpus ?? []).map(({ cpu }) => String(cpu)), "CPU");
  assertUnique((document.sync_daemons ?? []).map(({ state }) => String(state)), "sync daemon");
  assertUnique(document.virtual_servers.map(nameOf), "virtual server");
  for (const virtual of document.virtual_servers) {
    assertUnique(virtual.real_servers.map(nameOf), "real server");
  }
  return document;
}

function nameOf(server: Fields): string {
  const { address_family, fwmark, protocol, address, port } = server;
  return [address_family, fwmark, protocol, address, port].join(" ");
}

function assertUnique(names: readonly string[], what: string): void {
  const seen = new Set<string>();
  for (const name of names) {
    assert.ok(!seen.has(name), `${what} ${name} occurs twice`);
    seen.add(name);
  }
}

/** The metric families of virtual or real servers; the samples have the order of the servers. */
interface Scope {
  readonly prefix: string;
  readonly families: ReadonlyMap<string, PrometheusFamily>;
  readonly metrics: MetricNames;
  readonly infoLabels: readonly string[];
  /** Number of servers compared so far. */
  count: number;
}

const VIRTUAL_SCOPE = {
  prefix: "ipvs_virtual_server",
  metrics: VIRTUAL_METRICS,
  infoLabels: VIRTUAL_INFO_LABELS,
} as const;
const REAL_SCOPE = {
  prefix: "ipvs_real_server",
  metrics: REAL_METRICS,
  infoLabels: REAL_INFO_LABELS,
} as const;

function checkPrometheus(all: readonly PrometheusFamily[], document: Document): void {
  const families = new Map(all.map((family) => [family.name, family]));
  compareStatus(families, document);
  checkTotals(families, document);
  const virtualServers: Scope = { ...VIRTUAL_SCOPE, families, count: 0 };
  const realServers: Scope = { ...REAL_SCOPE, families, count: 0 };
  for (const virtual of document.virtual_servers) {
    const named = virtualLabels(virtual);
    checkServer(virtualServers, named, virtual);
    for (const real of virtual.real_servers) {
      const labels = { ...named, address: String(real.address), port: String(real.port) };
      checkServer(realServers, labels, real);
    }
  }
  for (const { name, samples } of all) {
    const scope = [virtualServers, realServers].find(({ prefix }) => name.startsWith(prefix));
    if (scope) assert.equal(samples.length, scope.count, `samples of ${name}`);
  }
}

function checkTotals(families: ReadonlyMap<string, PrometheusFamily>, document: Document): void {
  const totals = document.totals ?? {};
  for (const [field, name] of Object.entries(TRAFFIC_METRICS)) {
    const total = families.get(`ipvs_${name}`)?.samples[0]?.value;
    assert.equal(total, textOf(totals[field]), `totals ${field}`);
    if (name.endsWith("_second")) continue;
    const samples = families.get(`ipvs_cpu_${name}`)?.samples ?? [];
    const values = samples.map(({ labels, value }) => `${labels.get("cpu")} ${value}`);
    const expected = (document.cpus ?? []).map((cpu) => `${cpu["cpu"]} ${textOf(cpu[field])}`);
    assert.equal(values.join(), expected.join(), `CPUs ${field}`);
  }
}

function virtualLabels({ address_family, fwmark, protocol, address, port }: Fields) {
  const named = fwmark === undefined
    ? { virtual_protocol: protocol, virtual_address: address, virtual_port: port }
    : { virtual_fwmark: fwmark };
  const all = { virtual_address_family: address_family, ...named };
  return Object.fromEntries(Object.entries(all).map(([name, value]) => [name, String(value)]));
}

/** Compares the samples of the next server. */
function checkServer(
  scope: Scope,
  labels: Readonly<Record<string, string>>,
  fields: Fields,
): void {
  const { prefix, families, metrics, infoLabels } = scope;
  const index = scope.count++;
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  const name = `{${pairs.toSorted().join(",")}}`;
  for (const field in metrics) {
    const metric = `${prefix}_${metrics[field]}`;
    const sample = families.get(metric)?.samples[index];
    assert.equal(sample?.series, metric + name);
    assert.equal(sample.value, textOf(fields[field]), sample.series);
  }
  const info = families.get(`${prefix}_info`)?.samples[index];
  assert.equal(info?.value, "1", `${prefix}_info${name}`);
  for (const label in labels) assert.equal(info.labels.get(label), labels[label], info.series);
  for (const label of infoLabels) {
    assert.equal(info.labels.get(label) ?? "", textOf(fields[label]) ?? "", `${name} ${label}`);
  }
}

function textOf(value: Value | undefined): string | undefined {
  if (value === undefined) return undefined;
  return Array.isArray(value) ? value.join(",") : String(value);
}

function checkInflux(lines: Line[], document: Document, extended: boolean): void {
  assertUnique(lines.map(seriesOf), "series");
  for (const { time } of lines) assert.equal(time, String(document.time_ns));
  const rest = lines[Symbol.iterator]();
  const next = (measurement: string, fields: Fields, names: readonly string[]) => {
    const line = rest.next().value;
    assert.equal(line?.measurement, measurement);
    for (const name of names) {
      const value = BigInt(fields[name] as number | bigint);
      const expected = String(value > MAX_INT64 ? MAX_INT64 : value);
      assert.equal(line.fields.get(name), expected, `${line.series} ${name}`);
    }
    const state = extended ? textOf(fields["state"]) : undefined;
    assert.equal(line.fields.get("state"), state, `${line.series} state`);
    return line;
  };
  if (document.totals !== null) next("ipvs", document.totals, Object.keys(TRAFFIC_METRICS));
  if (extended) {
    for (const cpu of document.cpus ?? []) next("ipvs_cpu", cpu, CPU_COUNTERS);
  }
  for (const virtual of document.virtual_servers) {
    const names = extended ? Object.keys(VIRTUAL_METRICS) : TELEGRAF_VIRTUAL_FIELDS;
    checkTags(next("ipvs_virtual_server", virtual, names), virtual);
    for (const real of virtual.real_servers) {
      const names = extended ? Object.keys(REAL_METRICS) : TELEGRAF_REAL_FIELDS;
      checkTags(next("ipvs_real_server", real, names), real);
    }
  }
  assert.ok(rest.next().done, "there are more lines than servers");
}

function seriesOf({ measurement, tags }: Line): string {
  const pairs = [...tags].map(([name, value]) => JSON.stringify([name, value])).toSorted();
  return [measurement, ...pairs].join(",");
}

function checkTags({ tags, series }: Line, server: Fields): void {
  for (const name of ["address_family", "fwmark", "protocol", "address", "port"]) {
    assert.equal(tags.get(name), textOf(server[name]), `${series} ${name}`);
  }
}

function checkTable(text: string, { virtual_servers }: Document): void {
  const reals = virtual_servers.reduce((sum, { real_servers }) => sum + real_servers.length, 0);
  const [, virtualCount, realCount] =
    /(\d+) virtual servers?[^\n]*?, (\d+) real servers?/.exec(text) ?? [];
  assert.deepEqual([Number(virtualCount), Number(realCount)], [virtual_servers.length, reals]);
  assert.doesNotMatch(text, UNSAFE_CHARACTERS, "an unsafe character in the table");
}
