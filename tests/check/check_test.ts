/** What checkSnapshot() finds in tables. */
import assert from "node:assert/strict";
import { type CheckOptions, checkSnapshot } from "../../lib/check/check.ts";
import { DEFAULT_CRITICAL } from "../../lib/check/usable.ts";
import { collect } from "../../lib/ipvs/collect.ts";
import { withRates } from "../../lib/ipvs/rates.ts";
import type { Snapshot } from "../../lib/ipvs/snapshot.ts";
import { configurationOf } from "../../lib/query/configuration.ts";
import { parseExpectedNames } from "../../lib/query/expected_names.ts";
import { Selection } from "../../lib/query/selection.ts";
import {
  type FakeDestination,
  fakeKernel,
  type FakeService,
  type Kernel,
} from "../_fake_kernel.ts";

function snapshotOf(services: readonly FakeService[], settings: Partial<Kernel> = {}): Snapshot {
  return collect(fakeKernel({ services, ...settings }));
}

function check(snapshot: Snapshot, options: Partial<CheckOptions> = {}) {
  return checkSnapshot(snapshot, {
    selection: new Selection({}),
    usable: { critical: DEFAULT_CRITICAL },
    ignored: [],
    none: false,
    ...options,
  });
}

/** The problems as lines. */
function problems(snapshot: Snapshot, options?: Partial<CheckOptions>): string[] {
  return check(snapshot, options).problems.map(({ status, text }) => `${status} ${text}`);
}

/** Real servers with these weights. */
function reals(...weights: number[]): FakeDestination[] {
  return weights.map((weight, i) => ({ address: `10.1.0.${i + 1}`, port: 80, weight }));
}

const GOOD: FakeService = { address: "10.0.0.1", port: 80, destinations: reals(1, 1) };
const full = { upperThreshold: 10, lowerThreshold: 8, active: 4, inactive: 6 };

Deno.test("a virtual server without a usable real server is critical", () => {
  const overloaded = { address: "10.1.0.1", port: 80, weight: 1, ...full };
  assert.deepEqual(
    problems(
      snapshotOf([
        GOOD,
        { fwmark: 1, destinations: reals(0, 0) },
        {
          fwmark: 2,
          destinations: [overloaded, ...reals(0).map((real) => ({ ...real, port: 81 }))],
        },
        { fwmark: 3 },
      ]),
      { ignored: ["thresholds"] },
    ),
    [
      "CRITICAL fwmark 1 inet: none of 2 real servers is usable",
      "CRITICAL fwmark 2 inet: none of 2 real servers is usable",
      "CRITICAL fwmark 3 inet: no real servers",
    ],
  );
});

Deno.test("--warning-usable and --critical-usable are numbers or parts of the real servers", () => {
  const snapshot = snapshotOf([{ fwmark: 1, destinations: reals(1, 1, 0, 0) }, GOOD]);
  const limits = (critical: number, warning: number, unit: "" | "%") => ({
    usable: { critical: { value: critical, unit }, warning: { value: warning, unit } },
  });
  const found = "fwmark 1 inet: 2 of 4 real servers usable, fewer than";
  assert.deepEqual(problems(snapshot, limits(1, 2, "")), []);
  assert.deepEqual(problems(snapshot, limits(1, 50, "%")), []);
  assert.deepEqual(problems(snapshot, limits(1, 51, "%")), [`WARNING ${found} 51%`]);
  assert.deepEqual(problems(snapshot, limits(51, 80, "%")), [`CRITICAL ${found} 51%`]);
  assert.deepEqual(problems(snapshot, limits(3, 4, "")), [
    "CRITICAL tcp 10.0.0.1:80: 2 of 2 real servers usable, fewer than 3",
    `CRITICAL ${found} 3`,
  ]);
});

Deno.test("only selected virtual servers are checked, with all their real servers", () => {
  const snapshot = snapshotOf([GOOD, { fwmark: 1, destinations: reals(0, 0) }]);
  assert.deepEqual(problems(snapshot, { selection: new Selection({ services: [":80"] }) }), []);
  const half = snapshotOf([{ fwmark: 1, destinations: reals(1, 0) }]);
  assert.deepEqual(problems(half, { selection: new Selection({ reals: ["10.1.0.2"] }) }), []);
});

Deno.test("real servers that are overloaded or near their threshold are warnings", () => {
  const snapshot = snapshotOf([{
    fwmark: 1,
    destinations: [
      { address: "10.1.0.1", weight: 1, ...full },
      { address: "10.1.0.2", weight: 1, ...full, inactive: 4 },
      { address: "10.1.0.3", weight: 1, ...full, inactive: 3 },
    ],
  }]);
  assert.deepEqual(problems(snapshot), [
    "WARNING fwmark 1 inet 10.1.0.1:0: overloaded, 10 connections, upper threshold 10",
    "WARNING fwmark 1 inet 10.1.0.2:0: near-threshold, 8 connections, upper threshold 10",
  ]);
  assert.deepEqual(problems(snapshot, { ignored: ["thresholds"] }), []);
});

