import assert from "node:assert/strict";
import fc from "fast-check";
import { DESTINATION, SERVICE } from "../../lib/ipvs/columns.ts";
import {
  compareDestinations,
  compareServices,
  Rows,
  sameSequence,
  sortUnique,
} from "../../lib/ipvs/rows.ts";
import { destinationRows, type ServiceKey, serviceRows, valueOf } from "./_rows.ts";

/** Virtual servers in the documented order. */
const SERVICES: readonly ServiceKey[] = [
  { address: "1.0.0.0", port: 80 },
  { address: "1.0.0.255", port: 80 },
  { address: "1.0.1.0", port: 80 },
  { address: "10.0.0.1", port: 0 },
  { address: "10.0.0.1", port: 80, protocol: 6 },
  { address: "10.0.0.1", port: 80, protocol: 17 },
  { address: "10.0.0.1", port: 80, protocol: 132 },
  { address: "10.0.0.1", port: 443, protocol: 6 },
  { address: "127.255.255.255" },
  { address: "128.0.0.0" },
  { address: "255.255.255.255" },
  { address: "::1" },
  { address: "2001:db8::" },
  { address: "2001:db8::1", port: 1 },
  { address: "2001:db8::1", port: 65535 },
  { address: "2001:db8:0:0:ffff::" },
  { address: "2001:db8:0:1::" },
  { address: "ff02::" },
  { fwmark: 1, family: 2 },
  { fwmark: 1, family: 10 },
  { fwmark: 2, family: 2 },
  { fwmark: 2147483648, family: 2 },
  { fwmark: 4294967295, family: 10 },
];

const DESTINATIONS = [
  ...[["1.0.0.0", 0], ["1.0.0.0", 65535], ["1.0.0.1", 80], ["200.0.0.1", 80]],
  ...[["::", 1], ["::1", 1], ["::1", 2], ["1::", 0], ["fe80::", 0]],
] as [string, number][];

Deno.test("compareServices() orders by fwmark, family, bytes of the address, port and protocol", () => {
  const rows = serviceRows(SERVICES);
  for (let i = 0; i < rows.length; i++) {
    for (let j = 0; j < rows.length; j++) {
      assert.equal(Math.sign(compareServices(rows, i, rows, j)), Math.sign(i - j), `${i} ${j}`);
    }
  }
});

Deno.test("compareDestinations() orders by family, bytes of the address and port", () => {
  const rows = destinationRows(DESTINATIONS);
  for (let i = 0; i < rows.length; i++) {
    for (let j = 0; j < rows.length; j++) {
      assert.equal(Math.sign(compareDestinations(rows, i, rows, j)), Math.sign(i - j));
    }
  }
});

Deno.test("compareServices() and compareDestinations() compare only identity columns", () => {
  const services = serviceRows([{ address: "10.0.0.1", port: 80 }, {
    ...{ address: "10.0.0.1", port: 80 },
  }]);
  const identity = new Set<number>([
    ...[SERVICE.addressFamily, SERVICE.protocol, SERVICE.port, SERVICE.fwmark],
    ...[0, 1, 2, 3].map((i) => SERVICE.address + i),
  ]);
  const words = services.words(1), at = services.at(1);
  for (let column = 0; column < SERVICE.width; column++) words[at + column]! ^= 1;
  for (const column of identity) words[at + column]! ^= 1;
  assert.equal(compareServices(services, 0, services, 1), 0);
  const destinations = destinationRows([["10.0.0.1", 80, 1], ["10.0.0.1", 80, 2]]);
  assert.equal(compareDestinations(destinations, 0, destinations, 1), 0);
});

function weights(rows: Rows): number[] {
  return sortUnique(rows, compareDestinations).map((row) => valueOf(rows, row, DESTINATION.weight));
}

