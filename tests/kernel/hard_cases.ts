/**
 * The table of hard cases on a real kernel: compares ipvstat with ipvsadm and with the netlink
 * messages.
 */
import assert from "node:assert/strict";
import { assertListings, parseExact, tableOf } from "./_compare.ts";
import { type Files, seen, textOf } from "./_files.ts";
import { assertInflux, assertMetrics } from "./_formats.ts";
import { type Fields, parseDaemons, parseInfo, parseTimeouts } from "./_ipvsadm.ts";
import { phase } from "./_guest.ts";
import { chosenKernel } from "./_kernels.ts";
import { type CapturedState, decodeCapture, virtualServers } from "./_capture_state.ts";

const test = phase("hard_cases.sh");

const counterNames = ["connections", "pkts_in", "pkts_out", "bytes_in", "bytes_out"];
const rateNames = ["cps", "pps_in", "pps_out", "bytes_in_per_second", "bytes_out_per_second"];

function captured(files: Files, name: string, changing = false): CapturedState {
  return decodeCapture(files[name] ?? assert.fail(`no ${name}`), changing);
}

function json(files: Files, name: string): Fields {
  return parseExact(textOf(files, name));
}

/** Compares every attribute and the order with the netlink messages. */
function assertSameAsCaptured(ours: Fields, kernel: CapturedState): void {
  assert.deepEqual(ours.ipvs, kernel.info);
  assert.deepEqual(ours.timeouts, kernel.timeouts);
  assert.deepEqual(ours.sync_daemons, kernel.daemons);
  const [actual, expected] = [ours.virtual_servers as Fields[], virtualServers(kernel)];
  // One by one first, as a difference in a list of sixty is hard to read.
  for (const [i, service] of expected.entries()) assert.deepEqual(actual[i], service);
  assert.deepEqual(actual, expected);
}

/** Number of virtual and real servers in a capture with a value greater than 0. */
function countNonZero(files: Files, capture: string, name: string): number {
  return Array.from(captured(files, capture, true).services.values(), ({ fields, servers }) => [
    fields,
    ...servers.values(),
  ]).flat().filter((fields) => (fields[name] as bigint ?? 0n) > 0n).length;
}

test("the lab has traffic through every kind of virtual server", (files) => {
  const passed = textOf(files, "traffic.txt").trim().split("\n");
  assert.deepEqual(passed.filter((line) => !/ (\d+)\/\1$/.test(line)), []);
  // No SCTP on 5.10, where its heartbeats would keep changing the counters.
  assert.equal(passed.length, chosenKernel() === "5.10" ? 28 : 30);
  const liveNames = ["active_connections", "inactive_connections", "persistent_connections"];
  for (const name of [...counterNames, ...liveNames]) {
    const count = countNonZero(files, "hard.pcap", name);
    assert.ok(count >= 4, `${name} is greater than 0 only ${count} times`);
  }
});

test("show -o json has the counters and rates while they change", (files) => {
  assertSameAsCaptured(json(files, "moving.json"), captured(files, "moving-own.pcap", true));
  for (const name of rateNames) {
    const count = countNonZero(files, "moving-own.pcap", name);
    assert.ok(count >= 1, `${name} is greater than 0 only ${count} times`);
  }
});

test("ipvsadm's listings match the netlink messages", (files) => {
  const compared = assertListings(captured(files, "hard.pcap").services, files, "hard");
  assert.ok(compared > 3000, `only ${compared} values compared`);
});

test("show -o json has every attribute from the kernel, exactly and in order", (files) => {
  assertSameAsCaptured(json(files, "hard.json"), captured(files, "hard-own.pcap"));
  // ipvsadm got the same replies.
  assertSameAsCaptured(json(files, "hard.json"), captured(files, "hard.pcap"));
});

test("show -o json has every value in ipvsadm's listings", (files) => {
  const ours = json(files, "hard.json");
  const compared = assertListings(tableOf(ours), files, "hard");
  assert.ok(compared > 3000, `only ${compared} values compared`);
  assert.deepEqual(ours.ipvs, parseInfo(textOf(files, "hard.txt")));
  assert.deepEqual(ours.timeouts, parseTimeouts(textOf(files, "hard-timeout.txt")));
  assert.deepEqual(ours.sync_daemons, parseDaemons(textOf(files, "hard-daemon.txt")));
  assert.deepEqual(ours.consistency, { state: "verified", listings: 2n, doubts: [] });
});

/** The hexadecimal numbers in a line, by name. */
function hexFields(line: string, names: string[]): Fields {
  const words = line.trim().split(/\s+/);
  return Object.fromEntries(names.map((name, i) => [name, BigInt(`0x${words[i]}`)]));
}

test("show -o json has the totals of /proc/net/ip_vs_stats", (files) => {
  const lines = textOf(files, "before-ip_vs_stats.txt").split("\n");
  assert.equal(textOf(files, "after-ip_vs_stats.txt"), lines.join("\n"));
  const totals = {
    ...hexFields(lines[2]!, counterNames),
    ...hexFields(lines[5]!, rateNames),
  };
  assert.deepEqual(json(files, "hard.json").totals, totals);
});

