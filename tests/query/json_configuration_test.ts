/** The configuration in JSON. */
import assert from "node:assert/strict";
import { collect } from "../../lib/ipvs/collect.ts";
import { encodeJson } from "../../lib/output/json.ts";
import { configurationOf } from "../../lib/query/configuration.ts";
import { parseJsonConfiguration } from "../../lib/query/json_configuration.ts";
import { BYPASS, fakeKernel, TUNNEL } from "../_fake_kernel.ts";
import { hardKernel } from "../_hard_cases.ts";

function jsonOf(kernel = hardKernel()): [text: string, configuration: unknown] {
  const snapshot = collect(kernel);
  const decoder = new TextDecoder();
  let text = "";
  encodeJson(snapshot, (chunk) => text += decoder.decode(chunk, { stream: true }));
  return [text, configurationOf(snapshot)];
}

Deno.test("parseJsonConfiguration() has the configuration and the exact counters of a snapshot", () => {
  const [text, { virtualServers }] = jsonOf() as [string, ReturnType<typeof configurationOf>];
  const parsed = parseJsonConfiguration(text);
  assert.deepEqual(parsed.virtualServers, virtualServers);
  const counters = virtualServers.flatMap((virtual) => Object.values(virtual.counters ?? {}));
  assert.ok(counters.some((value) => value > 2n ** 63n), "no counter needs 64 bits");
});

Deno.test("configurationOf() has what the kernel reports", () => {
  const { virtualServers: [virtual] } = configurationOf(collect(fakeKernel({
    services: [{
      address: "2001:db8::1",
      port: 53,
      protocol: 17,
      sched: "mh",
      flags: 1 | 8,
      timeout: 60,
      netmask: 64,
      pe: "sip",
      stats: { connections: 2n ** 60n + 1n },
      destinations: [
        {
          address: "10.1.0.1",
          port: 8,
          method: TUNNEL,
          weight: 3,
          tunnel: { type: 1, port: 9, flags: 1 },
        },
        { address: "10.1.0.2", port: 8, method: BYPASS, upperThreshold: 9, lowerThreshold: 5 },
      ],
    }],
  })));
  assert.equal(virtual!.key, "udp [2001:db8::1]:53");
  assert.deepEqual(virtual!.fields, {
    sched: "mh",
    sched_flags: ["mh-fallback"],
    persistent: true,
    persistence_timeout: 60,
    netmask: 64,
    one_packet: false,
    pe: "sip",
  });
  assert.equal(virtual!.counters?.connections, 2n ** 60n + 1n);
  const [tunnel, bypass] = virtual!.realServers;
  assert.equal(tunnel!.key, "10.1.0.1:8");
  assert.deepEqual(tunnel!.fields, {
    forwarding_method: "tunnel",
    tunnel_type: "gue",
    tunnel_port: 9,
    tunnel_checksum: "csum",
    weight: 3,
    upper_threshold: 0,
    lower_threshold: 0,
  });
  assert.equal(bypass!.fields.forwarding_method, "bypass");
  assert.equal(bypass!.fields.upper_threshold, 9);
});

Deno.test("parseJsonConfiguration() does not know what is null or absent", () => {
  const [text] = jsonOf(
    fakeKernel({ services: [{ fwmark: 1, destinations: [{ address: "10.1.0.1" }] }] }),
  );
  const document = JSON.parse(text);
  const [virtual] = document.virtual_servers;
  virtual.netmask = virtual.pe = virtual.connections = null;
  delete virtual.real_servers[0].upper_threshold;
  const [parsed] = parseJsonConfiguration(JSON.stringify(document)).virtualServers;
  assert.deepEqual(Object.keys(parsed!.fields).filter((name) => /netmask|pe$/.test(name)), []);
  assert.equal(parsed!.counters, undefined);
  assert.ok(!("upper_threshold" in parsed!.realServers[0]!.fields));
  assert.equal(parsed!.realServers[0]!.fields.tunnel_type, null);
});

/** A document with one virtual and one real server, changed. */
// deno-lint-ignore no-explicit-any
function changed(change: (document: any) => void): string {
  const [text] = jsonOf(fakeKernel({
    services: [{
      address: "10.0.0.1",
      port: 80,
      destinations: [{ address: "10.1.0.1", port: 80 }],
    }],
  }));
  const document = JSON.parse(text);
  change(document);
  return JSON.stringify(document);
}

const REFUSED: [text: string, message: RegExp][] = [
  ["{", /^it is not one complete JSON document; use the output of ipvstat show -o json$/],
  ['{"type":"snapshot"}\n{"type":"virtual_server"}', /^it is not one complete JSON document/],
  ["[]", /^it is JSON, but not the output of ipvstat show -o json$/],
  ['{"a":1}', /^it is JSON, but not the output of ipvstat/],
  ['{"format":"ipvstat","version":2}', /^its format has version 2; this ipvstat reads version 1$/],
  ['{"format":"ipvstat","version":1}', /^time_ns is missing$/],
  [changed((on) => delete on.virtual_servers), /^virtual_servers is missing$/],
  [changed((on) => on.virtual_servers = [1]), /^virtual_servers has another type or range$/],
  [
    changed((on) => on.virtual_servers[0].sched = 1),
    /^virtual_servers\[0\]\.sched has another type/,
  ],
  [changed((on) => on.virtual_servers[0].port = "80"), /^virtual_servers\[0\]\.port has another/],
  [
    changed((on) => on.virtual_servers[0].real_servers[0].weight = -1),
    /^virtual_servers\[0\]\.real_servers\[0\]\.weight has another type or range$/,
  ],
  [
    changed((on) => delete on.virtual_servers[0].real_servers[0].address),
    /^virtual_servers\[0\]\.real_servers\[0\]\.address is missing$/,
  ],
];

Deno.test("parseJsonConfiguration() says in one line what another document lacks", () => {
  for (const [text, message] of REFUSED) {
    assert.throws(
      () => parseJsonConfiguration(text),
      { name: "ConfigurationError", message },
      text,
    );
  }
});
