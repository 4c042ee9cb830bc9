/** diff and check on a real kernel, against what ipvsadm changed and what the client sent. */
import assert from "node:assert/strict";
import { type Files, seen, textOf } from "./_files.ts";
import { phase } from "./_guest.ts";

const test = phase("diff_check.sh");

interface Difference {
  readonly change: string;
  readonly protocol?: string;
  readonly fwmark?: number;
  readonly address_family: string;
  readonly address?: string;
  readonly port?: number;
  readonly changes?: Record<string, { before: unknown; after: unknown }>;
  readonly fields?: Record<string, unknown>;
  readonly real_servers?: readonly Difference[];
}

/** What changed, such as `192.0.2.1:80 sched: wrr -> wlc`. */
function lines({ virtual_servers }: { virtual_servers: readonly Difference[] }): string[] {
  const described = (difference: Difference, before = ""): string[] => {
    const { change, changes = {}, fwmark, address_family, address, port } = difference;
    const name = before +
      (fwmark === undefined ? `${address}:${port}` : `${fwmark} ${address_family}`);
    return [
      ...change === "changed" ? [] : [`${name} ${change}`],
      ...Object.entries(changes).map(([field, { before, after }]) =>
        `${name} ${field}: ${JSON.stringify(before)} -> ${JSON.stringify(after)}`
      ),
      ...(difference.real_servers ?? []).flatMap((real) => described(real, `${name} `)),
    ];
  };
  return virtual_servers.flatMap((difference) => described(difference)).sort();
}

function compared(files: Files, name: string) {
  const { status, out, err } = seen(files, name);
  assert.equal(err, "");
  return { status, document: JSON.parse(out) };
}

/** What change_table() in the phase does, as far as ipvsadm saves it. */
const CHANGES = [
  '192.0.2.1:80 sched: "wrr" -> "wlc"',
  "192.0.2.1:80 10.2.1.2:80 weight: 3 -> 0",
  "192.0.2.7:80 persistence_timeout: 300 -> 301",
  "192.0.2.7:80 netmask: 24 -> 16",
  "192.0.2.2:53 one_packet: true -> false",
  '192.0.2.31:1001 sched_flags: ["sh-port"] -> ["sh-fallback"]',
  '192.0.2.9:5060 pe: "sip" -> null',
  '192.0.2.3:80 10.2.3.2:80 forwarding_method: "droute" -> "masq"',
  "192.0.2.6:53 10.2.3.3:53 tunnel_port: 258 -> 259",
  '192.0.2.6:53 10.2.3.3:53 tunnel_checksum: "csum" -> "nocsum"',
  "192.0.2.20:80 10.2.1.102:80 removed",
  "2001:db8:1::1:80 fd00:2:1::9:80 added",
  "5 inet6 removed",
  "5 inet6 10.2.3.2:0 removed",
  "192.0.2.99:80 added",
  "192.0.2.99:80 10.2.1.2:80 added",
];

test("diff of the kernel with what ipvsadm saved or was recorded finds nothing", (files) => {
  assert.equal(textOf(files, "before.rules").match(/^-A/mg)?.length, 60);
  assert.deepEqual(seen(files, "same"), { status: 0, out: "", err: "" });
  const { status, document } = compared(files, "same-recording");
  assert.deepEqual([status, document.same, document.not_compared], [0, true, []]);
});

test("diff of rules finds exactly what ipvsadm changed", (files) => {
  const { status, document } = compared(files, "diff-rules");
  assert.equal(status, 1);
  assert.deepEqual(lines(document), [...CHANGES].sort());
  const notSaved = ["lower_threshold", "netmask", "upper_threshold"];
  assert.deepEqual(document.not_compared, notSaved);
});

test("diff of a recording finds thresholds, too", (files) => {
  const { status, document } = compared(files, "diff-recording");
  assert.equal(status, 1);
  const threshold = "192.0.2.20:80 10.2.1.101:80 upper_threshold: 1000 -> 2000";
  assert.deepEqual(lines(document), [...CHANGES, threshold].sort());
  assert.deepEqual(document.not_compared, []);
});

/** The lines of problems, without those about virtual servers that have no usable real server. */
function problems(files: Files, name: string, status: number): string[] {
  const { status: actual, out, err } = seen(files, name);
  assert.deepEqual([actual, err], [status, ""], out);
  const [first = "", ...others] = out.trimEnd().split("\n");
  const states = ["OK", "WARNING", "CRITICAL", "UNKNOWN"];
  assert.ok(first.startsWith(`IPVS ${states[status]} - `), first);
  return others.filter((line) => !/no real servers$|real servers is usable$/.test(line)).sort();
}

test("check --expect finds missing and unexpected servers, and weights of 0", (files) => {
  assert.deepEqual(problems(files, "check-rules", 2), [
    "CRITICAL fwmark 5 inet6: missing",
    "WARNING tcp 192.0.2.1:80 10.2.1.2:80: weight 0 instead of 3",
    "WARNING tcp 192.0.2.20:80 10.2.1.102:80: missing",
    "WARNING tcp 192.0.2.99:80: unexpected",
    "WARNING tcp [2001:db8:1::1]:80 [fd00:2:1::9]:80: unexpected",
  ]);
  assert.deepEqual(problems(files, "check-one", 1), [
    "WARNING tcp 192.0.2.1:80 10.2.1.2:80: weight 0 instead of 3",
  ]);
  assert.deepEqual(problems(files, "check-same", 0), []);
});

test("check compares the client's connections with weights and thresholds", (files) => {
  assert.match(textOf(files, "traffic.txt"), / 200\/200$/m);
  assert.deepEqual(problems(files, "even", 0), []);
  assert.match(seen(files, "even").out, / active_connections=200;;;0 .* connections=200c;;;0 /);
  assert.deepEqual(problems(files, "uneven", 1), [
    "WARNING tcp 192.0.2.10:80 10.2.1.2:80: 75.0% of the connections, 50.0% of the weights",
    "WARNING tcp 192.0.2.10:80 10.2.2.2:80: 25.0% of the connections, 50.0% of the weights",
  ]);
  assert.deepEqual(problems(files, "overloaded", 1), [
    "WARNING tcp 192.0.2.10:80 10.2.1.2:80: overloaded, 150 connections, upper threshold 100",
    "WARNING tcp 192.0.2.10:80: 1 of 2 real servers usable, fewer than 2",
  ]);
  problems(files, "unusable", 2);
  assert.match(seen(files, "unusable").out, /^CRITICAL .*: none of 2 real servers is usable$/m);
});

test("check --netns checks another network namespace", (files) => {
  assert.deepEqual(problems(files, "other-namespace", 0), []);
});

test("check finds sync daemons and a stopped estimator, and whether anything is left", (files) => {
  assert.deepEqual(problems(files, "sync", 2), [
    "CRITICAL sync daemons: backup instead of master",
  ]);
  assert.deepEqual(problems(files, "daemon-left", 2), ["CRITICAL sync daemon: backup on front"]);
  assert.deepEqual(problems(files, "nothing-left", 0), []);
  assert.deepEqual(problems(files, "nothing-to-check", 3), ["UNKNOWN there is no virtual server"]);
  assert.deepEqual(problems(files, "frozen", 1), [
    "WARNING estimator: stopped, so counters and rates do not change (run_estimation is 0)",
  ]);
});
