import assert from "node:assert/strict";
import fc from "fast-check";
import { ListingComparison } from "../../lib/ipvs/listing_comparison.ts";
import { compareDestinations, type Rows } from "../../lib/ipvs/rows.ts";
import { DESTINATION } from "../../lib/ipvs/columns.ts";
import { destinationRows, valueOf } from "./_rows.ts";

type Key = [address: string, port: number, weight?: number];

/** Feeds a second listing to a comparison: the identity first, then the row if it does not match. */
function listInto(comparison: ListingComparison, second: Rows): void {
  for (let row = 0; row < second.length; row++) {
    comparison.scratch.append(second, row, row + 1);
    if (!comparison.matches()) comparison.rows.append(second, row, row + 1);
  }
}

function compare(first: Key[], second: Key[]): Rows | undefined {
  const comparison = new ListingComparison(destinationRows(first), compareDestinations);
  listInto(comparison, destinationRows(second));
  return comparison.end();
}

function ports(rows: Rows | undefined): number[] | undefined {
  return rows && Array.from(
    { length: rows.length },
    (_, row) => valueOf(rows, row, DESTINATION.port),
  );
}

Deno.test("ListingComparison.end() returns undefined if both listings have the same servers in sequence", () => {
  const once: Key[] = [["10.0.0.1", 1, 1], ["10.0.0.2", 2, 1]];
  assert.equal(compare(once, [["10.0.0.1", 1, 9], ["10.0.0.2", 2, 9]]), undefined);
  assert.equal(compare([], []), undefined);
});

Deno.test("ListingComparison.end() returns the whole second listing if it differs", () => {
  const once: Key[] = [["10.0.0.1", 1], ["10.0.0.2", 2]];
  assert.deepEqual(ports(compare(once, [["10.0.0.2", 2], ["10.0.0.1", 1]])), [2, 1]);
  assert.deepEqual(ports(compare(once, [["10.0.0.1", 1]])), [1]);
  assert.deepEqual(ports(compare(once, [])), []);
  assert.deepEqual(ports(compare(once, [["10.0.0.1", 1], ["10.0.0.2", 3]])), [1, 3]);
  assert.deepEqual(ports(compare(once, [...once, ["10.0.0.2", 2]])), [1, 2, 2]);
  assert.deepEqual(ports(compare([], [["10.0.0.1", 1]])), [1]);
});

Deno.test("ListingComparison.end() returns undefined or the second listing for any two listings", () => {
  const listing = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 6 });
  fc.assert(fc.property(listing, listing, (first, second) => {
    const rows = (list: number[]) => destinationRows(list.map((port): Key => ["10.0.0.1", port]));
    const comparison = new ListingComparison(rows(first), compareDestinations);
    listInto(comparison, rows(second));
    const same = first.join() === second.join();
    assert.deepEqual(ports(comparison.end()), same ? undefined : second);
  }));
});
