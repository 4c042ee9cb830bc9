/** The table of hard cases on a real kernel: our output against ipvsadm's and against the kernel's bytes. */
import assert from "node:assert/strict";
import { assertListings, parseExact, tableOf } from "./_compare.ts";
import { type Files, textOf } from "./_files.ts";
import { assertInflux, assertMetrics } from "./_formats.ts";
import { type Fields, parseDaemons, parseInfo, parseTimeouts } from "./_ipvsadm.ts";
import { bootScript, oneGuest, testsOf } from "./_guest.ts";
import { decodeCapture, virtualServers, type WireState } from "./_wire_ipvs.ts";

const test = testsOf(oneGuest(() => bootScript("hard_cases_test.sh")));

function wire(files: Files, name: string): WireState {
  return decodeCapture(files[name] ?? assert.fail(`no ${name}`));
}

function json(files: Files, name: string): Fields {
  return parseExact(textOf(files, name));
}

/** Everything that netlink tells, to the order and to the last attribute. */
function assertSameAsWire(ours: Fields, kernel: WireState): void {
  assert.deepEqual(ours.ipvs, kernel.info);
  assert.deepEqual(ours.timeouts, kernel.timeouts);
  assert.deepEqual(ours.sync_daemons, kernel.daemons);
  const [actual, expected] = [ours.virtual_servers as Fields[], virtualServers(kernel)];
  // One by one first: a difference in a list of sixty is hard to read.
  for (const [i, service] of expected.entries()) assert.deepEqual(actual[i], service);
  assert.deepEqual(actual, expected);
}

test("the lab passes traffic through every kind of virtual server", (files) => {
  const passed = textOf(files, "traffic.txt").trim().split("\n");
  assert.deepEqual(passed.filter((line) => !/ (\d+)\/\1$/.test(line)), []);
  assert.equal(passed.length, 30);
  const { services } = wire(files, "hard.pcap");
  const seen = (name: string) =>
    Array.from(services.values(), ({ fields, servers }) => [fields, ...servers.values()]).flat()
      .filter((fields) => (fields[name] as bigint ?? 0n) > 0n).length;
  const names = [
    ...["connections", "pkts_in", "pkts_out", "bytes_in", "bytes_out"],
    ...["cps", "pps_in", "pps_out", "bytes_in_per_second", "bytes_out_per_second"],
    ...["active_connections", "inactive_connections", "persistent_connections"],
  ];
  for (const name of names) assert.ok(seen(name) >= 4, `${name} is above 0 ${seen(name)} times`);
});

test("ipvsadm's listings and the kernel's bytes agree, so that either can judge", (files) => {
  const compared = assertListings(wire(files, "hard.pcap").services, files, "hard");
  assert.ok(compared > 3000, `only ${compared} values compared`);
});

test("show -o json has every attribute that the kernel sent, exactly and in order", (files) => {
  assertSameAsWire(json(files, "hard.json"), wire(files, "hard-own.pcap"));
  // What it was told is also what ipvsadm was told.
  assertSameAsWire(json(files, "hard.json"), wire(files, "hard.pcap"));
});

test("show -o json has every value of ipvsadm's listings", (files) => {
  const ours = json(files, "hard.json");
  const compared = assertListings(tableOf(ours), files, "hard");
  assert.ok(compared > 3000, `only ${compared} values compared`);
  assert.deepEqual(ours.ipvs, parseInfo(textOf(files, "hard.txt")));
  assert.deepEqual(ours.timeouts, parseTimeouts(textOf(files, "hard-timeout.txt")));
  assert.deepEqual(ours.sync_daemons, parseDaemons(textOf(files, "hard-daemon.txt")));
  assert.deepEqual(ours.consistency, { state: "verified", listings: 2n, doubts: [] });
});

const counterNames = ["connections", "pkts_in", "pkts_out", "bytes_in", "bytes_out"];
const rateNames = ["cps", "pps_in", "pps_out", "bytes_in_per_second", "bytes_out_per_second"];

/** The numbers of a line of hexadecimal words, under the names. */
function hexFields(line: string, names: string[]): Fields {
  const words = line.trim().split(/\s+/);
  return Object.fromEntries(names.map((name, i) => [name, BigInt(`0x${words[i]}`)]));
}

