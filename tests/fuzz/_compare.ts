/** Holds every format against the JSON of the same snapshot: same servers, same digits. */
import assert from "node:assert/strict";
import { Ajv2020, type AnySchema } from "npm:ajv@8.17.1/dist/2020.js";
import { jsonSchema } from "../../lib/output/json_schema.ts";
import {
  type Line,
  parseExactJson,
  parseLineProtocol,
  parsePrometheus,
  type PrometheusFamily,
} from "../_parsers.ts";
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

/** Controls but the line feed, what reorders text, and what cannot be seen. */
export const UNSEEN: RegExp =
  // deno-lint-ignore no-control-regex
  /[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/;

/** What signed 64 bits hold. */
const LARGEST = 2n ** 63n - 1n;

const isValid = new Ajv2020({ strict: true }).compile(jsonSchema() as AnySchema);

/** Throws where two formats disagree, or one is not what it must be. */
export function compareOutputs(outputs: Outputs): void {
  const document = checkJson(outputs.json);
  checkPrometheus(parsePrometheus(outputs.prometheus), document);
  parsePrometheus(outputs.openmetrics, true);
  const [open, plain] = [samplesOf(outputs.openmetrics), samplesOf(outputs.prometheus)];
  assert.ok(open === plain, "OpenMetrics has other samples than Prometheus");
  checkInflux(parseLineProtocol(outputs.influx), document, false);
  checkInflux(parseLineProtocol(outputs.extended), document, true);
  checkTable(outputs.table, document);
}

function samplesOf(text: string): string {
  return text.replaceAll(/^#.*\n/gm, "");
}

function checkJson(text: string): Document {
  assert.ok(isValid(JSON.parse(text)), `The schema refuses it: ${JSON.stringify(isValid.errors)}`);
  assert.doesNotMatch(text, UNSEEN, "A character that steers a terminal in JSON");
  const document = parseExactJson(text) as Document;
  const nanoseconds = BigInt(document.time_ns);
  assert.ok(nanoseconds >= 0n && nanoseconds <= LARGEST, `time ${nanoseconds}`);
  const milliseconds = Number(nanoseconds / 1_000_000n);
  assert.equal(document.time.slice(0, 23), new Date(milliseconds).toISOString().slice(0, 23));
  for (const { cpu } of document.cpus ?? []) assert.ok(Number(cpu) < 2 ** 32, `CPU ${cpu}`);
  isUnique((document.cpus ?? []).map(({ cpu }) => String(cpu)), "CPU");
  isUnique((document.sync_daemons ?? []).map(({ state }) => String(state)), "sync daemon");
  isUnique(document.virtual_servers.map(nameOf), "virtual server");
  for (const virtual of document.virtual_servers) {
    isUnique(virtual.real_servers.map(nameOf), "real");
  }
  return document;
}

function nameOf(server: Fields): string {
  const { address_family, fwmark, protocol, address, port } = server;
  return [address_family, fwmark, protocol, address, port].join(" ");
}

function isUnique(names: readonly string[], what: string): void {
  const seen = new Set<string>();
  for (const name of names) {
    assert.ok(!seen.has(name), `${what} ${name} is there twice`);
    seen.add(name);
  }
}

/** Names for Prometheus by those of JSON. */
const STATS = {
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
} as const;
const VIRTUAL = { persistence_timeout: "persistence_timeout_seconds", ...STATS } as const;
const GAUGES = ["weight", "upper_threshold", "lower_threshold", "active_connections"]
  .concat(["inactive_connections", "persistent_connections"]);
const REAL = { ...Object.fromEntries(GAUGES.map((name) => [name, name])), ...STATS };
const VIRTUAL_INFO = ["sched", "sched_flags", "one_packet", "persistent", "netmask", "pe"]
  .concat(["state"]);
const REAL_INFO = ["address_family", "forwarding_method", "tunnel_type", "tunnel_port"]
  .concat(["tunnel_checksum", "state"]);

/** The samples of one scope, which are in the order of the servers in every family. */
interface Scope {
  readonly prefix: string;
  readonly families: ReadonlyMap<string, PrometheusFamily>;
  readonly metrics: Readonly<Record<string, string>>;
  readonly infos: readonly string[];
  /** How many servers have been compared. */
  count: number;
}

function checkPrometheus(all: readonly PrometheusFamily[], document: Document): void {
  const families = new Map(all.map((family) => [family.name, family]));
  compareStatus(families, document);
  const scopes = [
    { prefix: "ipvs_virtual_server", families, metrics: VIRTUAL, infos: VIRTUAL_INFO, count: 0 },
    { prefix: "ipvs_real_server", families, metrics: REAL, infos: REAL_INFO, count: 0 },
  ] as const;
  for (const virtual of document.virtual_servers) {
    const named = virtualLabels(virtual);
    checkServer(scopes[0], named, virtual);
    for (const real of virtual.real_servers) {
      const labels = { ...named, address: String(real.address), port: String(real.port) };
      checkServer(scopes[1], labels, real);
    }
  }
  for (const { name, samples } of all) {
    const scope = scopes.find(({ prefix }) => name.startsWith(prefix));
    if (scope) assert.equal(samples.length, scope.count, `samples of ${name}`);
  }
  const totals = document.totals ?? {};
  for (const [field, name] of Object.entries(STATS)) {
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

/** Compares the next server of a scope. */
function checkServer(
  scope: Scope,
  labels: Readonly<Record<string, string>>,
  fields: Fields,
): void {
  const { prefix, families, metrics, infos } = scope;
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
  for (const label of infos) {
    assert.equal(info.labels.get(label) ?? "", textOf(fields[label]) ?? "", `${name} ${label}`);
  }
}

function textOf(value: Value | undefined): string | undefined {
  if (value === undefined) return undefined;
  return Array.isArray(value) ? value.join(",") : String(value);
}

const TELEGRAF = ["connections", "pkts_in", "pkts_out", "bytes_in", "bytes_out"]
  .concat(["cps", "pps_in", "pps_out"]);
function checkInflux(lines: Line[], document: Document, extended: boolean): void {
  isUnique(lines.map(seriesOf), "series");
  for (const { time } of lines) assert.equal(time, String(document.time_ns));
  const rest = lines[Symbol.iterator]();
  const next = (measurement: string, fields: Fields, names: readonly string[]) => {
    const line = rest.next().value;
    assert.equal(line?.measurement, measurement);
    for (const name of names) {
      const value = BigInt(fields[name] as number | bigint);
      const expected = String(value > LARGEST ? LARGEST : value);
      assert.equal(line.fields.get(name), expected, `${line.series} ${name}`);
    }
    const state = extended ? textOf(fields["state"]) : undefined;
    assert.equal(line.fields.get("state"), state, `${line.series} state`);
    return line;
  };
  if (document.totals !== null) next("ipvs", document.totals, Object.keys(STATS));
  if (extended) {
    for (const cpu of document.cpus ?? []) next("ipvs_cpu", cpu, TELEGRAF.slice(0, 5));
  }
  for (const virtual of document.virtual_servers) {
    const names = extended ? Object.keys(VIRTUAL) : TELEGRAF;
    checkTags(next("ipvs_virtual_server", virtual, names), virtual);
    for (const real of virtual.real_servers) {
      const names = extended ? Object.keys(REAL) : [...GAUGES.slice(3, 5), ...TELEGRAF];
      checkTags(next("ipvs_real_server", real, names), real);
    }
  }
  assert.ok(rest.next().done, "more lines than servers");
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
  assert.doesNotMatch(text, UNSEEN, "A character that steers a terminal in the table");
}
