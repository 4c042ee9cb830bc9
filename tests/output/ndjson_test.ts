import assert from "node:assert/strict";
import { collect } from "../../lib/ipvs/collect.ts";
import type { Snapshot } from "../../lib/ipvs/snapshot.ts";
import { encodeJson } from "../../lib/output/json.ts";
import { encodeNdjson } from "../../lib/output/ndjson.ts";
import { fakeKernel, PERSISTENT, procStats } from "../_fake_kernel.ts";
import { HARD_SERVICES, hardKernel } from "../_hard_cases.ts";
import { parseExactJson, textOf } from "../_output_parsers.ts";

type Json = Record<string, unknown>;

function ndjson(snapshot: Snapshot): string {
  return textOf((sink) => encodeNdjson(snapshot, sink));
}

Deno.test("encodeNdjson() prints these lines", () => {
  const source = fakeKernel({
    time: 1_767_323_045_000_000_006n,
    proc: { ip_vs_stats: procStats({ connections: 255 }) },
    services: [
      {
        address: "10.0.0.1",
        port: 80,
        flags: PERSISTENT,
        timeout: 300,
        netmask: 0xffffff,
        stats: { connections: 2n ** 64n - 1n },
        destinations: [{ address: "fd00::1", port: 8080, method: 2, weight: 3, active: 9 }],
      },
      { fwmark: 4294967295, family: 10, destinations: [{ address: "10.0.0.9", port: 1 }] },
    ],
  });
  const time = `"time":"2026-01-02T03:04:05.000000006Z","time_ns":1767323045000000006`;
  const zeros = `"pkts_in":0,"pkts_out":0,"bytes_in":0,"bytes_out":0,"cps":0,"pps_in":0,` +
    `"pps_out":0,"bytes_in_per_second":0,"bytes_out_per_second":0`;
  const gauges = (weight: number, active: number) =>
    `"weight":${weight},"upper_threshold":0,"lower_threshold":0,"active_connections":${active},` +
    `"inactive_connections":0,"persistent_connections":0,"connections":0`;
  assert.deepEqual(ndjson(collect(source)).split("\n"), [
    `{"type":"ipvs",${time},"ipvs":{"version":"1.2.1","connection_table_size":4096},` +
    `"timeouts":{"tcp":900,"tcp_fin":120,"udp":300},"settings":null,"kernel_status":null,` +
    `"sync_daemons":[],"totals":{"connections":255,${zeros}},"cpus":null,"stats_width":64,` +
    `"consistency":{"state":"verified","listings":2,"doubts":[]}}`,
    `{"type":"virtual_server",${time},"address_family":"inet","protocol":"tcp",` +
    `"address":"10.0.0.1","port":80,"sched":"rr","sched_flags":[],"flags":1,"netmask":24,` +
    `"one_packet":false,"persistent":true,"state":"ok","persistence_timeout":300,` +
    `"connections":18446744073709551615,${zeros}}`,
    `{"type":"real_server",${time},"virtual_address_family":"inet","virtual_protocol":"tcp",` +
    `"virtual_address":"10.0.0.1","virtual_port":80,"address_family":"inet6",` +
    `"address":"fd00::1","port":8080,"forwarding_method":"tunnel","tunnel_type":"ipip",` +
    `"tunnel_port":0,"tunnel_checksum":"nocsum","state":"active",${gauges(3, 9)},${zeros},` +
    `"share":null,"weight_share":1}`,
    `{"type":"virtual_server",${time},"address_family":"inet6","fwmark":4294967295,"sched":"rr",` +
    `"sched_flags":[],"flags":2,"netmask":128,"one_packet":false,"persistent":false,` +
    `"state":"ok","persistence_timeout":0,"connections":0,${zeros}}`,
    `{"type":"real_server",${time},"virtual_address_family":"inet6",` +
    `"virtual_fwmark":4294967295,"address_family":"inet","address":"10.0.0.9","port":1,` +
    `"forwarding_method":"masq","state":"active",${gauges(1, 0)},${zeros},` +
    `"share":null,"weight_share":1}`,
    "",
  ]);
});

/** The members of an object whose names begin with a prefix, without the prefix. */
function withPrefix(object: Json, prefix: string): Json {
  const members = Object.entries(object).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(members.map(([name, value]) => [name.slice(prefix.length), value]));
}

Deno.test("encodeNdjson() prints the members of the JSON document for all hard cases", () => {
  const snapshot = collect(hardKernel());
  const { format: _, version: __, virtual_servers, ...head } = parseExactJson(
    textOf((sink) => encodeJson(snapshot, sink)),
  ) as Json & { virtual_servers: (Json & { real_servers: Json[] })[] };
  const { time, time_ns } = head;
  const expected = virtual_servers.flatMap(({ real_servers, ...virtual }) => {
    const names = ["address_family", "fwmark", "protocol", "address", "port"];
    const identity = Object.entries(virtual).filter(([name]) => names.includes(name));
    const owner = Object.fromEntries(identity.map(([name, value]) => [`virtual_${name}`, value]));
    return [
      { type: "virtual_server", time, time_ns, ...virtual },
      ...real_servers.map((real) => ({ type: "real_server", time, time_ns, ...owner, ...real })),
    ];
  });
  const lines = ndjson(snapshot).trimEnd().split("\n").map((line) => parseExactJson(line) as Json);
  assert.deepEqual(lines, [{ type: "ipvs", ...head }, ...expected]);
  const reals = HARD_SERVICES.flatMap(({ destinations = [] }) => destinations);
  assert.equal(lines.length, 1 + HARD_SERVICES.length + reals.length);
  const owners = lines.filter(({ type }) => type === "real_server")
    .map((line) => withPrefix(line, "virtual_"));
  assert.ok(owners.some(({ fwmark }) => fwmark === 4294967295));
});
