/**
 * `deno task test:aarch64-live`: reads the kernel of an emulated aarch64 machine, and compares the
 * result with ipvsadm, the netlink messages and /proc.
 */
import assert from "node:assert/strict";
import { mustSkip } from "../_commands.ts";
import { assertListings, parseExact, tableOf } from "../kernel/_compare.ts";
import { type Files, textOf } from "../kernel/_files.ts";
import { type Fields, parseDaemons, parseInfo, parseTimeouts } from "../kernel/_ipvsadm.ts";
import { decodeCapture, virtualServers } from "../kernel/_capture_state.ts";
import { missingForMachine, runMachine } from "./_machine.ts";

const ignore = mustSkip(missingForMachine());
let machine: Promise<Files> | undefined;

/** Defines a test of the machine's files; the first one boots the machine. */
function test(name: string, body: (files: Files) => void): void {
  Deno.test({ name, ignore, fn: async () => body(await (machine ??= runMachine())) });
}

function json(files: Files): Fields {
  return parseExact(textOf(files, "live.json"));
}

test("live.sh succeeds on an aarch64 kernel", (files) => {
  assert.equal(textOf(files, "status"), "0\n", textOf(files, "stderr"));
  assert.equal(textOf(files, "machine"), "aarch64\n");
});

test("show -o json has every value in ipvsadm's listings on aarch64", (files) => {
  const ours = json(files);
  const compared = assertListings(tableOf(ours), files, "live");
  assert.ok(compared > 3000, `only ${compared} values compared`);
  assert.deepEqual(ours.ipvs, parseInfo(textOf(files, "live.txt")));
  assert.deepEqual(ours.timeouts, parseTimeouts(textOf(files, "live-timeout.txt")));
  assert.deepEqual(ours.sync_daemons, parseDaemons(textOf(files, "live-daemon.txt")));
  assert.deepEqual(ours.consistency, { state: "verified", listings: 2n, doubts: [] });
});

test("show -o json has every attribute from an aarch64 kernel", (files) => {
  const kernel = decodeCapture(files["live.record"] ?? assert.fail("no live.record"));
  assert.deepEqual(json(files).virtual_servers, virtualServers(kernel));
});

test("show -o json has the connections through an aarch64 kernel", (files) => {
  const { fields, servers } = tableOf(json(files)).get("tcp 192.0.2.40:80")!;
  for (const { connections, bytes_in, bytes_out } of [fields, servers.get("192.0.2.40:8080")!]) {
    assert.equal(connections, 7n);
    // Each transfers eight bytes in both directions, in addition to the headers.
    assert.ok(bytes_in as bigint > 7n * 48n && bytes_out as bigint > 7n * 48n);
  }
  assert.equal(servers.get("192.0.2.40:8080")!.active_connections, 7n);
});

const counterNames = ["connections", "pkts_in", "pkts_out", "bytes_in", "bytes_out"];

/** The rows of /proc/net/ip_vs_stats_percpu. */
function cpuRows(text: string): bigint[][] {
  return text.split("\n").filter((line) => /^ *[0-9A-F]+( +[0-9A-F]+){5}$/.test(line))
    .map((line) => line.trim().split(/ +/).map((word) => BigInt(`0x${word}`)));
}

test("show -o json has the counters of both CPUs", (files) => {
  const [before, after] = ["before", "after"].map((name) =>
    cpuRows(textOf(files, `${name}-ip_vs_stats_percpu.txt`))
  );
  const cpus = json(files).cpus as Fields[];
  assert.equal(cpus.length, 2);
  for (const [i, cpu] of cpus.entries()) {
    // The counters may change between the readings, by a late acknowledgement.
    for (const [j, name] of ["cpu", ...counterNames].entries()) {
      const [low, value, high] = [before![i]![j]!, cpu[name] as bigint, after![i]![j]!];
      assert.ok(low <= value && value <= high, `${name}: ${low} <= ${value} <= ${high}`);
    }
  }
  assert.equal(cpus.reduce((sum, cpu) => sum + (cpu.connections as bigint), 0n), 7n);
});

test("the tests of sockets, clock and /proc pass on aarch64", (files) => {
  assert.match(textOf(files, "ffi.txt"), /^ok \| [1-9]\d* passed \| 0 failed/m);
});
