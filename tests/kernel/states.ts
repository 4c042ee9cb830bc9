/** States and shares against the kernel's own decisions and the traffic that the clients made. */
import assert from "node:assert/strict";
import { openRecording } from "../../lib/capture/recording.ts";
import { collect } from "../../lib/ipvs/collect.ts";
import { withRates } from "../../lib/ipvs/rates.ts";
import type { RealServer } from "../../lib/ipvs/real_server.ts";
import type { Snapshot } from "../../lib/ipvs/snapshot.ts";
import type { VirtualServer } from "../../lib/ipvs/virtual_server.ts";
import { Shares } from "../../lib/metrics/shares.ts";
import { type Files, textOf } from "./_files.ts";
import { phase } from "./_guest.ts";

const test = phase("states.sh");

const THRESHOLDS = "192.0.2.201", ACTIVE = "192.0.2.202", PERSISTENT = "192.0.2.203";
const UDP = "192.0.2.204", ONE_PACKET = "192.0.2.205", WEIGHTED = "192.0.2.206";

/** A line of probes.txt. */
interface Probe {
  /** Connections of the first real server, from ipvsadm. */
  readonly load: number;
  /** How many of two new connections it got. */
  readonly got: number;
  /** Its state before them. */
  readonly state: string;
  /** The state of its virtual server, which has another real server without thresholds. */
  readonly virtual: string;
}

function probes(files: Files, address: string, prefix: string): Probe[] {
  const lines = textOf(files, "probes.txt").trim().split("\n").map((line) => line.split(" "));
  return lines.filter(([name]) => name!.startsWith(prefix)).map(([name, load, got]) => {
    const { virtual_servers } = JSON.parse(textOf(files, `threshold-${name}.json`));
    const virtual = virtual_servers.find((each: { address: string }) => each.address === address);
    const [real] = virtual.real_servers;
    assert.equal(real.active_connections + real.inactive_connections, Number(load), name);
    return { load: Number(load), got: Number(got), state: real.state, virtual: virtual.state };
  });
}

function decisions(files: Files, address: string, prefix: string) {
  return probes(files, address, prefix).map(({ load, got, state }) => [load, state, got]);
}

test("while connections grow to the upper threshold of 4, only then the kernel chooses another", (files) => {
  assert.deepEqual(decisions(files, THRESHOLDS, "rising"), [
    [0, "active", 1],
    [1, "active", 1],
    [2, "near-threshold", 1],
    [3, "near-threshold", 1],
    [4, "overloaded", 0],
  ]);
});

test("while connections shrink, the kernel chooses it again below the lower threshold of 2", (files) => {
  assert.deepEqual(decisions(files, THRESHOLDS, "falling"), [
    [3, "near-threshold", 0],
    [2, "near-threshold", 0],
    [1, "active", 1],
  ]);
});

test("without a lower threshold, the kernel chooses it again below three quarters of the upper one", (files) => {
  assert.deepEqual(decisions(files, THRESHOLDS, "default"), [
    [2, "active", 1],
    [3, "near-threshold", 1],
    [4, "overloaded", 0],
    [3, "near-threshold", 0],
    [2, "active", 1],
  ]);
});

test("the kernel follows a change of the thresholds", (files) => {
  assert.deepEqual(decisions(files, THRESHOLDS, "lowered"), [[3, "overloaded", 0]]);
  assert.deepEqual(decisions(files, THRESHOLDS, "raised"), [[3, "active", 1]]);
});

test("established TCP connections count for the thresholds", (files) => {
  assert.deepEqual(decisions(files, ACTIVE, "active"), [
    [0, "active", 1],
    [1, "active", 1],
    [2, "overloaded", 0],
  ]);
});

test("a virtual server is degraded exactly while a real server of it is overloaded", (files) => {
  const names = ["rising", "falling", "default", "lowered", "raised"];
  const all = names.flatMap((name) => probes(files, THRESHOLDS, name));
  assert.equal(all.length, 15);
  for (const { state, virtual } of [...all, ...probes(files, ACTIVE, "active")]) {
    assert.equal(virtual, state === "overloaded" ? "degraded" : "ok");
  }
});

/** Snapshot `number` of the recording, with the rates since the one before it. */
function snapshotOf(files: Files, number: number): Snapshot {
  const recording = openRecording(files["states.record"]!);
  const [before, after] = [number - 1, number].map((n) => collect(recording.selectRound(n).play()));
  return withRates(after!, before!);
}

function virtualOf({ virtualServers }: Snapshot, address: string): VirtualServer {
  return [...virtualServers].find((each) => each.address === address)!;
}

function states(files: Files, number: number, address: string): string[] {
  return virtualOf(snapshotOf(files, number), address).realServers.map(({ state }) => state);
}

/** Connections and packets from clients of each real server since the snapshot before. */
function traffic(files: Files, number: number, address: string): [number, number][] {
  const snapshot = snapshotOf(files, number);
  const count = (rate: number) => Math.round(rate * Number(snapshot.measured!.interval) / 1e9);
  return virtualOf(snapshot, address).realServers
    .map(({ measured }) => [count(measured!.cps), count(measured!.ppsIn)]);
}

