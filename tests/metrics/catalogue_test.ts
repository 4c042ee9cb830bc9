import assert from "node:assert/strict";
import {
  COUNTERS as CPU_METRICS,
  REAL_METRICS,
  TOTAL_METRICS,
  VIRTUAL_METRICS,
} from "../../lib/metrics/catalogue.ts";
import { REAL_LABELS, VIRTUAL_LABELS } from "../../lib/metrics/labels.ts";

const SCOPES = {
  total: TOTAL_METRICS,
  cpu: CPU_METRICS,
  virtual: VIRTUAL_METRICS,
  real: REAL_METRICS,
};
const CATALOGUE = [...new Set([...VIRTUAL_METRICS, ...REAL_METRICS])];

function namesOf(scope: keyof typeof SCOPES, telegraf = false): string[] {
  return SCOPES[scope].filter((metric) => metric.telegraf || !telegraf)
    .map((metric) => metric.name).toSorted();
}

const COUNTERS = ["connections", "pkts_in", "pkts_out", "bytes_in", "bytes_out"];
const RATES = ["cps", "pps_in", "pps_out", "bytes_in_per_second", "bytes_out_per_second"];
const TELEGRAF_FIELDS = [...COUNTERS, "cps", "pps_in", "pps_out"];
const CONNECTIONS = ["active_connections", "inactive_connections"];

Deno.test("the catalogue has the documented names of JSON and line protocol", () => {
  const stats = [...COUNTERS, ...RATES];
  assert.deepEqual(namesOf("total"), stats.toSorted());
  assert.deepEqual(namesOf("cpu"), COUNTERS.toSorted());
  assert.deepEqual(namesOf("virtual"), ["persistence_timeout", ...stats].toSorted());
  const settings = ["weight", "upper_threshold", "lower_threshold"];
  const connections = [...CONNECTIONS, "persistent_connections"];
  assert.deepEqual(namesOf("real"), [...settings, ...connections, ...stats].toSorted());
});

Deno.test("the catalogue marks exactly the fields of telegraf's inputs.ipvs", () => {
  assert.deepEqual(namesOf("virtual", true), TELEGRAF_FIELDS.toSorted());
  assert.deepEqual(namesOf("real", true), [...CONNECTIONS, ...TELEGRAF_FIELDS].toSorted());
});

Deno.test("the catalogue names totals as node_exporter does, with another prefix", () => {
  const counters = TOTAL_METRICS.filter((metric) => metric.kind === "counter");
  assert.deepEqual(counters.map((metric) => `ipvs_${metric.prometheus}_total`), [
    "ipvs_connections_total",
    "ipvs_incoming_packets_total",
    "ipvs_outgoing_packets_total",
    "ipvs_incoming_bytes_total",
    "ipvs_outgoing_bytes_total",
  ]);
});

Deno.test("the catalogue has unique names in every format", () => {
  for (const key of ["name", "prometheus"] as const) {
    const names = CATALOGUE.map((metric) => metric[key]);
    assert.deepEqual(names.filter((name, i) => names.indexOf(name) !== i), []);
    for (const name of names) assert.match(name, /^[a-z]+(_[a-z]+)*$/);
  }
});

Deno.test("the catalogue has no names that end in a suffix that Prometheus reserves for a type", () => {
  for (const { prometheus } of CATALOGUE) {
    assert.doesNotMatch(prometheus, /_(total|info|count|sum|bucket|created)$/);
  }
});

Deno.test("the catalogue describes every metric in a sentence without characters to escape", () => {
  for (const { name, help } of CATALOGUE) assert.match(help, /^[A-Z][^\\"\n]*\.$/, name);
});

Deno.test("the catalogue says bytes, never bps or bits", () => {
  for (const { name, prometheus, help } of CATALOGUE) {
    assert.doesNotMatch(`${name} ${prometheus} ${help}`, /bps|\bbits?\b/i, name);
    if (name.startsWith("bytes_")) assert.match(`${prometheus} ${help}`, /bytes.*\bbytes\b/i, name);
  }
});

Deno.test("the catalogue has a unit for every counter, and names end in the unit", () => {
  for (const { name, kind, unit, prometheus } of CATALOGUE) {
    if (kind === "counter") assert.notEqual(unit, "", name);
    if (unit !== "") assert.ok(`_${prometheus}`.endsWith(`_${unit}`), name);
  }
});

for (const [scope, labels] of Object.entries({ VIRTUAL_LABELS, REAL_LABELS })) {
  Deno.test(`${scope} has unique names, which differ from those of metrics`, () => {
    const names = [...labels, ...CATALOGUE].map(({ name }) => name);
    assert.deepEqual(names.filter((name, i) => names.indexOf(name) !== i), []);
    for (const name of names) assert.match(name, /^[a-z]+(_[a-z]+)*$/);
  });

  Deno.test(`${scope} describes every label in a sentence`, () => {
    for (const { name, help } of labels) assert.match(help, /^[a-zA-Z][^\\"\n]*\.$/, name);
  });
}
