import assert from "node:assert/strict";
import { collect } from "../../lib/ipvs/collect.ts";
import type { Snapshot } from "../../lib/ipvs/snapshot.ts";
import { encodeNodeExporter } from "../../lib/output/node_exporter.ts";
import { fakeKernel } from "../_fake_kernel.ts";
import { HARD_SERVICES, HARD_TOTALS, hardKernel } from "../_hard_cases.ts";
import { parsePrometheus, textOf } from "../_output_parsers.ts";
import * as expected from "./_expected.ts";

type Samples = [labels: Record<string, string>, value: string][];

/** The metrics of real servers, with their names in JSON. */
const GAUGES = {
  node_ipvs_backend_connections_active: "active_connections",
  node_ipvs_backend_connections_inactive: "inactive_connections",
  node_ipvs_backend_weight: "weight",
} as const;
const TOTALS = {
  node_ipvs_connections: "connections",
  node_ipvs_incoming_packets: "pkts_in",
  node_ipvs_outgoing_packets: "pkts_out",
  node_ipvs_incoming_bytes: "bytes_in",
  node_ipvs_outgoing_bytes: "bytes_out",
} as const;

/** Labels and values by the names of the families. */
function samplesOf(
  snapshot: Snapshot,
  dialect: "prometheus" | "openmetrics",
  aggregate?: "virtual",
): Record<string, Samples> {
  const text = textOf((sink) => encodeNodeExporter(snapshot, sink, { dialect, aggregate }));
  const families = parsePrometheus(text, dialect === "openmetrics");
  return Object.fromEntries(families.map(({ name, samples }) => [
    name,
    samples.map(({ labels, value }) => [Object.fromEntries(labels), value]),
  ]));
}

function localLabels({ addressFamily, identity }: expected.ExpectedVirtual) {
  const { fwmark, protocol, address, port } = identity;
  if (fwmark === undefined) {
    const proto = String(protocol).toUpperCase();
    return { local_address: String(address), local_port: String(port), proto };
  }
  return {
    local_mark: Number(fwmark).toString(16).toUpperCase().padStart(8, "0"),
    local_port: "0",
    proto: "FWM",
    virtual_address_family: addressFamily,
    virtual_fwmark: String(fwmark),
  };
}

const SERVERS = expected.serversOf(HARD_SERVICES);

for (const dialect of ["prometheus", "openmetrics"] as const) {
  const title = `encodeNodeExporter() as ${dialect}`;
  const familyName = (name: string) => dialect === "openmetrics" ? name : `${name}_total`;

  Deno.test(`${title} prints the exact totals, then the real servers, and nothing else`, () => {
    const values = expected.totalValues(HARD_TOTALS);
    const totals = Object.entries(TOTALS).map(([name, key]) =>
      [familyName(name), [[{}, String(values[key])]]] as const
    );
    const real = Object.entries(GAUGES).map(([name, key]) =>
      [
        name,
        expected.pairsOf(SERVERS).map(({ virtual, real }) => [
          {
            ...localLabels(virtual),
            remote_address: real.address,
            remote_port: String(real.port),
          },
          String(real.values[key]),
        ]),
      ] as const
    );
    assert.deepEqual(
      samplesOf(collect(hardKernel()), dialect),
      Object.fromEntries([...totals, ...real]),
    );
  });

  Deno.test(`${title} prints no weights with aggregate, and sums for every virtual server`, () => {
    const families = samplesOf(collect(hardKernel()), dialect, "virtual");
    assert.deepEqual(Object.keys(families), [
      ...Object.keys(TOTALS).map(familyName),
      "node_ipvs_backend_connections_active",
      "node_ipvs_backend_connections_inactive",
    ]);
    for (const [name, key] of Object.entries(GAUGES).slice(0, 2)) {
      const sums = SERVERS.map((server) => {
        const values = server.realServers.map(({ values }) => Number(values[key]));
        return [localLabels(server), String(values.reduce((a, b) => a + b, 0))];
      });
      assert.deepEqual(families[name], sums);
    }
  });

  Deno.test(`${title} prints no totals if there are none`, () => {
    const names = Object.keys(samplesOf(collect(fakeKernel({ proc: {} })), dialect));
    assert.deepEqual(names, Object.keys(GAUGES));
  });
}

Deno.test("encodeNodeExporter() sums more connections than fit into 32 bits", () => {
  const destinations = [1, 2].map((n) => ({ address: `10.0.0.${n}`, active: 2 ** 32 - n }));
  const snapshot = collect(fakeKernel({ services: [{ fwmark: 1, destinations }] }));
  const families = samplesOf(snapshot, "prometheus", "virtual");
  const [[, value]] = families.node_ipvs_backend_connections_active as [Samples[number]];
  assert.equal(value, String(2 ** 33 - 3));
});

Deno.test("encodeNodeExporter() prints a fwmark in the hexadecimal form of node_exporter, and in decimal", () => {
  const services = [{ fwmark: 0xbeef, destinations: [{ address: "10.0.0.1", port: 80 }] }];
  const { node_ipvs_backend_weight } = samplesOf(
    collect(fakeKernel({ services })),
    "prometheus",
  );
  assert.deepEqual(node_ipvs_backend_weight, [[{
    local_mark: "0000BEEF",
    local_port: "0",
    proto: "FWM",
    remote_address: "10.0.0.1",
    remote_port: "80",
    virtual_address_family: "inet",
    virtual_fwmark: "48879",
  }, "1"]]);
});
