import assert from "node:assert/strict";
import { collect } from "../../lib/ipvs/collect.ts";
import type { Snapshot } from "../../lib/ipvs/snapshot.ts";
import { encodeOpenMetrics, encodePrometheus } from "../../lib/output/prometheus.ts";
import { fakeKernel } from "../_fake_kernel.ts";
import { HARD_SERVICES, hardKernel } from "../_hard_cases.ts";
import { parsePrometheus, textOf } from "../_output_parsers.ts";
import * as expected from "./_expected.ts";

const SUMS = ["active_connections", "inactive_connections", "persistent_connections"];
const STATES = [
  ...["active", "draining", "still-receiving", "drained"],
  ...["overloaded", "near-threshold", "idle"],
];
const SERVERS = expected.serversOf(HARD_SERVICES);

function labelsOf(server: expected.ExpectedVirtual): Record<string, string> {
  return {
    virtual_address_family: server.addressFamily,
    ...expected.identityOf(server, "virtual_"),
  };
}

for (const encode of [encodePrometheus, encodeOpenMetrics]) {
  const title = `${encode.name}() with aggregate`;
  const familiesOf = (snapshot: Snapshot, aggregate?: "virtual") => {
    const text = textOf((sink) => encode(snapshot, sink, { aggregate }));
    const families = parsePrometheus(text, encode === encodeOpenMetrics);
    return new Map(families.map(({ name, samples, ...rest }) => [name, {
      ...rest,
      samples: samples.map(({ labels, value }) => [Object.fromEntries(labels), value]),
    }]));
  };

  Deno.test(`${title} counts the real servers of every virtual server by state`, () => {
    const counts = SERVERS.flatMap((server) =>
      STATES.map((state) => {
        const { length } = server.realServers.filter((real) => real.state === state);
        return [{ ...labelsOf(server), state }, String(length)];
      })
    );
    const families = familiesOf(collect(hardKernel()), "virtual");
    assert.deepEqual(families.get("ipvs_virtual_server_real_servers")!.samples, counts);
  });

  Deno.test(`${title} sums the connections of every virtual server`, () => {
    const families = familiesOf(collect(hardKernel()), "virtual");
    for (const name of SUMS) {
      const sums = SERVERS.map((server) => {
        const values = server.realServers.map(({ values }) => Number(values[name]));
        return [labelsOf(server), String(values.reduce((a, b) => a + b, 0))];
      });
      assert.deepEqual(families.get(`ipvs_virtual_server_${name}`)!.samples, sums, name);
      assert.ok(sums.some(([, sum]) => sum !== "0"), name);
    }
  });

  Deno.test(`${title} has no real servers, and all else as without it`, () => {
    const snapshot = collect(hardKernel());
    const without = familiesOf(snapshot);
    for (const name of without.keys()) {
      if (name.startsWith("ipvs_real_server_")) without.delete(name);
    }
    // OpenMetrics names this one without _info.
    without.delete("ipvs_real_server");
    const families = familiesOf(snapshot, "virtual");
    const added = ["real_servers", ...SUMS].map((name) => `ipvs_virtual_server_${name}`);
    assert.ok(added.every((name) => families.get(name)!.type === "gauge"));
    for (const name of added) families.delete(name);
    assert.deepEqual(families, without);
  });

  Deno.test(`${title} counts each state that one reading decides`, () => {
    const destinations = [
      { address: "10.0.0.1", weight: 7, active: 3 },
      { address: "10.0.0.2", weight: 0, persistent: 1 },
      { address: "10.0.0.3", weight: 0, inactive: 2 },
      { address: "10.0.0.4", weight: 0 },
      { address: "10.0.0.5", weight: 9 },
      { address: "10.0.0.6", weight: 1 },
      { address: "10.0.0.7", upperThreshold: 2, active: 2 },
      { address: "10.0.0.8", upperThreshold: 4, inactive: 3 },
      { address: "10.0.0.9", upperThreshold: 4, active: 4 },
    ];
    const families = familiesOf(
      collect(fakeKernel({ services: [{ fwmark: 1, destinations }] })),
      "virtual",
    );
    const { samples } = families.get("ipvs_virtual_server_real_servers")!;
    assert.deepEqual(samples.map(([, value]) => value), ["3", "2", "0", "1", "2", "1", "0"]);
  });
}
