import assert from "node:assert/strict";
import fc from "fast-check";
import { collect } from "../../lib/ipvs/collect.ts";
import { encodeNdjson } from "../../lib/output/ndjson.ts";
import { ChangesEncoder } from "../../lib/output/ndjson_changes.ts";
import { fakeKernel, type FakeService } from "../_fake_kernel.ts";
import { parseExactJson, textOf } from "../_output_parsers.ts";

type Json = Record<string, unknown>;

function linesOf(text: string): Json[] {
  return text.trimEnd().split("\n").map((line) => parseExactJson(line) as Json);
}

/** What an encoder prints for each table, one after the other. */
function encode(encoder: ChangesEncoder, tables: readonly (readonly FakeService[])[]): Json[][] {
  return tables.map((services, i) => {
    const snapshot = collect(fakeKernel({ services, time: BigInt(i) }));
    return linesOf(textOf((sink) => encoder.encode(snapshot, sink)));
  });
}

const IDENTITY = /^(type|virtual_.*|address_family|protocol|fwmark|address|port)$/;

/** Identifies the server of a line; the family of a real server is in its address. */
function keyOf(line: Json): string {
  const isReal = line["type"] === "real_server";
  const members = Object.entries(line).filter(([name]) =>
    IDENTITY.test(name) && !(isReal && name === "address_family")
  );
  return JSON.stringify(members);
}

/** The members that do not change with every reading. */
function valuesOf({ time: _, time_ns: __, ...values }: Json): Json {
  return values;
}

/** All servers of a table by their identity. */
function serversOf(services: readonly FakeService[]): Map<string, Json> {
  const text = textOf((sink) => encodeNdjson(collect(fakeKernel({ services })), sink));
  return new Map(linesOf(text).slice(1).map((line) => [keyOf(line), valuesOf(line)]));
}

/** Applies the lines of a reading to the servers of the readings before. */
function apply(servers: Map<string, Json>, [head, ...lines]: readonly Json[]): void {
  assert.equal(head!["type"], "ipvs");
  if (head!["reading"] === "whole") servers.clear();
  for (const line of lines) {
    if (line["removed"] === true) assert.ok(servers.delete(keyOf(line)), JSON.stringify(line));
    else servers.set(keyOf(line), valuesOf(line));
  }
}

Deno.test("ChangesEncoder prints whole readings, and in between what changed", () => {
  const real = { address: "10.0.0.1", port: 80 };
  const readings = encode(new ChangesEncoder(4), [
    [{ fwmark: 1, destinations: [real, { ...real, port: 81 }] }, { fwmark: 2 }],
    [{ fwmark: 1, destinations: [real, { ...real, port: 81 }] }, { fwmark: 2 }],
    [{ fwmark: 1, destinations: [{ ...real, active: 7 }] }, { fwmark: 2 }],
    [{ fwmark: 2, sched: "wlc" }],
    [{ fwmark: 2, sched: "wlc" }],
  ]);
  const summary = readings.map(([head, ...lines]) => [
    head!["reading"],
    ...lines.map((line) =>
      ["removed", "virtual_fwmark", "fwmark", "port", "active_connections", "sched"]
        .map((name) => line[name]).filter((value) => value !== undefined).join(" ")
    ),
  ]);
  assert.deepEqual(summary, [
    ["whole", "1 rr", "1 80 0", "1 81 0", "2 rr"],
    ["changes"],
    ["changes", "true 1 81", "1 80 7"],
    ["changes", "true 1 80", "true 1", "2 wlc"],
    ["whole", "2 wlc"],
  ]);
});

Deno.test("ChangesEncoder prints a removed server with its identity and time only", () => {
  const destinations = [{ address: "fd00::1", port: 80 }];
  const [, removed] = encode(new ChangesEncoder(9), [
    [{ address: "10.0.0.1", port: 80, destinations }],
    [],
  ]);
  const owner = { address_family: "inet", protocol: "tcp", address: "10.0.0.1", port: 80 };
  const time = { time: "1970-01-01T00:00:00.000000001Z", time_ns: 1 };
  assert.deepEqual(removed!.slice(1), [
    {
      ...{ type: "real_server", ...time },
      ...{ virtual_address_family: "inet", virtual_protocol: "tcp", virtual_address: "10.0.0.1" },
      ...{ virtual_port: 80, removed: true, address: "fd00::1", port: 80 },
    },
    { type: "virtual_server", ...time, removed: true, ...owner },
  ]);
});

Deno.test("ChangesEncoder prints a virtual server whose state changed with its real servers", () => {
  const [, changed] = encode(new ChangesEncoder(9), [
    [{ fwmark: 1, destinations: [{ address: "10.0.0.1", weight: 1 }] }],
    [{ fwmark: 1, destinations: [{ address: "10.0.0.1", weight: 0 }] }],
  ]);
  const states = changed!.slice(1).map((line) => [line["type"], line["state"]]);
  assert.deepEqual(states, [["virtual_server", "down"], ["real_server", "drained"]]);
});

Deno.test("ChangesEncoder prints the real servers whose share changed with another's connections", () => {
  const service = (connections: number) => ({
    fwmark: 1,
    destinations: [
      { address: "10.0.0.1", stats: { connections: 5 } },
      { address: "10.0.0.2", stats: { connections } },
    ],
  });
  const [, changed] = encode(new ChangesEncoder(9), [[service(5)], [service(15)]]);
  const shares = changed!.slice(1).map((line) => [line["address"], line["share"]]);
  assert.deepEqual(shares, [["10.0.0.1", 0.25], ["10.0.0.2", 0.75]]);
});

Deno.test("ChangesEncoder prints lines that make each reading of the one before, and no others", () => {
  const destination = fc.record({
    address: fc.constantFrom("10.0.0.1", "10.0.0.2", "fd00::1"),
    weight: fc.nat({ max: 1 }),
    stats: fc.record({
      bytesIn: fc.bigInt({ min: 2n ** 53n, max: 2n ** 53n + 1n }),
      connections: fc.constantFrom(0, 1, 2, 3_000_000),
    }),
  });
  const service = fc.record({
    fwmark: fc.integer({ min: 1, max: 2 }),
    family: fc.constantFrom(2, 10),
    sched: fc.constantFrom("rr", "mh"),
    flags: fc.constantFrom(2, 2 | 16),
    destinations: fc.uniqueArray(destination, { selector: ({ address }) => address }),
  });
  const table = fc.uniqueArray(service, { selector: (each) => `${each.fwmark} ${each.family}` });
  const tables = fc.array(table, { minLength: 1, maxLength: 6 });
  fc.assert(fc.property(tables, fc.integer({ min: 1, max: 7 }), (tables, every) => {
    const servers = new Map<string, Json>();
    encode(new ChangesEncoder(every), tables).forEach((reading, i) => {
      const isWhole = i % every === 0;
      assert.equal(reading[0]!["reading"], isWhole ? "whole" : "changes");
      for (const line of isWhole ? [] : reading.slice(1)) {
        assert.notDeepEqual(servers.get(keyOf(line)), valuesOf(line));
      }
      apply(servers, reading);
      assert.deepEqual(servers, serversOf(tables[i]!));
    });
  }));
});
