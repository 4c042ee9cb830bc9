import assert from "node:assert/strict";
import { Ajv2020, type AnySchema } from "npm:ajv@8.17.1/dist/2020.js";
import { collect } from "../../lib/ipvs/collect.ts";
import { schemaText } from "../../lib/commands/schema.ts";
import {
  COUNTERS,
  type Metric,
  REAL_METRICS,
  TOTAL_METRICS,
  VIRTUAL_METRICS,
} from "../../lib/metrics/catalogue.ts";
import { encodeJson } from "../../lib/output/json.ts";
import { jsonSchema, type Schema } from "../../lib/output/json_schema.ts";
import { fakeKernel, type FakeSource, GET_CONFIG, GET_DAEMON, GET_INFO } from "../_fake_kernel.ts";
import { hardKernel } from "../_hard_cases.ts";
import { textOf } from "../_output_parsers.ts";
import { SETTINGS_FILES, statusText } from "../procfs/_status.ts";

type Json = Record<string, unknown>;

const validate = new Ajv2020({ strict: true, allErrors: true }).compile(jsonSchema() as AnySchema);

/** The document; values beyond 2^53 are rounded, which does not matter to the schema. */
function documentOf(source: FakeSource): Json {
  return JSON.parse(textOf((sink) => encodeJson(collect(source), sink)));
}

function assertValid(document: unknown): void {
  assert.ok(validate(document), JSON.stringify(validate.errors, null, 2));
}

/** A document with one virtual and one real server, after a change. */
function changed(change: (document: Json, virtual: Json, real: Json) => void): Json {
  const destinations = [{ address: "10.0.0.2", method: 2 }];
  const document = documentOf(fakeKernel({
    services: [{ address: "10.0.0.1", port: 80, destinations }],
  }));
  assertValid(document);
  const virtual = (document["virtual_servers"] as Json[])[0]!;
  change(document, virtual, (virtual["real_servers"] as Json[])[0]!);
  return document;
}

Deno.test("jsonSchema() accepts the document of the hard cases", () => {
  assertValid(documentOf(hardKernel()));
  assertValid(documentOf(hardKernel({ statsWidth: 32 })));
});

Deno.test("jsonSchema() accepts the document of an empty table, and one without optional parts", () => {
  assertValid(documentOf(fakeKernel()));
  const notRecorded = new Set([GET_INFO, GET_CONFIG, GET_DAEMON]);
  assertValid(documentOf(fakeKernel({
    onRequest: (
      { type, command },
    ) => (type !== 16 && notRecorded.has(command) ? "not recorded" : undefined),
  })));
});

Deno.test("jsonSchema() accepts settings and kernel status, and rejects missing and unknown members", () => {
  for (const name of ["fresh", "first_service", "demo", "long_chains", "no_cpus"] as const) {
    const proc = { ip_vs_status: statusText(name), ...SETTINGS_FILES };
    assertValid(documentOf(fakeKernel({ proc })));
    for (const part of ["settings", "kernel_status"]) {
      const document = documentOf(fakeKernel({ proc }));
      const members = Object.keys(document[part] as Json);
      assert.ok(members.length >= 5);
      for (const member of members) {
        const less = { ...document[part] as Json };
        delete less[member];
        assert.ok(!validate({ ...document, [part]: less }), member);
      }
      const more = { ...document[part] as Json, more: 1 };
      assert.ok(!validate({ ...document, [part]: more }));
    }
  }
});

Deno.test("jsonSchema() rejects unknown members of every object", () => {
  for (const index of [0, 1, 2]) {
    assert.ok(!validate(changed((...objects) => objects[index]!["more"] = 1)));
  }
  for (const name of ["ipvs", "timeouts", "consistency"]) {
    assert.ok(!validate(changed((document) => (document[name] as Json)["more"] = 1)), name);
  }
});

Deno.test("jsonSchema() rejects a document without any one of its members", () => {
  const [names, virtual, real] = [[], [], []] as string[][];
  changed((...objects) =>
    objects.forEach((object, i) => [names!, virtual!, real!][i]!.push(...Object.keys(object)))
  );
  for (const [index, members] of [names!, virtual!, real!].entries()) {
    assert.ok(members.length > 10);
    for (const name of members) {
      assert.ok(!validate(changed((...objects) => delete objects[index]![name])), name);
    }
  }
});

Deno.test("jsonSchema() requires either an address or a fwmark", () => {
  assert.ok(!validate(changed((_, virtual) => virtual["fwmark"] = 1)));
  const setFwmark = (virtual: Json, ...names: string[]) => {
    virtual["fwmark"] = 1;
    for (const name of names) delete virtual[name];
  };
  assertValid(changed((_, virtual) => setFwmark(virtual, "protocol", "address", "port")));
  assert.ok(!validate(changed((_, virtual) => setFwmark(virtual, "protocol", "address"))));
  assert.ok(
    !validate(changed((_, virtual) => {
      setFwmark(virtual, "protocol", "address", "port");
      delete virtual["fwmark"];
    })),
  );
});

Deno.test("jsonSchema() requires tunnel members with forwarding method tunnel, and rejects them otherwise", () => {
  assert.ok(!validate(changed((_, __, real) => delete real["tunnel_port"])));
  assert.ok(!validate(changed((_, __, real) => real["forwarding_method"] = "masq")));
  assertValid(changed((_, __, real) => {
    real["forwarding_method"] = "masq";
    for (const name of ["tunnel_type", "tunnel_port", "tunnel_checksum"]) delete real[name];
  }));
});

Deno.test("jsonSchema() rejects values of a wrong range or type", () => {
  const wrong: [index: number, name: string, value: unknown][] = [
    [0, "version", 2],
    [0, "time", "2026-01-02T03:04:05Z"],
    [0, "stats_width", 16],
    [1, "port", 65536],
    [1, "port", "80"],
    [1, "protocol", "TCP"],
    [1, "netmask", 129],
    [1, "connections", -1],
    [1, "connections", 1.5],
    [1, "sched_flags", "mh-port"],
    [2, "address_family", "ipv4"],
    [2, "weight", 4294967296],
    [2, "active_connections", null],
  ];
  for (const [index, name, value] of wrong) {
    assert.ok(!validate(changed((...objects) => objects[index]![name] = value)), name);
  }
});

Deno.test("jsonSchema() describes every metric of the catalogue, with its unit", () => {
  const root = jsonSchema() as { properties: Json; $defs: Json };
  const scopes: readonly (readonly [readonly Metric<never>[], Json])[] = [
    [TOTAL_METRICS, (root.properties["totals"] as Schema)["properties"] as Json],
    [VIRTUAL_METRICS, (root.$defs["virtual_server"] as Schema)["properties"] as Json],
    [REAL_METRICS, (root.$defs["real_server"] as Schema)["properties"] as Json],
    [COUNTERS, ((root.properties["cpus"] as Schema)["items"] as Schema)["properties"] as Json],
  ];
  for (const [metrics, properties] of scopes) {
    for (const { name, help, unit } of metrics) {
      const { description } = properties[name] as { description: string };
      assert.ok(description.startsWith(help));
      assert.ok(unit === "" || description.endsWith(` in ${unit}.`));
    }
  }
});

Deno.test("schemaText() returns the schema, indented, with a final newline", () => {
  const text = schemaText();
  assert.deepEqual(JSON.parse(text), jsonSchema());
  assert.ok(text.startsWith('{\n  "$schema": "https://json-schema.org/draft/2020-12/schema",\n'));
  assert.ok(text.endsWith("\n}\n"));
});
