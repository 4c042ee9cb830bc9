/** Tests netdata's charts of virtual and real servers. */
import assert from "node:assert/strict";
import {
  fakeKernel,
  type FakeService,
  type FakeSource,
  GET_DEST,
  INET6,
  type Kernel,
  UDP,
} from "../_fake_kernel.ts";
import { HARD_SERVICES, hardKernel } from "../_hard_cases.ts";
import { type ExpectedReal, type ExpectedVirtual, pairsOf, serversOf } from "./_expected.ts";
import { NetdataStream } from "./_netdata_stream.ts";

/** A stream with charts of servers. */
function streamOf(source: FakeSource, updateEvery = 2): NetdataStream {
  return new NetdataStream(source, { updateEvery, servers: true });
}

function endpoint({ address, port }: { address?: string | number; port?: string | number }) {
  return `${String(address).replaceAll(":", "_")}-${port}`;
}

/** The part of the id that stands for a virtual server. */
function virtualId({ identity, addressFamily }: ExpectedVirtual): string {
  return identity.fwmark === undefined
    ? `${identity.protocol}-${endpoint(identity)}`
    : `fwmark-${identity.fwmark}-${addressFamily}`;
}

/** The values of the charts of a server, as unsigned integers. */
function chartValues(
  prefix: string,
  { values, state }: ExpectedVirtual | ExpectedReal,
  open: { active: number; inactive: number },
  states: readonly string[],
): Record<string, bigint> {
  const pairs = [
    ...[["connections connections", values.connections], ["packets received", values.pkts_in]],
    ...[["packets sent", values.pkts_out], ["net received", values.bytes_in]],
    ...[["net sent", values.bytes_out], ["open_connections active", open.active]],
    ["open_connections inactive", open.inactive],
    ...states.map((each) => [`state ${each}`, each === state ? 1 : 0]),
  ] as [string, number | bigint][];
  return Object.fromEntries(
    pairs.map(([name, value]) => [`ipvs.${prefix}_${name}`, BigInt(value)]),
  );
}

function openOf(reals: readonly ExpectedReal[]) {
  const sum = (name: string) =>
    reals.reduce((total, { values }) => total + Number(values[name]), 0);
  return { active: sum("active_connections"), inactive: sum("inactive_connections") };
}

const REAL_STATES = [
  ...["active", "draining", "still-receiving", "drained"],
  ...["overloaded", "near-threshold", "idle"],
];

function expectedCharts(services: readonly FakeService[]): Record<string, bigint> {
  const servers = serversOf(services);
  const all: Record<string, bigint> = {};
  for (const virtual of servers) {
    const states = ["ok", "degraded", "down", "empty"];
    const prefix = `virtual_server_${virtualId(virtual)}`;
    Object.assign(all, chartValues(prefix, virtual, openOf(virtual.realServers), states));
  }
  for (const { virtual, real } of pairsOf(servers)) {
    const states = REAL_STATES;
    const prefix = `real_server_${virtualId(virtual)}-${endpoint(real)}`;
    Object.assign(all, chartValues(prefix, real, openOf([real]), states));
  }
  return all;
}

Deno.test("netdataEncoder({ servers }) has the exact values of all virtual and real servers", () => {
  const readings = streamOf(hardKernel({ proc: {} })).read(2);
  const values = readings.flatMap(({ chart, values }) =>
    [...values].map(([id, value]) => [`${chart} ${id}`, BigInt.asUintN(64, value)] as const)
  );
  const expected = expectedCharts(HARD_SERVICES);
  assert.equal(values.length, Object.keys(expected).length);
  assert.deepEqual(Object.fromEntries(values), expected);
});

Deno.test("the charts of a server have contexts and families of their own", () => {
  const stream = streamOf(fakeKernel({
    services: [{
      address: "2001:db8::1",
      protocol: UDP,
      port: 53,
      destinations: [{ address: "10.0.0.1", port: 5353 }],
    }],
  }));
  stream.read(2);
  const { charts } = stream.output;
  assert.equal(charts.size, 10);
  const { dimensions: _, ...virtual } = charts.get("ipvs.virtual_server_udp-2001_db8__1-53_net")!;
  assert.deepEqual(virtual, {
    title: "IPVS Bandwidth of udp [2001:db8::1]:53",
    units: "kilobits/s",
    family: "udp [2001:db8::1]:53",
    context: "ipvs.virtual_server_net",
    type: "area",
    priority: 3112,
    updateEvery: 2,
    module: "ipvstat",
    isObsolete: false,
  });
  const real = charts.get("ipvs.real_server_udp-2001_db8__1-53-10.0.0.1-5353_state")!;
  assert.deepEqual([real.title, real.units, real.family, real.context], [
    "IPVS State of 10.0.0.1:5353 for udp [2001:db8::1]:53",
    "state",
    "udp [2001:db8::1]:53 to 10.0.0.1:5353",
    "ipvs.real_server_state",
  ]);
  assert.deepEqual([...real.dimensions.keys()], REAL_STATES);
});

