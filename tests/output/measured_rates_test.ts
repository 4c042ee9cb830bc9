/** Rates that were measured between two snapshots, in every format. */
import assert from "node:assert/strict";
import { Ajv2020, type AnySchema } from "npm:ajv@8.17.1/dist/2020.js";
import { collect } from "../../lib/ipvs/collect.ts";
import { withRates } from "../../lib/ipvs/rates.ts";
import type { Snapshot } from "../../lib/ipvs/snapshot.ts";
import { encodeInflux } from "../../lib/output/influx.ts";
import { encodeJson } from "../../lib/output/json.ts";
import { jsonSchema } from "../../lib/output/json_schema.ts";
import { encodeNdjson } from "../../lib/output/ndjson.ts";
import { ChangesEncoder } from "../../lib/output/ndjson_changes.ts";
import { encodeOpenMetrics, encodePrometheus } from "../../lib/output/prometheus.ts";
import { fakeKernel, type FakeStats } from "../_fake_kernel.ts";
import { parseLineProtocol, parsePrometheus, textOf } from "../_output_parsers.ts";
import { only, table } from "./_table.ts";

const START: FakeStats = { connections: 1, pktsIn: 1, pktsOut: 1, bytesIn: 1, bytesOut: 1 };
const END: FakeStats = { connections: 4, pktsIn: 11, pktsOut: 1, bytesIn: 8001, bytesOut: 401 };
/** In four seconds. */
const RATES = {
  cps: 0.75,
  pps_in: 2.5,
  pps_out: 0,
  bytes_in_per_second: 2000,
  bytes_out_per_second: 100,
};
const NAMES = {
  cps: "connections_per_second",
  pps_in: "incoming_packets_per_second",
  pps_out: "outgoing_packets_per_second",
  bytes_in_per_second: "incoming_bytes_per_second",
  bytes_out_per_second: "outgoing_bytes_per_second",
};

/** A virtual server with an old and a new real server; `stopped` stops the estimator. */
function measured(stopped = false): Snapshot {
  const read = (time: bigint, stats: FakeStats, addresses: readonly string[]) => {
    const destinations = addresses.map((address) => ({ address, port: 80, stats }));
    const { connections, pktsIn, pktsOut, bytesIn, bytesOut } = stats;
    const cpu = [0, connections, pktsIn, pktsOut, bytesIn, bytesOut].map((n) => n!.toString(16));
    return collect(fakeKernel({
      time,
      services: [{ fwmark: 1, stats, destinations }],
      proc: {
        "sys/net/ipv4/vs/run_estimation": stopped ? "0\n" : "1\n",
        ip_vs_stats: "t\nh\n1 1 1 1 1\n\nh\n1 1 1 1 1\n",
        ip_vs_stats_percpu: `t\nh\n${cpu.join(" ")}\n~ 0 0 0 0 0\n`,
      },
    }));
  };
  const before = read(1_000_000_000n, START, ["10.0.0.1"]);
  return withRates(read(5_000_000_000n, END, ["10.0.0.1", "10.0.0.2"]), before);
}

const expected = (value: (rate: number) => number | null) =>
  Object.fromEntries(
    Object.entries(RATES).map(([name, rate]) => [`measured_${name}`, value(rate)]),
  );
const KNOWN = expected((rate) => rate), UNKNOWN = expected(() => null);

/** The members of an object with measured rates. */
function ratesIn(object: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(object).filter(([name]) => name.startsWith("measured_")),
  );
}

Deno.test("encodeJson() has measured rates, and null for those of a new server", () => {
  const document = JSON.parse(textOf((sink) => encodeJson(measured(), sink)));
  const [virtual] = document.virtual_servers;
  const [old, fresh] = virtual.real_servers;
  const { interval_ns, source, totals, frozen } = document.measured;
  assert.deepEqual([interval_ns, source, frozen], [4_000_000_000, "cpus", false]);
  for (const object of [totals, virtual, old]) assert.deepEqual(ratesIn(object), KNOWN);
  assert.deepEqual(ratesIn(fresh), UNKNOWN);
});

/** The lines of ndjson for servers, parsed. */
function serverLines(text: string): Record<string, unknown>[] {
  return text.trimEnd().split("\n").map((line) => JSON.parse(line)).slice(1);
}

Deno.test("encodeNdjson() has measured rates, and null for those of a new server", () => {
  const [virtual, old, fresh] = serverLines(textOf((sink) => encodeNdjson(measured(), sink)));
  assert.deepEqual([virtual, old, fresh].map((line) => ratesIn(line!)), [KNOWN, KNOWN, UNKNOWN]);
});