/** What clients of a virtual server said before snapshot `number`; all of them succeeded. */
function clients(files: Files, number: number, address: string): string[] {
  const lines = textOf(files, `traffic-${number}.txt`).trim().split("\n")
    .filter((line) => line.includes(`,${address},`));
  assert.ok(lines.length > 0, address);
  for (const line of lines) assert.match(line, / (\d+)\/\1( |$)/);
  return lines;
}

/** How many replies the clients got from each real server. */
function replies(files: Files, number: number, address: string): number[] {
  const counts = [0, 0];
  for (const line of clients(files, number, address)) {
    for (const [, id, count] of line.matchAll(/ (\d+):(\d+)/g)) {
      counts[Number(id) - 1]! += Number(count);
    }
  }
  return counts;
}

test("at weight 0, the client of a template makes a real server still-receiving", (files) => {
  assert.deepEqual(replies(files, 2, PERSISTENT), [5, 4]);
  assert.deepEqual(traffic(files, 2, PERSISTENT).map(([connections]) => connections), [5, 4]);
  assert.deepEqual(states(files, 2, PERSISTENT), ["still-receiving", "active"]);
  assert.deepEqual(states(files, 3, PERSISTENT), ["draining", "active"]);
  assert.equal(virtualOf(snapshotOf(files, 2), PERSISTENT).state, "degraded");
});

test("with expire_quiescent_template, that client goes elsewhere, and the real server is draining", (files) => {
  assert.deepEqual(replies(files, 4, PERSISTENT), [0, 3]);
  assert.deepEqual(traffic(files, 4, PERSISTENT).map(([connections]) => connections), [0, 3]);
  assert.deepEqual(states(files, 4, PERSISTENT), ["draining", "active"]);
});

test("at weight 0, packets of a UDP connection make a real server still-receiving", (files) => {
  assert.deepEqual(replies(files, 2, UDP), [3, 0]);
  assert.deepEqual(traffic(files, 2, UDP), [[0, 3]]);
  assert.deepEqual(states(files, 2, UDP), ["still-receiving"]);
  assert.deepEqual(states(files, 3, UDP), ["draining"]);
  assert.equal(virtualOf(snapshotOf(files, 2), UDP).state, "down");
});

function connectionsOf(real: RealServer): number {
  return real.activeConnections + real.inactiveConnections + real.persistentConnections;
}

test("a one-packet service never has connections: idle and drained are decided by its packets", (files) => {
  for (const number of [2, 3, 4]) {
    const [real] = virtualOf(snapshotOf(files, number), ONE_PACKET).realServers;
    assert.equal(connectionsOf(real!), 0);
  }
  assert.deepEqual(clients(files, 2, ONE_PACKET), ["cast udp,192.0.2.205,53 6/6"]);
  assert.deepEqual(traffic(files, 2, ONE_PACKET), [[6, 6]]);
  assert.deepEqual(states(files, 2, ONE_PACKET), ["active"]);
  assert.deepEqual(states(files, 3, ONE_PACKET), ["idle"]);
  assert.deepEqual(traffic(files, 4, ONE_PACKET), [[0, 0]]);
  assert.deepEqual(states(files, 4, ONE_PACKET), ["drained"]);
});

test("a real server with connections left is not idle", (files) => {
  assert.deepEqual(traffic(files, 3, WEIGHTED), [[0, 0], [0, 0]]);
  assert.deepEqual(states(files, 3, WEIGHTED), ["active", "active"]);
});

test("while the estimator is stopped, packets to weight 0 are not seen, and nothing is guessed", (files) => {
  const snapshot = snapshotOf(files, 5);
  assert.equal(snapshot.measured!.frozen, true);
  assert.deepEqual(replies(files, 5, UDP), [1, 0]);
  assert.deepEqual(states(files, 5, UDP), ["draining"]);
  assert.deepEqual(states(files, 5, ONE_PACKET), ["drained"]);
});

test("shares are those of the replies that the clients got from each real server", (files) => {
  const recorded = openRecording(files["states.record"]!).selectRound(1);
  const sinceStart = virtualOf(collect(recorded.play()), WEIGHTED);
  for (const [number, virtual] of [[1, sinceStart], [2, undefined]] as const) {
    const counts = replies(files, number, WEIGHTED);
    const sum = counts[0]! + counts[1]!;
    assert.deepEqual(counts, [sum / 4, sum * 3 / 4], "wrr with weights 1 and 3");
    const measured = virtual ?? virtualOf(snapshotOf(files, number), WEIGHTED);
    const shares = new Shares(measured);
    const shown = measured.realServers.map((
      real,
    ) => [shares.share(real), shares.weightShare(real)]);
    assert.deepEqual(shown, [[0.25, 0.25], [0.75, 0.75]]);
  }
});

test("there is no share without new connections, nor with persistence", (files) => {
  for (const [number, address] of [[3, WEIGHTED], [2, PERSISTENT]] as const) {
    const virtual = virtualOf(snapshotOf(files, number), address);
    const shares = new Shares(virtual);
    assert.deepEqual(virtual.realServers.map((real) => shares.share(real)), [null, null]);
  }
});