test("show -o json has the CPUs of /proc/net/ip_vs_stats_percpu", (files) => {
  const rows = (name: string) =>
    textOf(files, name).split("\n").filter((line) => /^ *[0-9A-F]+( +[0-9A-F]+){5}$/.test(line))
      .map((line) => hexFields(line, ["cpu", ...counterNames]));
  const [before, after] = [
    rows("before-ip_vs_stats_percpu.txt"),
    rows("after-ip_vs_stats_percpu.txt"),
  ];
  const cpus = json(files, "hard.json").cpus as Fields[];
  assert.equal(cpus.length, before.length);
  // These counters may change between the readings, by a heartbeat.
  for (const [i, cpu] of cpus.entries()) {
    assert.deepEqual(Object.keys(cpu), ["cpu", ...counterNames]);
    for (const [name, value] of Object.entries(cpu) as [string, bigint][]) {
      const [low, high] = [before[i]![name] as bigint, after[i]![name] as bigint];
      assert.ok(low <= value && value <= high, `${name}: ${low} <= ${value} <= ${high}`);
    }
  }
});

/**
 * The connections in /proc/net/ip_vs_conn, with their state and remaining seconds. Excludes
 * persistence templates, which have no client port: they exist as long as their connections.
 */
function connections(text: string): { state: string; expires: number }[] {
  const rows = text.trim().split("\n").slice(1).map((line) => line.trim().split(/\s+/));
  return rows.filter((columns) => columns[2] !== "0000")
    .map((columns) => ({ state: columns[7]!, expires: Number(columns[8]) }));
}

test("no connection is opening, closing or about to expire, so the table does not change", (files) => {
  const all = connections(textOf(files, "before-ip_vs_conn.txt"));
  assert.ok(all.length > 300, `${all.length} connections`);
  const states = new Set(all.map(({ state }) => state));
  assert.deepEqual([...states].sort(), ["ESTABLISHED", "FIN_WAIT", "UDP"]);
  // The shortest is that of SCTP, 15 minutes, which heartbeats renew every 30 seconds.
  assert.deepEqual(all.filter(({ expires }) => expires < 600), []);
});

/** A snapshot without the values that always change: the time and the CPUs. */
function timeless(text: string): Fields {
  return { ...parseExact(text), time: 0, time_ns: 0, cpus: 0 };
}

test("two snapshots of an unchanged table differ only in time", (files) => {
  const [first, last] = [textOf(files, "hard.json"), textOf(files, "hard-again.json")];
  assert.deepEqual(timeless(last), timeless(first));
});

test("the program prints the same as its code in another process", (files) => {
  const { status, out, err } = seen(files, "program-json");
  assert.deepEqual([status, err], [0, ""]);
  assert.deepEqual(timeless(out), timeless(textOf(files, "hard.json")));
});

test("show -o influx has the digits of the JSON with telegraf's names", (files) => {
  const ours = json(files, "hard.json");
  assert.ok(assertInflux(textOf(files, "hard.influx"), ours, false) > 900);
});

test("show -o influx --extended has every number in the JSON", (files) => {
  const ours = json(files, "hard.json");
  assert.ok(assertInflux(textOf(files, "hard-extended.influx"), ours, true) > 1300);
});

for (const format of ["prometheus", "openmetrics"]) {
  test(`show -o ${format} has every number in the JSON`, (files) => {
    assert.ok(assertMetrics(textOf(files, `hard.${format}`), json(files, "hard.json")) > 1300);
  });
}

test("show prints the table by default", (files) => {
  const body = (text: string) => text.replace(/ {3}[-\d]+ [:\d]+ UTC$/m, "");
  const table = textOf(files, "hard.table");
  assert.equal(body(seen(files, "program-table").out), body(table));
  for (const endpoint of tableOf(json(files, "hard.json")).keys()) {
    const [, name] = endpoint.split(" ");
    assert.ok(table.includes(name!), endpoint);
  }
});

test("show -o json has values that ipvsadm cannot show", (files) => {
  const ours = json(files, "odd.json");
  assertSameAsCaptured(ours, captured(files, "odd-own.pcap"));
  const table = tableOf(ours);
  assert.equal(table.get("fwm 77 inet")!.fields.persistence_timeout, 4294967n);
  assert.ok(table.has("50 192.0.2.200:7"));
  const { fields, servers } = table.get("tcp 192.0.2.201:80")!;
  assert.deepEqual(fields.sched_flags, ["flag-1", "flag-2", "flag-3"]);
  assert.equal(servers.get("10.2.1.2:80")!.forwarding_method, "bypass");
  const threshold = BigInt(textOf(files, "odd-threshold.txt").trim());
  assert.ok(threshold >= 2147483647n);
  assert.equal(servers.get("10.2.2.2:80")!.upper_threshold, threshold);
  const local = servers.get("192.0.2.201:80")!;
  assert.equal(local.forwarding_method, "local");
  assert.ok(local.connections as bigint > 0n);
});

test("show -o json has both sync daemons", (files) => {
  const ours = json(files, "sync.json");
  assertSameAsCaptured(ours, captured(files, "sync-own.pcap"));
  assertListings(tableOf(ours), files, "sync");
  const daemons = parseDaemons(textOf(files, "sync-daemon.txt"));
  assert.deepEqual(ours.sync_daemons, daemons);
  assert.deepEqual(daemons.map(({ state }) => state), ["master", "backup"]);
});
