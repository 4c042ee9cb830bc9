/** The comparison of configurations. */
import assert from "node:assert/strict";
import { compareConfigurations } from "../../lib/query/comparison.ts";
import {
  type Configuration,
  ConfiguredServer,
  ConfiguredVirtualServer,
  type CounterValues,
  type Fields,
} from "../../lib/query/configuration.ts";

const real = (host: number, fields: Fields = {}, counters?: CounterValues) =>
  new ConfiguredServer(
    { addressFamily: "inet", address: `10.1.0.${host}`, port: 80 },
    fields,
    counters,
  );

const virtual = (
  fwmark: number,
  fields: Fields,
  reals: readonly ConfiguredServer[] = [],
  counters?: CounterValues,
) => new ConfiguredVirtualServer({ addressFamily: "inet", fwmark }, fields, reals, counters);

const table = (...virtualServers: ConfiguredVirtualServer[]): Configuration => ({ virtualServers });

Deno.test("compareConfigurations() finds what was added, removed and changed", () => {
  const before = table(
    virtual(1, { sched: "rr", pe: null }, [real(1, { weight: 1 }), real(2, { weight: 2 })]),
    virtual(2, { sched: "rr" }, [real(3)]),
    virtual(3, { sched: "rr" }),
  );
  const after = table(
    virtual(4, { sched: "rr" }, [real(5)]),
    virtual(1, { sched: "lc", pe: "sip" }, [real(2, { weight: 0 }), real(4)]),
    virtual(3, { sched: "rr" }),
  );
  const { virtualServers } = compareConfigurations(before, after, { counters: false });
  const found = virtualServers.map((one) => [
    one.change,
    one.server.key,
    ...one.realServers.map(({ change, server }) => `${change} ${server.key}`),
  ]);
  assert.deepEqual(found, [
    ["changed", "fwmark 1 inet", "removed 10.1.0.1:80", "changed 10.1.0.2:80", "added 10.1.0.4:80"],
    ["removed", "fwmark 2 inet", "removed 10.1.0.3:80"],
    ["added", "fwmark 4 inet", "added 10.1.0.5:80"],
  ]);
  const [first] = virtualServers;
  assert.ok(first?.change === "changed" && first.realServers[1]?.change === "changed");
  assert.deepEqual(first.fields, [
    { name: "sched", before: "rr", after: "lc" },
    { name: "pe", before: null, after: "sip" },
  ]);
  assert.deepEqual(first.realServers[1].fields, [{ name: "weight", before: 2, after: 0 }]);
});

Deno.test("compareConfigurations() does not compare what one side does not know", () => {
  const before = table(virtual(1, { sched: "rr", netmask: 24 }, [real(1, { weight: 1 })]));
  const after = table(virtual(1, { sched: "rr" }, [real(1, { weight: 1, upper_threshold: 5 })]));
  assert.deepEqual(compareConfigurations(before, after, { counters: false }), {
    virtualServers: [],
    notCompared: ["netmask", "upper_threshold"],
  });
});

Deno.test("compareConfigurations() ignores the order of flags", () => {
  const flags = (...list: string[]) => table(virtual(1, { sched_flags: list }));
  const count = (before: Configuration, after: Configuration) =>
    compareConfigurations(before, after, { counters: false }).virtualServers.length;
  assert.equal(count(flags("sh-port", "sh-fallback"), flags("sh-fallback", "sh-port")), 0);
  assert.equal(count(flags("sh-port"), flags("sh-fallback", "sh-port")), 1);
});

Deno.test("compareConfigurations() compares counters exactly, and marks a reset", () => {
  const before = table(virtual(1, {}, [], { connections: 2n ** 60n, pkts_in: 9, bytes_in: 7 }));
  const after = table(virtual(1, {}, [], { connections: 2n ** 60n + 1n, pkts_in: 3, bytes_in: 7 }));
  const compared = compareConfigurations(before, after, { counters: true });
  const [found] = compared.virtualServers;
  assert.ok(found?.change === "changed");
  assert.deepEqual(found.counters, [
    { name: "connections", before: 2n ** 60n, after: 2n ** 60n + 1n, difference: 1n },
    { name: "pkts_in", before: 9, after: 3, difference: null },
  ]);
  assert.deepEqual(compareConfigurations(before, after, { counters: false }).virtualServers, []);
  const without = table(virtual(1, {}));
  assert.deepEqual(compareConfigurations(before, without, { counters: true }).virtualServers, []);
});
