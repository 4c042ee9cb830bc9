/**
 * `--compat node_exporter` and the real node_exporter on the same table: every series is equal, or
 * in the list of differences.
 */
import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import { cannotFind } from "../_commands.ts";
import { parseSample, type PrometheusSample } from "../_output_parsers.ts";
import { type Files, textOf } from "./_files.ts";
import { phase } from "./_guest.ts";
import {
  type Deviation,
  FWMARK_LABELS,
  LABELS,
  SERVER_DIFFERENCES,
  valueOf,
} from "./_node_exporter_differences.ts";

const test = phase("node_exporter.sh", {
  ignore: cannotFind({ "prometheus-node-exporter": "prometheus-node-exporter" }),
});

const TOTALS = [
  ...["connections", "incoming_packets", "outgoing_packets", "incoming_bytes", "outgoing_bytes"],
].map((name) => `node_ipvs_${name}_total`);
const WEIGHT = "node_ipvs_backend_weight";
const GAUGES = [
  ...["node_ipvs_backend_connections_active", "node_ipvs_backend_connections_inactive", WEIGHT],
];
const LOCAL = LABELS.filter((name) => !name.startsWith("remote_"));

/** The samples of IPVS in a scrape or in ipvstat's output. */
function samplesIn(files: Files, name: string): PrometheusSample[] {
  const lines = textOf(files, name).split("\n").filter((line) => line.startsWith("node_ipvs_"));
  return lines.map((line) => parseSample(line, /^[-+.e\d]+$/));
}

/** Groups samples by their name and by some labels; an empty label is none. */
function groupBy(
  samples: readonly PrometheusSample[],
  labels: readonly string[],
): Map<string, PrometheusSample[]> {
  return Map.groupBy(
    samples,
    (sample) => JSON.stringify([sample.name, labels.map((name) => sample.labels.get(name) ?? "")]),
  );
}

/** What differs, by name and the labels of node_exporter. */
function deviations(
  ours: readonly PrometheusSample[],
  theirs: readonly PrometheusSample[],
): Deviation[] {
  const [first, second] = [groupBy(ours, LABELS), groupBy(theirs, LABELS)];
  const all = [...new Set([...first.keys(), ...second.keys()])].map((key) => {
    const [name, values] = JSON.parse(key) as [string, string[]];
    const labels = Object.fromEntries(LABELS.map((label, i) => [label, values[i]!]));
    return { name, labels, own: first.get(key) ?? [], theirs: second.get(key) ?? [] };
  });
  return all.filter(({ own, theirs }) => {
    const hasMore = own.some(({ labels }) => labels.keys().some((name) => !LABELS.includes(name)));
    return hasMore || own.length !== 1 || theirs.length !== 1 || valueOf(own) !== valueOf(theirs);
  });
}

test("node_exporter's samples are the same before and after the read of ipvstat", (files) => {
  for (const name of ["", "-sums"]) {
    const before = samplesIn(files, `before${name}.prom`);
    assert.ok(before.length > 50);
    assert.deepEqual(samplesIn(files, `after${name}.prom`), before);
  }
});

test("--compat node_exporter has the families of node_exporter with their types", (files) => {
  const types = (name: string) =>
    textOf(files, name).split("\n").filter((line) => line.startsWith("# TYPE node_ipvs_")).sort();
  const expected = [
    ...TOTALS.map((name) => `# TYPE ${name} counter`),
    ...GAUGES.map((name) => `# TYPE ${name} gauge`),
  ].sort();
  assert.deepEqual(types("before.prom"), expected);
  assert.deepEqual(types("own.prom"), expected);
});

test("--compat node_exporter differs from node_exporter only as documented", (files) => {
  const [ours, theirs] = [samplesIn(files, "own.prom"), samplesIn(files, "before.prom")];
  const all = deviations(ours, theirs);
  const explained = all.map((deviation) =>
    SERVER_DIFFERENCES.filter(({ explains }) => explains(deviation, all)).map((row) => row.subject)
  );
  for (const [i, subjects] of explained.entries()) {
    assert.equal(subjects.length, 1, `${subjects.join()}: ${Deno.inspect(all[i], { depth: 4 })}`);
  }
  const found = new Set(explained.flat());
  assert.deepEqual(SERVER_DIFFERENCES.filter(({ subject }) => !found.has(subject)), []);
  assert.ok(ours.length - all.length > 80, `only ${ours.length - all.length} series are equal`);
});

test("the totals of --compat node_exporter are those of node_exporter", (files) => {
  const totals = (name: string) =>
    samplesIn(files, name).filter((sample) => TOTALS.includes(sample.name))
      .map(({ name, value }) => [name, Number(value)]).sort();
  const ours = totals("own.prom");
  assert.deepEqual(ours, totals("before.prom"));
  assert.ok(ours.length === TOTALS.length && ours.every(([, value]) => Number(value) > 0));
});

/** The sum of each group of samples with the same name and labels. */
function sumsBy(
  samples: readonly PrometheusSample[],
  labels: readonly string[],
): Map<string, number> {
  const groups = groupBy(samples, labels).entries();
  return new Map(groups.map(([key, group]) => [key, valueOf(group)]));
}

test("node_exporter with backend-labels sums its real servers, also their weights", (files) => {
  const sums = samplesIn(files, "before-sums.prom");
  assert.deepEqual(sumsBy(sums, LOCAL), sumsBy(samplesIn(files, "before.prom"), LOCAL));
  const weights = sums.filter(({ name }) => name === WEIGHT);
  assert.ok(weights.some(({ value }) => Number(value) > 2147483647));
});

test("--aggregate virtual sums the real servers except for weights, and lists every service", (files) => {
  const labels = [...LOCAL, ...FWMARK_LABELS];
  const sums = sumsBy(samplesIn(files, "own-sums.prom"), labels);
  const expected = sumsBy(
    samplesIn(files, "own.prom").filter(({ name }) => name !== WEIGHT),
    labels,
  );
  assert.ok(expected.size > 40);
  for (const [key, value] of expected) assert.equal(sums.get(key), value, key);
  const others = [...sums].filter(([key]) => !expected.has(key));
  assert.ok(others.length > 20 && others.every(([, value]) => value === 0));
  assert.equal([...sums.keys()].filter((key) => key.includes(WEIGHT)).length, 0);
  const services = textOf(files, "services.txt").split("\n").filter((line) => /^-A/.test(line));
  assert.equal(sums.size, TOTALS.length + 2 * services.length);
});

test("node_exporter drops its own metrics or those of the file if it has both", (files) => {
  assert.match(textOf(files, "both.prom"), /^node_textfile_scrape_error 0$/m);
  for (const family of [...TOTALS, ...GAUGES]) {
    const [both, collector, file] = ["both.prom", "before.prom", "own.prom"].map((name) => {
      const samples = samplesIn(files, name).filter(({ name }) => name === family);
      return sumsBy(samples, [...LABELS, ...FWMARK_LABELS]);
    });
    // Which one is not always the same.
    assert.ok(isDeepStrictEqual(both, collector) || isDeepStrictEqual(both, file), family);
  }
  assert.match(textOf(files, "exporters.log"), /node_ipvs_backend_weight .* has help/);
});