Deno.test("a stopped estimator is a warning that names the setting", () => {
  const stopped = (name: string, text: string) =>
    snapshotOf([GOOD], { proc: { [`sys/net/ipv4/vs/${name}`]: text } });
  const line = "WARNING estimator: stopped, so counters and rates do not change";
  assert.deepEqual(problems(stopped("run_estimation", "0\n")), [`${line} (run_estimation is 0)`]);
  assert.deepEqual(problems(stopped("est_cpulist", "\n")), [`${line} (est_cpulist is empty)`]);
  assert.deepEqual(problems(stopped("run_estimation", "0\n"), { ignored: ["estimator"] }), []);
  assert.deepEqual(problems(stopped("run_estimation", "1\n")), []);
});

Deno.test("--sync compares the sync daemons that run with those that should", () => {
  const daemon = (state: number) => ({ state, interface: "eth0", syncId: 1 });
  const running = (...states: number[]) => snapshotOf([GOOD], { daemons: states.map(daemon) });
  for (const sync of ["master", "backup", "both", "none"] as const) {
    const states = { master: [1], backup: [2], both: [1, 2], none: [] }[sync];
    assert.deepEqual(problems(running(...states), { sync }), [], sync);
  }
  const line = "CRITICAL sync daemons:";
  assert.deepEqual(problems(running(), { sync: "master" }), [`${line} none instead of master`]);
  assert.deepEqual(problems(running(1, 2), { sync: "none" }), [
    `${line} backup and master instead of none`,
  ]);
  const unknown = { ...running(), syncDaemons: null };
  assert.deepEqual(problems(unknown, { sync: "none" }), ["UNKNOWN sync daemons: unknown"]);
});

Deno.test("--expect finds what is missing, what is unexpected, and weights of 0", () => {
  const expected = snapshotOf([
    { address: "10.0.0.1", port: 80, destinations: reals(1, 1, 0) },
    { fwmark: 1, destinations: reals(1) },
  ]);
  const actual = snapshotOf([
    {
      address: "10.0.0.1",
      port: 80,
      sched: "wlc",
      destinations: [...reals(5, 0), { address: "10.1.0.9", port: 80 }],
    },
    { fwmark: 2, destinations: reals(1) },
  ]);
  const wanted = { kind: "configuration", configuration: configurationOf(expected) } as const;
  assert.deepEqual(problems(actual, { expected: wanted }), [
    "WARNING tcp 10.0.0.1:80 10.1.0.2:80: weight 0 instead of 1",
    "WARNING tcp 10.0.0.1:80 10.1.0.3:80: missing",
    "WARNING tcp 10.0.0.1:80 10.1.0.9:80: unexpected",
    "CRITICAL fwmark 1 inet: missing",
    "WARNING fwmark 2 inet: unexpected",
  ]);
  assert.deepEqual(problems(expected, { expected: wanted }), []);
  const selection = new Selection({ fwmarks: ["1"] });
  assert.deepEqual(problems(actual, { expected: wanted, selection }), [
    "CRITICAL fwmark 1 inet: missing",
  ]);
});

Deno.test("--expect with names compares virtual servers only", () => {
  const names = parseExpectedNames(
    '{"name":"shop","protocol":"tcp","address":"10.0.0.1","port":80}\n{"name":"dns","fwmark":3}',
  );
  const snapshot = snapshotOf([GOOD, { fwmark: 2, destinations: reals(1) }]);
  assert.deepEqual(problems(snapshot, { expected: { kind: "names", names } }), [
    "CRITICAL dns (fwmark 3): missing",
    "WARNING fwmark 2 inet: unexpected",
  ]);
});

Deno.test("without a virtual server to check the result is UNKNOWN, unless that is expected", () => {
  const empty = snapshotOf([]);
  assert.deepEqual(problems(empty), ["UNKNOWN there is no virtual server"]);
  const selection = new Selection({ fwmarks: ["9"] });
  const unselected = ["UNKNOWN no virtual server is selected"];
  assert.deepEqual(problems(snapshotOf([GOOD]), { selection }), unselected);
  const expect = (snapshot: Snapshot) =>
    ({ kind: "configuration", configuration: configurationOf(snapshot) }) as const;
  assert.deepEqual(problems(empty, { expected: expect(empty) }), []);
  assert.deepEqual(
    problems(snapshotOf([GOOD]), { selection, expected: expect(snapshotOf([GOOD])) }),
    unselected,
  );
  assert.deepEqual(problems(empty, { none: true }), []);
});