Deno.test("ChangesEncoder writes a server whose measured rates changed", () => {
  const { measured: _, virtualServers, ...rest } = measured();
  const plain = {
    ...rest,
    virtualServers: virtualServers.extend((v) => v.withRates(undefined, v.realServers)),
  };
  const encoder = new ChangesEncoder(10);
  const encode = (snapshot: Snapshot) => textOf((sink) => encoder.encode(snapshot, sink));
  encode(plain);
  // The real servers have the same rates as before, but a share only without the new one's.
  assert.deepEqual(serverLines(encode(measured())).map(({ type, share }) => [type, share]), [
    ["virtual_server", undefined],
    ["real_server", null],
    ["real_server", null],
  ]);
  assert.deepEqual(serverLines(encode(measured())), []);
});

Deno.test("jsonSchema() describes measured rates", () => {
  const validate = new Ajv2020({ strict: true }).compile(jsonSchema() as AnySchema);
  for (const stopped of [false, true]) {
    const document = JSON.parse(textOf((sink) => encodeJson(measured(stopped), sink)));
    assert.ok(validate(document), JSON.stringify(validate.errors));
    document.measured.totals.measured_cps = "1";
    assert.ok(!validate(document));
  }
});

Deno.test("encodeInflux() adds measured rates as fields, and none for a new server", () => {
  const lines = parseLineProtocol(textOf((sink) => encodeInflux(measured(), sink)));
  const rates = lines.map(({ measurement, tags, fields }) => {
    const numbers = [...fields].map(([name, text]) => [name, Number(text)]);
    return [
      `${measurement} ${tags.get("address") ?? ""}`,
      ratesIn(Object.fromEntries(numbers)),
    ] as const;
  });
  assert.deepEqual(Object.fromEntries(rates), {
    "ipvs ": KNOWN,
    "ipvs_virtual_server ": KNOWN,
    "ipvs_real_server 10.0.0.1": KNOWN,
    "ipvs_real_server 10.0.0.2": {},
  });
});

for (const [name, encode] of Object.entries({ encodePrometheus, encodeOpenMetrics })) {
  Deno.test(`${name}() has measured rates as gauges, and no samples for a new server`, () => {
    const text = textOf((sink) => encode(measured(), sink));
    const families = parsePrometheus(text, name === "encodeOpenMetrics");
    const samples = (name: string) => families.find((family) => family.name === name)!.samples;
    for (const [short, long] of Object.entries(NAMES)) {
      const rate = RATES[short as keyof typeof RATES];
      for (const scope of ["ipvs", "ipvs_virtual_server", "ipvs_real_server"]) {
        const found = samples(`${scope}_measured_${long}`);
        assert.deepEqual(found.map(({ value }) => Number(value)), [rate], `${scope} ${long}`);
      }
    }
    const [interval] = samples("ipvs_measured_interval_seconds");
    assert.equal(Number(interval!.value), 4);
  });
}

Deno.test("encodeTable() shows measured rates, their interval, and - for those of a new server", () => {
  const lines = table(measured()).split("\n");
  assert.match(
    only(lines, " over "),
    /^0\.8 conn\/s +in 2\.5 pkt\/s 2\.0 kB\/s +out 0 pkt\/s 100 B\/s +over 4\.0 s/,
  );
  assert.match(only(lines, "10.0.0.1:80"), / 0\.8 +2\.5 +0 +2\.0k +100 /);
  assert.match(only(lines, "10.0.0.2:80"), / - +- +- +- +- /);
});

Deno.test("all formats say that servers have no rates if the estimator is stopped", () => {
  const snapshot = measured(true);
  const lines = table(snapshot).split("\n");
  only(lines, "The estimator is stopped");
  assert.match(only(lines, "10.0.0.1:80"), / - +- +- +- +- /);
  const document = JSON.parse(textOf((sink) => encodeJson(snapshot, sink)));
  assert.equal(document.measured.frozen, true);
  assert.deepEqual(ratesIn(document.measured.totals), KNOWN);
  assert.deepEqual(ratesIn(document.virtual_servers[0].real_servers[0]), UNKNOWN);
});

Deno.test("no format mentions measured rates if there was one snapshot", () => {
  const once = collect(fakeKernel({ services: [{ fwmark: 1 }] }));
  for (const encode of [encodeJson, encodeInflux, encodePrometheus, encodeOpenMetrics]) {
    assert.doesNotMatch(textOf((sink) => encode(once, sink)), /measured/);
  }
});
