/** What is added to the catalogue appears in every format without another edit. */
import assert from "node:assert/strict";
import { collect } from "../../lib/ipvs/collect.ts";
import type { RealServer } from "../../lib/ipvs/real_server.ts";
import { type Metric, REAL_METRICS } from "../../lib/metrics/catalogue.ts";
import { type Label, REAL_LABELS } from "../../lib/metrics/labels.ts";
import { encodeInflux } from "../../lib/output/influx.ts";
import { encodeJson } from "../../lib/output/json.ts";
import { jsonSchema } from "../../lib/output/json_schema.ts";
import { encodeOpenMetrics, encodePrometheus } from "../../lib/output/prometheus.ts";
import { encodeTable } from "../../lib/output/table.ts";
import { fakeKernel } from "../_fake_kernel.ts";
import { textOf } from "../_output_parsers.ts";

const METRIC: Metric<RealServer> = {
  name: "answers",
  prometheus: "answers",
  help: "Answers to everything.",
  unit: "",
  kind: "gauge",
  bits: 32,
  telegraf: false,
  read: ({ port }) => port + 42,
};
const LABEL: Label<RealServer> = {
  name: "rack",
  type: "text",
  optional: false,
  prometheus: "info",
  influx: "extended",
  help: "Rack of the server.",
  read: ({ port }) => `row ${port}`,
};

/** Runs with one more metric and one more label. */
function extended(run: () => void): void {
  const metrics = REAL_METRICS as Metric<RealServer>[];
  const labels = REAL_LABELS as Label<RealServer>[];
  metrics.push(METRIC);
  labels.push(LABEL);
  try {
    run();
  } finally {
    metrics.pop();
    labels.pop();
  }
}

Deno.test("a number and a text that are added to the catalogue are in every format", () => {
  const destinations = [{ address: "10.0.0.1", port: 80 }];
  const snapshot = collect(fakeKernel({ services: [{ fwmark: 1, destinations }] }));
  extended(() => {
    const json = textOf((sink) => encodeJson(snapshot, sink));
    assert.match(json, /"rack":"row 80".*"answers":122[,}]/);
    const influx = textOf((sink) => encodeInflux(snapshot, sink, { extended: true }));
    assert.match(influx, /^ipvs_real_server,.*,rack=row\\ 80,.*,answers=122i/m);
    for (const encode of [encodePrometheus, encodeOpenMetrics]) {
      const text = textOf((sink) => encode(snapshot, sink));
      assert.match(text, /^# HELP ipvs_real_server_answers Answers to everything\.$/m);
      assert.match(text, /^ipvs_real_server_answers\{.*address="10\.0\.0\.1",port="80"\} 122$/m);
      assert.match(text, /^ipvs_real_server_info\{.*,rack="row 80"\} 1$/m);
    }
    const table = textOf((sink) => encodeTable(snapshot, sink, { color: false }));
    assert.match(table, / answers$/m);
    assert.match(table, /^ {2}10\.0\.0\.1:80 +masq, rack row 80 .* 122$/m);
  });
});

Deno.test("a number and a text that are added to the catalogue are in the schema", () => {
  extended(() => {
    const { $defs } = jsonSchema() as {
      $defs: { real_server: { properties: Record<string, unknown>; required: string[] } };
    };
    const { properties, required } = $defs.real_server;
    assert.deepEqual(properties["rack"], { type: "string", description: "Rack of the server." });
    const description = "Answers to everything. Gauge.";
    assert.deepEqual(properties["answers"], { $ref: "#/$defs/u32", description });
    assert.ok(required.includes("rack") && required.includes("answers"));
  });
});
