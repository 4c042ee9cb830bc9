/** Measured rates against a known number of connections between two snapshots. */
import assert from "node:assert/strict";
import { openRecording } from "../../lib/capture/recording.ts";
import { collect } from "../../lib/ipvs/collect.ts";
import { withRates } from "../../lib/ipvs/rates.ts";
import type { Server } from "../../lib/ipvs/server.ts";
import type { Snapshot } from "../../lib/ipvs/snapshot.ts";
import { parseExact } from "./_compare.ts";
import { type Files, seen, textOf } from "./_files.ts";
import type { Fields } from "./_ipvsadm.ts";
import { phase } from "./_guest.ts";

const test = phase("rates.sh");

/** Snapshot `number` of the recording, with the rates since the one before it. */
function snapshotOf(files: Files, number: number): Snapshot {
  const recording = openRecording(files["rates.record"]!);
  const [before, after] = [number - 1, number].map((n) => collect(recording.selectRound(n).play()));
  return withRates(after!, before!);
}

/** Connections that the client made before snapshot `number`, by virtual server. */
function made(files: Files, number: number): Record<string, number> {
  const lines = textOf(files, `traffic-${number}.txt`).trim().split("\n");
  return Object.fromEntries(lines.map((line) => {
    const [, name = "", passed, wanted] = /^\w+ (\S+) (\d+)\/(\d+)$/.exec(line) ?? [];
    assert.equal(passed, wanted, line);
    return [KEYS[name]!, Number(wanted)];
  }));
}

/** Keys of the virtual servers by the client's name of their address. */
const KEYS: Readonly<Record<string, string>> = {
  "tcp,192.0.2.10,80": "tcp 192.0.2.10:80",
  "tcp,2001:db8:1::10,80": "tcp [2001:db8:1::10]:80",
  "sctp,192.0.2.10,9,10.1.0.2": "sctp 192.0.2.10:9",
  "udp,192.0.2.11,53": "udp 192.0.2.11:53",
  "tcp,192.0.2.70,80": "fwmark 7 inet",
};

/** What a rate amounts to over the time between the snapshots. */
function amount({ measured }: Snapshot, rate: number | undefined): number | undefined {
  return rate === undefined ? undefined : Math.round(rate * Number(measured!.interval)) / 1e9;
}

function connections(snapshot: Snapshot, { measured }: Server): number | undefined {
  const exact = amount(snapshot, measured?.cps);
  return exact === undefined ? undefined : Math.round(exact * 1e6) / 1e6;
}

function byVirtualServer(snapshot: Snapshot): Record<string, number | undefined> {
  return Object.fromEntries(
    snapshot.virtualServers.map((virtual) => [virtual.key, connections(snapshot, virtual)]),
  );
}

function total(counts: Record<string, number>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

for (const number of [2, 4]) {
  test(`measured rates are those of the client in total and for each server: ${number}`, (files) => {
    const snapshot = snapshotOf(files, number);
    const expected = made(files, number);
    assert.deepEqual(byVirtualServer(snapshot), expected);
    assert.equal(Math.round(amount(snapshot, snapshot.measured!.totals!.cps)!), total(expected));
    for (const virtual of snapshot.virtualServers) {
      // The scheduler rr alternates, and the numbers are even where there are two.
      const share = expected[virtual.key]! / virtual.realServers.length;
      for (const real of virtual.realServers) {
        assert.equal(connections(snapshot, real), share, `${virtual.key} ${real.key}`);
      }
    }
  });
}

test("measured packets and bytes of one-packet UDP are those of the client", (files) => {
  for (const number of [2, 4]) {
    const snapshot = snapshotOf(files, number);
    const packets = made(files, number)["udp 192.0.2.11:53"]!;
    for (const { key, measured } of snapshot.virtualServers) {
      if (key !== "udp 192.0.2.11:53") continue;
      assert.equal(Math.round(amount(snapshot, measured!.ppsIn)!), packets);
      // IPv4 and UDP headers, and "request".
      assert.equal(Math.round(amount(snapshot, measured!.bytesInPerSecond)!), packets * 35);
    }
  }
});

test("after ipvsadm -Z servers have no measured rates, and the totals have", (files) => {
  const snapshot = snapshotOf(files, 3);
  for (const { measured, realServers } of snapshot.virtualServers) {
    assert.equal(measured, undefined);
    for (const real of realServers) assert.equal(real.measured, undefined);
  }
  const expected = total(made(files, 3));
  assert.equal(Math.round(amount(snapshot, snapshot.measured!.totals!.cps)!), expected);
});

test("a virtual server that was deleted and added has no measured rates, nor its new real server", (files) => {
  const snapshot = snapshotOf(files, 5);
  const expected: Record<string, number | undefined> = made(files, 5);
  const restarted = "udp 192.0.2.11:53";
  assert.deepEqual(byVirtualServer(snapshot), { ...expected, [restarted]: undefined });
  const { realServers } = [...snapshot.virtualServers].find(({ key }) => key === restarted)!;
  assert.deepEqual(realServers.map(({ measured }) => measured), [undefined]);
});

test("a real server that was deleted and added with connections left keeps its counters", (files) => {
  const snapshot = snapshotOf(files, 5);
  const expected = made(files, 5)["tcp 192.0.2.10:80"]! / 2;
  const web = [...snapshot.virtualServers].find(({ key }) => key === "tcp 192.0.2.10:80")!;
  assert.deepEqual(web.realServers.map((real) => [real.key, connections(snapshot, real)]), [
    ["10.2.1.2:80", expected],
    ["10.2.2.2:80", expected],
  ]);
});

test("with the estimator stopped, the totals have measured rates and servers are frozen", (files) => {
  const snapshot = snapshotOf(files, 6);
  assert.deepEqual([snapshot.measured!.frozen, snapshot.measured!.source], [true, "cpus"]);
  const expected = total(made(files, 6));
  assert.equal(Math.round(amount(snapshot, snapshot.measured!.totals!.cps)!), expected);
  for (const { measured, realServers } of snapshot.virtualServers) {
    assert.equal(measured, undefined);
    for (const real of realServers) assert.equal(real.measured, undefined);
  }
});

test("show --rates reads twice, at least the estimator's period apart", (files) => {
  const { status, out, err } = seen(files, "live");
  assert.deepEqual([status, err], [0, ""]);
  const { measured } = parseExact(out) as { measured: Fields };
  assert.ok(Number(measured.interval_ns) >= 2e9, String(measured.interval_ns));
  assert.deepEqual([measured.source, measured.frozen], ["cpus", false]);
});
