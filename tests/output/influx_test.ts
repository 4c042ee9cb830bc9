import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { collect } from "../../lib/ipvs/collect.ts";
import type { Snapshot } from "../../lib/ipvs/snapshot.ts";
import { encodeInflux } from "../../lib/output/influx.ts";
import { fakeKernel, procPerCpu, procStats, TUNNEL } from "../_fake_kernel.ts";
import { HARD_CPUS, HARD_SERVICES, HARD_TOTALS, hardKernel } from "../_hard_cases.ts";
import { type Line, parseLineProtocol, textOf } from "../_output_parsers.ts";
import { cpuLines, LARGEST, realLines, totalLine, virtualLines } from "./_expected_influx.ts";

function influx(snapshot: Snapshot, extended = false): string {
  return textOf((sink) => encodeInflux(snapshot, sink, { extended }));
}

function linesOf(lines: readonly Line[], measurement: string): Line[] {
  return lines.filter((line) => line.measurement === measurement);
}

function assertUniqueSeries(lines: readonly Line[]): void {
  const series = lines.map((line) => line.series);
  assert.deepEqual(series.filter((each, i) => series.indexOf(each) !== i), []);
}

Deno.test("encodeInflux() prints these lines, with the tags and fields of telegraf", () => {
  const source = fakeKernel({
    time: 1_541_019_340_000_000_000n,
    proc: { ip_vs_stats: procStats({ pktsIn: 17 }) },
    services: [
      {
        address: "172.18.64.234",
        port: 9000,
        stats: { connections: 5, bytesOut: 7, bytesOutPerSecond: 3 },
        destinations: [{ address: "172.18.64.220", port: 9000, active: 2, stats: { cps: 1 } }],
      },
      { fwmark: 47, destinations: [{ address: "172.18.64.220", port: 9000 }] },
    ],
  });
  const end = "1541019340000000000\n";
  const zeros = "connections=0i,pkts_in=0i,pkts_out=0i,bytes_in=0i,bytes_out=0i";
  const rates = "cps=0i,pps_in=0i,pps_out=0i";
  assert.equal(
    influx(collect(source)),
    `ipvs connections=0i,pkts_in=17i,pkts_out=0i,bytes_in=0i,bytes_out=0i,${rates},` +
      `bytes_in_per_second=0i,bytes_out_per_second=0i ${end}` +
      "ipvs_virtual_server,address=172.18.64.234,address_family=inet,netmask=32,port=9000," +
      "protocol=tcp,sched=rr " +
      `connections=5i,pkts_in=0i,pkts_out=0i,bytes_in=0i,bytes_out=7i,${rates} ${end}` +
      "ipvs_real_server,address=172.18.64.220,address_family=inet,port=9000," +
      "virtual_address=172.18.64.234,virtual_port=9000,virtual_protocol=tcp " +
      `active_connections=2i,inactive_connections=0i,${zeros},cps=1i,pps_in=0i,pps_out=0i ${end}` +
      "ipvs_virtual_server,address_family=inet,fwmark=47,netmask=32,sched=rr " +
      `${zeros},${rates} ${end}` +
      "ipvs_real_server,address=172.18.64.220,address_family=inet,port=9000,virtual_fwmark=47 " +
      `active_connections=0i,inactive_connections=0i,${zeros},${rates} ${end}`,
  );
});

for (const extended of [false, true]) {
  const title = extended ? "encodeInflux({ extended })" : "encodeInflux()";

  Deno.test(`${title} prints the exact fields and tags of all servers`, () => {
    const source = hardKernel();
    const lines = parseLineProtocol(influx(collect(source), extended));
    const found = (measurement: string) =>
      linesOf(lines, measurement).map(({ tags, fields, time }) => {
        assert.equal(time, String(source.kernel.time));
        return { measurement, tags: Object.fromEntries(tags), fields: Object.fromEntries(fields) };
      });
    assert.deepEqual(found("ipvs_virtual_server"), virtualLines(HARD_SERVICES, extended));
    assert.deepEqual(found("ipvs_real_server"), realLines(HARD_SERVICES, extended));
    assert.deepEqual(found("ipvs"), [totalLine(HARD_TOTALS)]);
    assert.deepEqual(found("ipvs_cpu"), extended ? cpuLines(HARD_CPUS) : []);
  });

  Deno.test(`${title} prints each series once, with tags in bytewise order`, () => {
    const lines = parseLineProtocol(influx(collect(hardKernel()), extended));
    assertUniqueSeries(lines);
    for (const { tags, series } of lines) {
      const names = [...tags.keys()];
      const sorted = names.toSorted((a, b) => Buffer.from(a).compare(Buffer.from(b)));
      assert.deepEqual(names, sorted, series);
    }
  });
}

