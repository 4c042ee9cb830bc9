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
import { fakeKernel, type FakeSource, GET_CONFIG, GET_DAEMON, GET_INFO } from "../_fixtures.ts";
import { hardKernel } from "../_hard_cases.ts";
import { textOf } from "../_output_parsers.ts";
import { SETTINGS_FILES, statusText } from "../procfs/_status.ts";

type Json = Record<string, unknown>;

const validate = new Ajv2020({ strict: true, allErrors: true }).compile(jsonSchema() as AnySchema);

/** The document; what is beyond 2^53 is rounded, which is no matter to the schema. */
function documentOf(source: FakeSource): Json {
  return JSON.parse(textOf((sink) => encodeJson(collect(source), sink)));
}

function isValid(document: unknown): void {
  assert.ok(validate(document), JSON.stringify(validate.errors, null, 2));
}

/** A document of one virtual server with one real server, changed. */
function changed(change: (document: Json, virtual: Json, real: Json) => void): Json {
  const destinations = [{ address: "10.0.0.2", method: 2 }];
  const document = documentOf(fakeKernel({
    services: [{ address: "10.0.0.1", port: 80, destinations }],
  }));
  isValid(document);
  const virtual = (document["virtual_servers"] as Json[])[0]!;
  change(document, virtual, (virtual["real_servers"] as Json[])[0]!);
  return document;
}

Deno.test("jsonSchema() takes the document of every hard case", () => {
  isValid(documentOf(hardKernel()));
  isValid(documentOf(hardKernel({ statsWidth: 32 })));
});

Deno.test("jsonSchema() takes the document of an empty table, and of one that tells little", () => {
  isValid(documentOf(fakeKernel()));
  const untold = new Set([GET_INFO, GET_CONFIG, GET_DAEMON]);
  isValid(documentOf(fakeKernel({
    onRequest: (
      { type, command },
    ) => (type !== 16 && untold.has(command) ? "not recorded" : undefined),
  })));
});

Deno.test("jsonSchema() takes the settings and the kernel's status, and every part of them", () => {
  for (const name of ["fresh", "first_service", "demo", "long_chains", "no_cpus"] as const) {
    const proc = { ip_vs_status: statusText(name), ...SETTINGS_FILES };
    isValid(documentOf(fakeKernel({ proc })));
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

Deno.test("jsonSchema() refuses a member that it does not know, in every object", () => {
  for (const place of [0, 1, 2]) {
    assert.ok(!validate(changed((...objects) => objects[place]!["more"] = 1)));
  }
  for (const name of ["ipvs", "timeouts", "consistency"]) {
    assert.ok(!validate(changed((document) => (document[name] as Json)["more"] = 1)), name);
  }
});

Deno.test("jsonSchema() misses every member that is missing", () => {
  const [names, virtual, real] = [[], [], []] as string[][];
  changed((...objects) =>
    objects.forEach((object, i) => [names!, virtual!, real!][i]!.push(...Object.keys(object)))
  );
  for (const [place, members] of [names!, virtual!, real!].entries()) {
    assert.ok(members.length > 10);
    for (const name of members) {
      assert.ok(!validate(changed((...objects) => delete objects[place]![name])), name);
    }
  }
});

Deno.test("jsonSchema() wants an address or a mark, not both and not neither", () => {
  assert.ok(!validate(changed((_, virtual) => virtual["fwmark"] = 1)));
  const marked = (virtual: Json, ...names: string[]) => {
    virtual["fwmark"] = 1;
    for (const name of names) delete virtual[name];
  };
  isValid(changed((_, virtual) => marked(virtual, "protocol", "address", "port")));
  assert.ok(!validate(changed((_, virtual) => marked(virtual, "protocol", "address"))));
  assert.ok(
    !validate(changed((_, virtual) => {
      marked(virtual, "protocol", "address", "port");
      delete virtual["fwmark"];
    })),
  );
});

Deno.test("jsonSchema() wants a tunnel's members behind a tunnel and nowhere else", () => {
  assert.ok(!validate(changed((_, __, real) => delete real["tunnel_port"])));
  assert.ok(!validate(changed((_, __, real) => real["forwarding_method"] = "masq")));
  isValid(changed((_, __, real) => {
    real["forwarding_method"] = "masq";
    for (const name of ["tunnel_type", "tunnel_port", "tunnel_checksum"]) delete real[name];
  }));
});

Deno.test("jsonSchema() refuses values out of their range or type", () => {
  const wrong: [place: number, name: string, value: unknown][] = [
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
  for (const [place, name, value] of wrong) {
    assert.ok(!validate(changed((...objects) => objects[place]![name] = value)), name);
  }
});

Deno.test("jsonSchema() has every metric of the catalogue with its words and its unit", () => {
  const root = jsonSchema() as { properties: Json; $defs: Json };
  const places: readonly (readonly [readonly Metric<never>[], Json])[] = [
    [TOTAL_METRICS, (root.properties["totals"] as Schema)["properties"] as Json],
    [VIRTUAL_METRICS, (root.$defs["virtual_server"] as Schema)["properties"] as Json],
    [REAL_METRICS, (root.$defs["real_server"] as Schema)["properties"] as Json],
    [COUNTERS, ((root.properties["cpus"] as Schema)["items"] as Schema)["properties"] as Json],
  ];
  for (const [metrics, properties] of places) {
    for (const { name, help, unit } of metrics) {
      const { description } = properties[name] as { description: string };
      assert.ok(description.startsWith(help));
      assert.ok(unit === "" || description.endsWith(` in ${unit}.`));
    }
  }
});

Deno.test("schemaText() is the schema, indented and with a final line feed", () => {
  const text = schemaText();
  assert.deepEqual(JSON.parse(text), jsonSchema());
  assert.ok(text.startsWith('{\n  "$schema": "https://json-schema.org/draft/2020-12/schema",\n'));
  assert.ok(text.endsWith("\n}\n"));
});