for (const [interval, updateEvery] of [[1, 2], [2, 2], [3, 6], [4, 4], [5, 10]] as const) {
  Deno.test(`with ${interval} s between snapshots, servers are shown every ${updateEvery} s`, () => {
    const stream = streamOf(fakeKernel({ services: [{ fwmark: 1 }] }), interval);
    stream.read(interval);
    for (const { updateEvery: every } of stream.output.charts.values()) {
      assert.equal(every, updateEvery);
    }
    const seconds = Array.from({ length: 12 }, () => stream.read(interval))
      .map((readings) => (readings[0]?.microseconds ?? 0) / 1e6);
    const skipped = new Array<number>(updateEvery / interval - 1).fill(0);
    const pattern = [...skipped, updateEvery];
    assert.deepEqual(seconds, Array.from({ length: 12 }, (_, i) => pattern[i % pattern.length]));
  });
}

Deno.test("a server that goes has obsolete charts until it returns, and then a gap", () => {
  const stream = streamOf(fakeKernel());
  const standing = { address: "10.0.0.1", port: 80, destinations: [{ address: "10.1.0.1" }] };
  const coming = (connections: number) => ({ fwmark: 7, family: INET6, stats: { connections } });
  const show = (...services: FakeService[]) => {
    stream.source.kernel.services = services;
    return stream.read(2).find(({ chart }) => chart.includes("fwmark-7-inet6_connections"));
  };
  assert.equal(show(standing, coming(4_200_000_000))?.values.get("connections"), 4_200_000_000n);
  const all = stream.charts(false);
  assert.equal(show(standing), undefined);
  const gone = stream.charts(true);
  assert.deepEqual(gone, all.filter((id) => id.includes("virtual_server_fwmark-7-inet6_")));
  assert.equal(gone.length, 5);
  assert.equal(show(standing), undefined);
  assert.deepEqual(stream.charts(true), gone);

  const back = show(standing, coming(50));
  assert.deepEqual(stream.charts(true), []);
  assert.equal(back?.microseconds, undefined);
  assert.equal(back?.values.size, 0);
  const next = show(standing, coming(53));
  assert.equal(next?.microseconds, 2e6);
  assert.equal(next?.values.get("connections"), 4_200_000_003n);
});

Deno.test("netdata forgets a server after an hour, and so does the encoder", () => {
  const services = [{ fwmark: 7, stats: { connections: 100 } }];
  const stream = streamOf(fakeKernel({ services }));
  stream.read(2);
  stream.source.kernel.services = [];
  stream.read(2);
  stream.read(3600);
  stream.source.kernel.services = [{ fwmark: 7, stats: { connections: 3 } }];
  const [connections] = stream.read(2);
  assert.equal(connections?.values.get("connections"), 3n);
});

Deno.test("a server that is missing from an inconsistent snapshot keeps its charts", () => {
  const other = { address: "10.0.0.9", port: 80 };
  const stable: Kernel["services"] = [{ fwmark: 1, destinations: [] }, other];
  const stream = streamOf(fakeKernel({ services: stable, perDatagram: 1 }));
  stream.read(2);
  let reads = 0;
  stream.source.kernel.onRequest = ({ command }, kernel) => {
    if (command !== GET_DEST) return;
    const destinations = [{ address: "10.0.0.1" }, { address: `10.0.1.${reads++}` }];
    kernel.services = [{ fwmark: 1, destinations }];
  };
  stream.read(2);
  assert.deepEqual(stream.charts(true), []);
  stream.source.kernel.onRequest = () => undefined;
  stream.source.kernel.services = stable.slice(0, 1);
  stream.read(2);
  assert.ok(stream.charts(true).some((id) => id.includes("virtual_server_tcp-10.0.0.9-80_")));
});