Deno.test("encodeInflux() distinguishes the same fwmark in IPv4 and IPv6, with the same real servers", () => {
  const destinations = [
    { address: "172.16.0.1", port: 80, method: TUNNEL },
    { address: "fd00::1", port: 80, method: TUNNEL },
  ];
  const services = [2, 10].map((family) => ({ fwmark: 7, family, destinations }));
  const lines = parseLineProtocol(influx(collect(fakeKernel({ services }))));
  assert.equal(linesOf(lines, "ipvs_real_server").length, 4);
  assertUniqueSeries(lines);
});

Deno.test("encodeInflux() prints each series once for any table of fwmarks", () => {
  const destination = fc.record({
    address: fc.constantFrom("10.0.0.1", "10.0.0.2", "fd00::1", "::ffff:10.0.0.1"),
    port: fc.constantFrom(0, 80),
  });
  const service = fc.record({
    fwmark: fc.constantFrom(1, 2, 4294967295),
    family: fc.constantFrom(2, 10),
    destinations: fc.uniqueArray(destination, { selector: ({ address, port }) => address + port }),
  });
  const tables = fc.uniqueArray(service, { selector: (each) => each.fwmark * 16 + each.family });
  fc.assert(fc.property(tables, (services) => {
    assertUniqueSeries(parseLineProtocol(influx(collect(fakeKernel({ services })))));
  }));
});

Deno.test("encodeInflux() limits values to the maximum of a signed 64-bit integer", () => {
  for (const value of [2n ** 63n - 2n, LARGEST, 2n ** 63n, 2n ** 64n - 1n]) {
    const stats = { connections: value };
    const text = influx(
      collect(fakeKernel({
        services: [{ fwmark: 1, stats, destinations: [{ address: "10.0.0.1", stats }] }],
        proc: { ip_vs_stats: procStats(stats), ip_vs_stats_percpu: procPerCpu([stats]) },
      })),
      true,
    );
    const clamped = String(value > LARGEST ? LARGEST : value);
    const found = parseLineProtocol(text).map((line) => line.fields.get("connections"));
    assert.deepEqual(found, [clamped, clamped, clamped, clamped]);
  }
});

Deno.test("encodeInflux() escapes commas, equals signs and spaces in names", () => {
  const sched = "a,b=c d";
  const text = influx(collect(fakeKernel({ services: [{ fwmark: 1, sched, pe: "=" }] })), true);
  assert.match(text, /,pe=\\=,persistent=false,sched=a\\,b\\=c\\ d /);
  assert.equal(parseLineProtocol(text)[0]!.tags.get("sched"), sched);
});

Deno.test("encodeInflux() prints one line per server, whatever characters a name contains", () => {
  for (const sched of ["a\nb", "a\rb", "a\tb\v\f", "a\\", "\\", "é\u0001\\\n"]) {
    const services = [{ fwmark: 1, sched, destinations: [{ address: "10.0.0.1" }] }];
    const lines = parseLineProtocol(influx(collect(fakeKernel({ services })), true));
    assert.deepEqual(lines.map((line) => line.measurement), [
      "ipvs_virtual_server",
      "ipvs_real_server",
    ]);
    assert.equal(lines[0]!.tags.size, 6);
    assert.doesNotMatch(lines[0]!.tags.get("sched")!, /[\t\n\v\f\r]/);
  }
});

Deno.test("encodeInflux() omits empty tags", () => {
  const text = influx(collect(fakeKernel({ services: [{ fwmark: 1, sched: "", pe: "" }] })), true);
  assert.deepEqual([...parseLineProtocol(text)[0]!.tags.keys()], [
    ...["address_family", "fwmark", "netmask", "one_packet", "persistent"],
  ]);
});

Deno.test("encodeInflux() prints nothing for an empty table without totals", () => {
  assert.equal(influx(collect(fakeKernel())), "");
});
