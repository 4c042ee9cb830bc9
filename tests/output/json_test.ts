import assert from "node:assert/strict";
import fc from "fast-check";
import { collect } from "../../lib/ipvs/collect.ts";
import type { Snapshot } from "../../lib/ipvs/snapshot.ts";
import { encodeJson } from "../../lib/output/json.ts";
import {
  fakeKernel,
  type FakeService,
  GET_DAEMON,
  PERSISTENT,
  procPerCpu,
  procStats,
  SCHED2,
} from "../_fake_kernel.ts";
import { HARD_CPUS, HARD_SERVICES, HARD_TOTALS, hardKernel } from "../_hard_cases.ts";
import { parseExactJson, textOf } from "../_output_parsers.ts";
import { addressBytes } from "../_netlink_messages.ts";
import { SETTINGS_FILES, statusText } from "../procfs/_status.ts";
import { cpuValues, serversOf, totalValues } from "./_expected.ts";

type Json = Record<string, unknown>;

function json(snapshot: Snapshot): string {
  return textOf((sink) => encodeJson(snapshot, sink));
}

/** The expected virtual servers of the document. */
function documentOf(services: readonly FakeService[]): Json[] {
  return serversOf(services).map((server) => ({
    address_family: server.addressFamily,
    ...server.identity,
    sched: server.sched,
    sched_flags: server.schedFlags,
    flags: server.flags,
    ...(server.pe === undefined ? {} : { pe: server.pe }),
    netmask: server.netmask,
    one_packet: server.onePacket,
    persistent: server.persistent,
    state: server.state,
    ...server.values,
    real_servers: server.realServers.map((real) => ({
      address_family: real.addressFamily,
      address: real.address,
      port: real.port,
      forwarding_method: real.forwardingMethod,
      ...(real.tunnel === undefined ? {} : {
        tunnel_type: real.tunnel.type,
        tunnel_port: real.tunnel.port,
        tunnel_checksum: real.tunnel.checksum,
      }),
      state: real.state,
      ...real.values,
      ...real.shares,
    })),
  }));
}

Deno.test("encodeJson() prints this document, with each server on a separate line", () => {
  const source = fakeKernel({
    time: 1_767_323_045_000_000_006n,
    daemons: [{ state: 1, interface: 'e"0', syncId: 7 }],
    proc: { ip_vs_stats: procStats({ connections: 255 }), ip_vs_stats_percpu: procPerCpu([{}]) },
    services: [
      {
        address: "10.0.0.1",
        port: 80,
        sched: "mh",
        flags: PERSISTENT | SCHED2,
        timeout: 300,
        netmask: 0xffffff,
        pe: "sip",
        stats: { connections: 2n ** 64n - 1n, cps: 4 },
        destinations: [{ address: "fd00::1", port: 8080, method: 2, weight: 3, active: 9 }],
      },
      { fwmark: 4294967295, family: 10 },
    ],
  });
  const zeros = `"pkts_in":0,"pkts_out":0,"bytes_in":0,"bytes_out":0`;
  const rates = `"pps_in":0,"pps_out":0,"bytes_in_per_second":0,"bytes_out_per_second":0`;
  assert.equal(
    json(collect(source)),
    `{"format":"ipvstat","version":1,
"time":"2026-01-02T03:04:05.000000006Z",
"time_ns":1767323045000000006,
"ipvs":{"version":"1.2.1","connection_table_size":4096},
"timeouts":{"tcp":900,"tcp_fin":120,"udp":300},
"settings":null,
"kernel_status":null,
"sync_daemons":[{"state":"master","interface":"e\\"0","sync_id":7}],
"totals":{"connections":255,${zeros},"cps":0,${rates}},
"cpus":[{"cpu":0,"connections":0,${zeros}}],
"stats_width":64,
"consistency":{"state":"verified","listings":2,"doubts":[]},
"virtual_servers":[
{"address_family":"inet","protocol":"tcp","address":"10.0.0.1","port":80,"sched":"mh",` +
      `"sched_flags":["mh-port"],"flags":17,"pe":"sip","netmask":24,"one_packet":false,` +
      `"persistent":true,"state":"ok","persistence_timeout":300,"connections":18446744073709551615,${zeros},` +
      `"cps":4,${rates},"real_servers":[
{"address_family":"inet6","address":"fd00::1","port":8080,"forwarding_method":"tunnel",` +
      `"tunnel_type":"ipip","tunnel_port":0,"tunnel_checksum":"nocsum","state":"active","weight":3,` +
      `"upper_threshold":0,"lower_threshold":0,"active_connections":9,"inactive_connections":0,` +
      `"persistent_connections":0,"connections":0,${zeros},"cps":0,${rates},"share":null,"weight_share":1}]},
{"address_family":"inet6","fwmark":4294967295,"sched":"rr","sched_flags":[],"flags":2,` +
      `"netmask":128,"one_packet":false,"persistent":false,"state":"empty",` +
      `"persistence_timeout":0,"connections":0,${zeros},"cps":0,${rates},"real_servers":[]}]}
`,
  );
});

Deno.test("encodeJson() prints the exact values of all hard cases", () => {
  const document = parseExactJson(json(collect(hardKernel()))) as Json;
  assert.deepEqual(document["virtual_servers"], documentOf(HARD_SERVICES));
  assert.deepEqual(document["totals"], totalValues(HARD_TOTALS));
  const cpus = HARD_CPUS.map((stats, cpu) => ({ cpu, ...cpuValues(stats) }));
  assert.deepEqual(document["cpus"], cpus);
});