test("show -o json repeats the totals of /proc/net/ip_vs_stats", (files) => {
  const lines = textOf(files, "before-ip_vs_stats.txt").split("\n");
  assert.equal(textOf(files, "after-ip_vs_stats.txt"), lines.join("\n"));
  const totals = {
    ...hexFields(lines[2]!, counterNames),
    ...hexFields(lines[5]!, rateNames),
  };
  assert.deepEqual(json(files, "hard.json").totals, totals);
});

test("show -o json repeats the processors of /proc/net/ip_vs_stats_percpu", (files) => {
  const rows = (name: string) =>
    textOf(files, name).split("\n").filter((line) => /^ *[0-9A-F]+( +[0-9A-F]+){5}$/.test(line))
      .map((line) => hexFields(line, ["cpu", ...counterNames]));
  const [before, after] = [
    rows("before-ip_vs_stats_percpu.txt"),
    rows("after-ip_vs_stats_percpu.txt"),
  ];
  const cpus = json(files, "hard.json").cpus as Fields[];
  assert.equal(cpus.length, before.length);
  // These counters do not stand still: a heartbeat may have passed.
  for (const [i, cpu] of cpus.entries()) {
    assert.deepEqual(Object.keys(cpu), ["cpu", ...counterNames]);
    for (const [name, value] of Object.entries(cpu) as [string, bigint][]) {
      const [low, high] = [before[i]![name] as bigint, after[i]![name] as bigint];
      assert.ok(low <= value && value <= high, `${name}: ${low} <= ${value} <= ${high}`);
    }
  }
});

test("two readings of a table that stands still differ in the time only", (files) => {
  const timeless = (name: string) => ({ ...json(files, name), time: 0, time_ns: 0, cpus: 0 });
  assert.deepEqual(timeless("hard-again.json"), timeless("hard.json"));
});

test("show -o influx has the JSON's digits under telegraf's names", (files) => {
  const ours = json(files, "hard.json");
  assert.ok(assertInflux(textOf(files, "hard.influx"), ours, false) > 900);
});

test("show -o influx --extended has every number of the JSON", (files) => {
  const ours = json(files, "hard.json");
  assert.ok(assertInflux(textOf(files, "hard-extended.influx"), ours, true) > 1300);
});

for (const format of ["prometheus", "openmetrics"]) {
  test(`show -o ${format} has every number of the JSON`, (files) => {
    assert.ok(assertMetrics(textOf(files, `hard.${format}`), json(files, "hard.json")) > 1300);
  });
}

test("show without options prints the table for people", (files) => {
  // The first line has the time.
  const timeless = (name: string) => textOf(files, name).replace(/^.*\n/, "");
  assert.equal(timeless("hard-default.table"), timeless("hard.table"));
  for (const endpoint of tableOf(json(files, "hard.json")).keys()) {
    const [, name] = endpoint.split(" ");
    assert.ok(textOf(files, "hard.table").includes(name!), endpoint);
  }
});

test("show -o json has what ipvsadm has no words for", (files) => {
  const ours = json(files, "odd.json");
  assertSameAsWire(ours, wire(files, "odd-own.pcap"));
  const table = tableOf(ours);
  assert.equal(table.get("fwm 77 inet")!.fields.persistence_timeout, 4294967n);
  assert.ok(table.has("50 192.0.2.200:7"));
  const { fields, servers } = table.get("tcp 192.0.2.201:80")!;
  assert.deepEqual(fields.sched_flags, ["flag-1", "flag-2", "flag-3"]);
  assert.equal(servers.get("10.2.1.2:80")!.forwarding_method, "bypass");
  assert.equal(servers.get("10.2.2.2:80")!.upper_threshold, 4294967295n);
  const local = servers.get("192.0.2.201:80")!;
  assert.equal(local.forwarding_method, "local");
  assert.ok(local.connections as bigint > 0n);
});

test("show -o json has both synchronization daemons", (files) => {
  const ours = json(files, "sync.json");
  assertSameAsWire(ours, wire(files, "sync-own.pcap"));
  assertListings(tableOf(ours), files, "sync");
  const daemons = parseDaemons(textOf(files, "sync-daemon.txt"));
  assert.deepEqual(ours.sync_daemons, daemons);
  assert.deepEqual(daemons.map(({ state }) => state), ["master", "backup"]);
});
