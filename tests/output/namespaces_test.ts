/** Several network namespaces in every format. */
import assert from "node:assert/strict";
import { Ajv2020, type AnySchema } from "npm:ajv@8.17.1/dist/2020.js";
import { collect } from "../../lib/ipvs/collect.ts";
import type { Snapshot } from "../../lib/ipvs/snapshot.ts";
import type { Sink } from "../../lib/output/byte_writer.ts";
import { encodeCsv } from "../../lib/output/csv.ts";
import { encodeInflux } from "../../lib/output/influx.ts";
import { encodeJson } from "../../lib/output/json.ts";
import { jsonSchema } from "../../lib/output/json_schema.ts";
import { encodeNdjson } from "../../lib/output/ndjson.ts";
import { ChangesEncoder } from "../../lib/output/ndjson_changes.ts";
import { encodeOpenMetrics, encodePrometheus } from "../../lib/output/prometheus.ts";
import { encodeTable } from "../../lib/output/table.ts";
import { fakeKernel } from "../_fake_kernel.ts";
import { textOf } from "../_output_parsers.ts";

/** A namespace with one virtual server, 10.0.0.N:80, and one real server of weight N. */
function namespace(netns: string, n: number): Snapshot {
  const destinations = [{ address: `10.1.0.${n}`, port: 80, weight: n }];
  return {
    netns,
    ...collect(fakeKernel({ services: [{ address: `10.0.0.${n}`, port: 80, destinations }] })),
  };
}

/** A label that every format has to escape. */
const ODD = 'a "b",c';
const NAMESPACES = [namespace("red", 1), namespace(ODD, 2)];

/** A snapshot without the label. */
function unlabelled({ netns: _, ...snapshot }: Snapshot): Snapshot {
  return snapshot;
}

const FORMATS: Record<string, (snapshot: Snapshot | readonly Snapshot[], sink: Sink) => void> = {
  json: encodeJson,
  ndjson: encodeNdjson,
  influx: encodeInflux,
  prometheus: encodePrometheus,
  openmetrics: encodeOpenMetrics,
  csv: encodeCsv,
  table: (snapshots, sink) => encodeTable(snapshots, sink, { color: false }),
};

for (const [format, encode] of Object.entries(FORMATS)) {
  Deno.test(`${format} of a snapshot without a label does not mention namespaces`, () => {
    const text = textOf((sink) => encode(unlabelled(NAMESPACES[0]!), sink));
    assert.doesNotMatch(text, /netns|namespace red/);
  });
}

Deno.test("encodeJson() makes one document of namespaces, which conforms to the schema", () => {
  const validate = new Ajv2020({ strict: true }).compile(jsonSchema() as AnySchema);
  for (const snapshots of [NAMESPACES, NAMESPACES.slice(0, 1), []]) {
    const document = JSON.parse(textOf((sink) => encodeJson(snapshots, sink)));
    assert.ok(validate(document), JSON.stringify(validate.errors));
    assert.deepEqual(Object.keys(document), ["format", "version", "namespaces"]);
    const found = document.namespaces as {
      netns: string;
      virtual_servers: { address: string }[];
    }[];
    assert.deepEqual(
      found.map(({ netns, virtual_servers: [first] }) => [netns, first?.address]),
      [["red", "10.0.0.1"], [ODD, "10.0.0.2"]].slice(0, snapshots.length),
    );
    assert.ok(!validate({ ...document, time_ns: 1 }));
    assert.ok(!validate({ ...document, namespaces: [unlabelled(NAMESPACES[0]!)] }));
  }
});

Deno.test("encodeNdjson() has the label on every line", () => {
  const lines = textOf((sink) => encodeNdjson(NAMESPACES, sink)).trimEnd().split("\n");
  const found = lines.map((line) => JSON.parse(line)).map(({ type, netns }) => [type, netns]);
  const types = ["ipvs", "virtual_server", "real_server"];
  assert.deepEqual(found, ["red", ODD].flatMap((netns) => types.map((type) => [type, netns])));
});

Deno.test("ChangesEncoder compares each namespace with itself", () => {
  const encoder = new ChangesEncoder(10);
  const typesOf = (snapshots: readonly Snapshot[]) =>
    textOf((sink) => encoder.encode(snapshots, sink)).trimEnd().split("\n")
      .map((line) => JSON.parse(line)).map(({ type, netns, reading }) => [netns, reading ?? type]);
  const [red, odd] = NAMESPACES as [Snapshot, Snapshot];
  const whole = ["whole", "virtual_server", "real_server"];
  assert.deepEqual(typesOf([red]), whole.map((type) => ["red", type]));
  assert.deepEqual(typesOf([red, odd]), [["red", "changes"], ...whole.map((type) => [ODD, type])]);
  assert.deepEqual(typesOf([odd]), [[ODD, "changes"]]);
  // It was not in the last reading.
  assert.deepEqual(typesOf([red]), whole.map((type) => ["red", type]));
});

Deno.test("encodeInflux() has the label as a tag on every line, in the order of tags", () => {
  const lines = textOf((sink) => encodeInflux(NAMESPACES, sink, { extended: true }));
  for (const line of lines.trimEnd().split("\n")) {
    const tags = line.split(/(?<!\\) /)[0]!.split(/(?<!\\),/).slice(1);
    const names = tags.map((tag) => tag.split("=")[0]!);
    const virtual = names.findIndex((name) => name.startsWith("virtual_"));
    const own = virtual < 0 ? names : names.slice(0, virtual);
    assert.deepEqual(own, own.toSorted(), line);
    assert.ok(tags.includes("netns=red") || tags.includes('netns=a\\ "b"\\,c'), line);
  }
});

Deno.test("encodePrometheus() has each family once, and the label on each sample of a namespace", () => {
  const lines = textOf((sink) => encodePrometheus(NAMESPACES, sink)).trimEnd().split("\n");
  const types = lines.filter((line) => line.startsWith("# TYPE "));
  assert.equal(new Set(types).size, types.length);
  const samples = lines.filter((line) => !line.startsWith("#"));
  assert.equal(new Set(samples.map((line) => line.replace(/ [^ ]*$/, ""))).size, samples.length);
  const label = /\{netns="(red|a \\"b\\",c)"/;
  const others = samples.filter((line) => !label.test(line));
  assert.deepEqual(others.map((line) => line.split("{")[0]), ["ipvs_build_info"]);
  const weights = samples.filter((line) => line.startsWith("ipvs_real_server_weight{"));
  assert.deepEqual(weights.map((line) => line.split(" ").at(-1)), ["1", "2"]);
});

Deno.test("encodeCsv() has one heading, and the label in the first column", () => {
  const [head, ...rows] = textOf((sink) => encodeCsv(NAMESPACES, sink)).trimEnd().split("\r\n");
  assert.match(head!, /^netns,time,type,/);
  assert.deepEqual(
    rows.map((row) => row.startsWith("red,") ? 1 : row.startsWith('"a ""b"",c",') ? 2 : 0),
    [1, 1, 2, 2],
  );
});

Deno.test("encodeTable() has a heading for each namespace, with an empty line between them", () => {
  const text = textOf((sink) => encodeTable(NAMESPACES, sink, { color: false, width: 80 }));
  const found = text.split("\n\nNetwork namespace ");
  assert.equal(found.length, 2);
  assert.match(found[0]!, /^Network namespace red\nIPVS /);
  assert.ok(found[1]!.startsWith(`${ODD}\nIPVS `));
});