Deno.test("--none reports every virtual server and sync daemon, and nothing else", () => {
  const snapshot = snapshotOf([GOOD, { fwmark: 3 }], {
    daemons: [{ state: 2, interface: "eth1", syncId: 1 }],
  });
  assert.deepEqual(problems(snapshot, { none: true }), [
    "CRITICAL tcp 10.0.0.1:80: exists",
    "CRITICAL fwmark 3 inet: exists",
    "CRITICAL sync daemon: backup on eth1",
  ]);
  const unknown = { ...snapshotOf([]), syncDaemons: null };
  assert.deepEqual(problems(unknown, { none: true }), ["UNKNOWN sync daemons: unknown"]);
});

/** A virtual server whose two real servers have had these connections. */
function shared(first: number, second: number, settings: Partial<FakeService> = {}): FakeService {
  const stats = [first, second].map((connections) => ({ connections }));
  const destinations = reals(3, 1).map((real, i) => ({ ...real, stats: stats[i]! }));
  return {
    fwmark: 1,
    sched: "wrr",
    stats: { connections: first + second },
    destinations,
    ...settings,
  };
}

Deno.test("--uneven compares shares of new connections with shares of weights", () => {
  const uneven = 10;
  assert.deepEqual(problems(snapshotOf([shared(150, 50)]), { uneven }), []);
  assert.deepEqual(problems(snapshotOf([shared(170, 30)]), { uneven }), []);
  assert.deepEqual(problems(snapshotOf([shared(120, 80)]), { uneven }), [
    "WARNING fwmark 1 inet 10.1.0.1:80: 60.0% of the connections, 75.0% of the weights",
    "WARNING fwmark 1 inet 10.1.0.2:80: 40.0% of the connections, 25.0% of the weights",
  ]);
});

Deno.test("--uneven is UNKNOWN if no shares can be compared", () => {
  const uneven = 10;
  const unknown = [
    "UNKNOWN shares cannot be compared: no virtual server has 100 new connections " +
    "distributed by weight",
  ];
  assert.deepEqual(problems(snapshotOf([shared(90, 9)]), { uneven }), unknown);
  assert.deepEqual(problems(snapshotOf([shared(200, 0, { sched: "sh" })]), { uneven }), unknown);
});

Deno.test("--uneven with --rates compares the connections between the readings", () => {
  const before = snapshotOf([shared(1000, 0)], { time: 100_000_000_000n });
  const later = (first: number, second: number) =>
    withRates(snapshotOf([shared(first, second)], { time: 110_000_000_000n }), before);
  assert.deepEqual(problems(later(1150, 50), { uneven: 10 }), []);
  assert.equal(problems(later(1050, 150), { uneven: 10 }).length, 2);
  assert.match(problems(later(1030, 10), { uneven: 10 })[0]!, /^UNKNOWN shares cannot/);
});

Deno.test("a table that kept changing is UNKNOWN, but does not hide what is critical", () => {
  const consistency = { state: "inconsistent", listings: 9, doubts: ["a doubt"] } as const;
  const snapshot = { ...snapshotOf([{ fwmark: 3 }]), consistency };
  assert.deepEqual(problems(snapshot), [
    "UNKNOWN the table kept changing during the read: a doubt",
    "CRITICAL fwmark 3 inet: no real servers",
  ]);
});

Deno.test("performance data has numbers of servers and connections, and the limits", () => {
  const snapshot = snapshotOf([
    { fwmark: 1, destinations: [{ address: "10.1.0.1", active: 3, inactive: 4 }] },
    { fwmark: 2, destinations: reals(1, 1, 0) },
  ]);
  const { data } = check(snapshot, {
    usable: { critical: { value: 1, unit: "" }, warning: { value: 75, unit: "%" } },
  });
  const values = Object.fromEntries(data.map(({ label, value }) => [label, value]));
  assert.deepEqual(values, {
    virtual_servers: 2,
    real_servers: 4,
    usable_real_servers: 3,
    fewest_usable: 1,
    lowest_usable_percent: 66,
    active_connections: 3,
    inactive_connections: 4,
  });
  const [fewest, lowest] = ["fewest_usable", "lowest_usable_percent"].map((name) =>
    data.find(({ label }) => label === name)
  );
  assert.deepEqual([fewest?.criticalBelow, fewest?.warningBelow], [1, undefined]);
  assert.deepEqual([lowest?.criticalBelow, lowest?.warningBelow], [undefined, 75]);
});