Deno.test("encodeJson() prints exact counters, also beyond 2^53", () => {
  const values = [2n ** 32n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n];
  for (const value of values) {
    const stats = { connections: value, pktsOut: value - 1n, bytesOutPerSecond: value - 2n };
    const destinations = [{ address: "10.0.0.2", stats }];
    const text = json(collect(fakeKernel({ services: [{ fwmark: 1, stats, destinations }] })));
    for (const [name, digits] of [["connections", value], ["pkts_out", value - 1n]] as const) {
      assert.equal(text.split(`"${name}":${digits},`).length, 3, `${name} of both scopes`);
    }
    assert.equal(text.split(`"bytes_out_per_second":${value - 2n}`).length, 3);
  }
});

Deno.test("encodeJson() prints null for parts that were not recorded", () => {
  const source = fakeKernel({
    onRequest: ({ command }) => (command === GET_DAEMON ? "not recorded" : undefined),
  });
  const document = parseExactJson(json(collect(source))) as Json;
  assert.equal(document["sync_daemons"], null);
  assert.equal(document["totals"], null);
  assert.equal(document["cpus"], null);
  assert.deepEqual(document["virtual_servers"], []);
});

Deno.test("encodeJson() prints settings and kernel status with these names", () => {
  const proc = { ip_vs_status: statusText("demo"), ...SETTINGS_FILES };
  const lines = json(collect(fakeKernel({ proc }))).split("\n");
  assert.deepEqual(lines.filter((line) => /^"(settings|kernel_status)":/.test(line)), [
    `"settings":{"run_estimation":1,"est_cpulist":"0-3,8","est_nice":-7,"conn_max":1073741824,` +
    `"conn_lfactor":-4,"svc_lfactor":3,"conn_reuse_mode":1,"conntrack":0,"expire_nodest_conn":1,"expire_quiescent_template":2,"sloppy_tcp":3,"sync_threshold":4,"sync_period":51,"sync_refresh_period":6,"sync_ports":7,"sync_persist_mode":8},`,
    `"kernel_status":{"connections":982,"connection_table":{"buckets":4096,"load_factor":-4,` +
    `"buckets_by_length":[2569,1176,301,41,8,1,0,0]},"virtual_servers":11,"service_table":` +
    `{"buckets":128,"load_factor":-3,"buckets_by_length":[119,7,2,0,0,0,0,0]},"estimator":` +
    `{"thread_slots":1,"thread_slots_limit":4,"chain_length_limit":3958,` +
    `"thread_capacity":9499200}},`,
  ]);
});

Deno.test("encodeJson() prints null for values that the kernel has not measured yet", () => {
  const proc = { ip_vs_status: statusText("fresh"), "sys/net/ipv4/vs/run_estimation": "0\n" };
  const document = parseExactJson(json(collect(fakeKernel({ proc })))) as {
    settings: Record<string, unknown>;
    kernel_status: Record<string, Record<string, unknown>>;
  };
  const { run_estimation, ...others } = document.settings;
  assert.deepEqual([run_estimation, new Set(Object.values(others))], [0, new Set([null])]);
  const { connection_table, estimator } = document.kernel_status;
  assert.deepEqual(connection_table, { buckets: 0, load_factor: null, buckets_by_length: null });
  assert.equal(estimator!["thread_capacity"], null);
});

Deno.test("encodeJson() escapes any characters in names", () => {
  const sched = '"\\\n\u0001,}';
  const text = json(collect(fakeKernel({ services: [{ fwmark: 1, sched, pe: sched }] })));
  const document = parseExactJson(text) as { virtual_servers: { sched: string; pe: string }[] };
  assert.equal(document.virtual_servers[0]!.sched, sched);
  assert.equal(document.virtual_servers[0]!.pe, sched);
});

/** The endpoint of a server, which is the same for every notation of its address. */
function endpointOf({ address, port }: { address: string; port: number }): string {
  return `${addressBytes(address)} ${port}`;
}

Deno.test("encodeJson() prints the exact values of any table", () => {
  const stats = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((n) => ({ bytesIn: n, cps: n }));
  const destination = fc.record({
    address: fc.oneof(fc.ipV4(), fc.ipV6()),
    port: fc.nat({ max: 65535 }),
    method: fc.nat({ max: 7 }),
    weight: fc.nat(),
    stats,
  });
  const service = fc.record({
    address: fc.oneof(fc.ipV4(), fc.ipV6()),
    port: fc.nat({ max: 65535 }),
    protocol: fc.constantFrom(6, 17, 132, 1, 255),
    flags: fc.nat({ max: 63 }),
    stats,
    destinations: fc.uniqueArray(destination, { maxLength: 4, selector: endpointOf }),
  });
  const table = fc.uniqueArray(service, {
    maxLength: 5,
    selector: (each) => `${each.protocol} ${endpointOf(each)}`,
  });
  fc.assert(fc.property(table, (services) => {
    const document = parseExactJson(json(collect(fakeKernel({ services })))) as Json;
    assert.deepEqual(document["virtual_servers"], documentOf(services));
  }));
});