Deno.test("sortUnique() keeps the last row of each server", () => {
  const rows = destinationRows([
    ...[["10.0.0.2", 80, 1], ["10.0.0.1", 80, 2], ["10.0.0.2", 80, 3], ["10.0.0.3", 80, 4]],
    ...[["10.0.0.1", 80, 5], ["10.0.0.2", 80, 6]],
  ] as [string, number, number][]);
  assert.deepEqual(weights(rows), [5, 6, 4]);
});

Deno.test("sortUnique() keeps the last row of each server if a sorted list has duplicates", () => {
  const up = destinationRows([["10.0.0.1", 1, 1], ["10.0.0.2", 1, 2], ["10.0.0.2", 1, 3]]);
  assert.deepEqual(weights(up), [1, 3]);
  const down = destinationRows([["10.0.0.2", 1, 1], ["10.0.0.1", 1, 2], ["10.0.0.1", 1, 3]]);
  assert.deepEqual(weights(down), [3, 1]);
  const same = destinationRows([["10.0.0.2", 1, 1], ["10.0.0.2", 1, 2]]);
  assert.deepEqual(weights(same), [2]);
  assert.deepEqual(weights(destinationRows([])), []);
  assert.deepEqual(weights(destinationRows([["10.0.0.2", 1, 7]])), [7]);
});

Deno.test("sortUnique() returns the documented order for any list with duplicates", () => {
  const listing = fc.array(fc.nat(SERVICES.length - 1), { maxLength: 60 });
  fc.assert(fc.property(listing, fc.constantFrom("as is", "up", "down"), (listing, trend) => {
    if (trend !== "as is") listing.sort((a, b) => trend === "up" ? a - b : b - a);
    const rows = serviceRows(listing.map((number, i) => ({ ...SERVICES[number]!, weight: i })));
    const order = [...sortUnique(rows, compareServices)];
    const expected = [...new Set(listing)].sort((a, b) => a - b);
    assert.deepEqual(order.map((row) => listing[row]), expected);
    assert.deepEqual(order, expected.map((number) => listing.lastIndexOf(number)));
  }));
});

Deno.test("sameSequence() compares only identities and their sequence", () => {
  const read = (...keys: [string, number, number?][]) => destinationRows(keys);
  const same = (a: Rows, b: Rows) => sameSequence(a, b, compareDestinations);
  const once = read(["10.0.0.1", 1, 1], ["10.0.0.2", 1, 1]);
  assert.equal(same(once, read(["10.0.0.1", 1, 9], ["10.0.0.2", 1, 9])), true);
  assert.equal(same(once, read(["10.0.0.2", 1], ["10.0.0.1", 1])), false);
  assert.equal(same(once, read(["10.0.0.1", 1])), false);
  assert.equal(same(once, read(["10.0.0.1", 1], ["10.0.0.2", 1], ["10.0.0.2", 1])), false);
  assert.equal(same(once, read(["10.0.0.1", 1], ["10.0.0.2", 2])), false);
});

Deno.test("Rows.append() copies rows, and keeps the previous ones when it grows", () => {
  const rows = new Rows(3), other = new Rows(3);
  for (let i = 0; i < 1000; i++) {
    const row = other.push();
    other.words(row).set([i, 2 * i, 3 * i], other.at(row));
  }
  for (let i = 0; i < 1000; i++) rows.append(other, 999 - i, 1000 - i);
  assert.equal(rows.length, 1000);
  for (let i = 0; i < 1000; i++) {
    const value = 999 - i;
    const columns = [0, 1, 2].map((column) => valueOf(rows, i, column));
    assert.deepEqual(columns, [value, 2 * value, 3 * value]);
  }
});

Deno.test("Rows.push() returns 0 after truncate()", () => {
  const rows = serviceRows([{ fwmark: 1 }]);
  assert.equal(rows.length, 1);
  assert.equal(rows.push(), 1);
  rows.truncate();
  assert.equal(rows.length, 0);
  assert.equal(rows.push(), 0);
});
