import assert from "node:assert/strict";
import fc from "fast-check";
import { ClientSums } from "../../lib/query/client_sums.ts";
import { ConnectionSums, EXPIRY_STARTS } from "../../lib/query/connection_sums.ts";
import { KeyTable } from "../../lib/query/key_table.ts";
import { readConnections } from "../../lib/query/connection_reader.ts";
import { ConnectionParser } from "../../lib/procfs/ip_vs_conn.ts";
import { chunksOf, type Entry, entry, fileOf, inet, similarEntries } from "../_connections.ts";

/** Reads entries as a file that arrives in chunks. */
function readEntries(entries: readonly Entry[], borders: readonly number[] = []) {
  const chunks = chunksOf(fileOf(entries), borders).filter(({ length }) => length > 0);
  return readConnections({
    read(buffer) {
      const chunk = chunks.shift();
      if (chunk === undefined) return 0;
      buffer.set(chunk);
      return chunk.length;
    },
    clients: { inet: 24, inet6: 64 },
  });
}

/** What is alike in a group. */
function keyOf(one: Entry): string {
  const { protocol, virtual, port, real, realPort, state, origin, clientPort } = one;
  return [protocol, virtual, port, real, realPort, state, origin, clientPort === 0].join(" ");
}

Deno.test("groups have the number, the longest expiry and the histogram of their entries", () => {
  fc.assert(fc.property(similarEntries, fc.array(fc.nat()), (entries, borders) => {
    const { groups, rows } = readEntries(entries, borders);
    assert.equal(rows, entries.length);
    const found = groups.map((group) => ({
      count: group.count,
      longest: group.longestExpiry,
      histogram: EXPIRY_STARTS.map((_, range) => group.countInRange(range)),
    }));
    const expected = [...Map.groupBy(entries, keyOf).values()].map((alike) => ({
      count: alike.length,
      longest: Math.max(...alike.map(({ expires }) => expires)),
      histogram: EXPIRY_STARTS.map((from, range) => {
        const to = EXPIRY_STARTS[range + 1] ?? Infinity;
        return alike.filter(({ expires }) => expires >= from && expires < to).length;
      }),
    }));
    const text = (list: readonly unknown[]) => list.map((one) => JSON.stringify(one)).sort();
    assert.deepEqual(text(found), text(expected));
  }));
});

Deno.test("clients are summed by network, those with the most entries first", () => {
  fc.assert(fc.property(similarEntries, (entries) => {
    const found = readEntries(entries).clients!.top(10).map((
      { address, connections, templates },
    ) => [address[0], connections, templates]);
    const isTemplate = ({ clientPort, state }: Entry) => clientPort === 0 && state === "NONE";
    const expected = ["0A010000", "0A010100"].map((network) => {
      const own = entries.filter(({ client }) => client.slice(0, 6) === network.slice(0, 6));
      const templates = own.filter(isTemplate).length;
      return [parseInt(network, 16), own.length - templates, templates] as const;
    }).filter(([, connections, templates]) => connections + templates > 0);
    expected.sort((a, b) => b[1] + b[2] - a[1] - a[2] || a[0] - b[0]);
    assert.deepEqual(found, expected);
  }));
});

Deno.test("ClientSums counts what it has no room for", () => {
  const clients = new ClientSums({ inet: 32, inet6: 128 }, 2);
  const parser = new ConnectionParser((line) => clients.add(line, false));
  const addresses = ["10.1.0.1", "10.1.0.2", "10.1.0.3", "10.1.0.1", "10.1.0.4"];
  const entries = addresses.map((address) => entry({ client: inet(address) }));
  parser.push(new TextEncoder().encode(fileOf(entries)));
  assert.deepEqual([clients.size, clients.uncounted], [2, 2]);
  assert.deepEqual(clients.top(9).map(({ connections }) => connections), [2, 1]);
});

Deno.test("ConnectionSums counts what it has no room for", () => {
  const sums: ConnectionSums = new ConnectionSums(() => parser.states, 1);
  const parser: ConnectionParser = new ConnectionParser((line) => void sums.add(line));
  const entries = [80, 81, 80].map((port) => entry({ port }));
  parser.push(new TextEncoder().encode(fileOf(entries)));
  assert.deepEqual([sums.size, sums.ungrouped, sums.group(0).count], [1, 1, 2]);
});

Deno.test("groups are in the order of protocol, family, virtual server, real server and state", () => {
  const ordered = [
    entry({ protocol: "IP", virtual: "00000007", port: 0, clientPort: 0, state: "NONE" }),
    entry({ virtual: inet("9.0.0.1") }),
    entry({ virtual: inet("192.0.2.1"), port: 80, real: inet("10.2.1.2") }),
    entry({ virtual: inet("192.0.2.1"), port: 80, real: inet("10.2.1.2"), state: "FIN_WAIT" }),
    entry({ virtual: inet("192.0.2.1"), port: 80, real: inet("10.2.1.10") }),
    entry({ virtual: inet("192.0.2.1"), port: 443, real: inet("10.2.1.2") }),
    entry({ protocol: "UDP", virtual: inet("9.0.0.1") }),
  ];
  const expected = ordered.map(({ state, port, real }) => [state, port, parseInt(real, 16)]);
  const { groups } = readEntries(ordered.toReversed());
  assert.deepEqual(
    groups.map(({ state, port, realWords }) => [state, port, realWords[0]]),
    expected,
  );
});

Deno.test("KeyTable numbers distinct keys in the order of their first use", () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 2, maxLength: 2 }), {
        maxLength: 5000,
        minLength: 1500,
      }),
      (keys) => {
        const table = new KeyTable(2, Infinity);
        const numbers = keys.map((key) => {
          table.key.set(key);
          return table.find(2);
        });
        const distinct = [...new Set(keys.map(String))];
        assert.deepEqual(numbers, keys.map((key) => distinct.indexOf(String(key))));
      },
    ),
    { numRuns: 5 },
  );
});

Deno.test("KeyTable keeps its keys when it grows", () => {
  const table = new KeyTable(3, 5000);
  const find = (i: number) => {
    table.key.set([i, i * i, 0]);
    return table.find(2);
  };
  for (let i = 0; i < 5000; i++) assert.equal(find(i), i);
  assert.equal(find(5000), -1);
  for (let i = 0; i < 5000; i++) assert.equal(find(i), i);
  assert.deepEqual([table.word(4999, 0), table.word(4999, 1), table.word(4999, 2)], [
    ...[4999, 4999 * 4999, 0],
  ]);
});
