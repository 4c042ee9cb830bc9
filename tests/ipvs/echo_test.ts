import assert from "node:assert/strict";
import fc from "fast-check";
import { Echo } from "../../lib/ipvs/echo.ts";
import { compareDestinations, type Rows } from "../../lib/ipvs/rows.ts";
import { DESTINATION } from "../../lib/ipvs/schema.ts";
import { destinationRows } from "./_rows.ts";

type Key = [address: string, port: number, weight?: number];

/** What a listing says to an echo: names first, the whole where the echo does not know it. */
function listInto(echo: Echo, second: Rows): void {
  for (let row = 0; row < second.length; row++) {
    echo.scratch.add(second, row);
    if (!echo.matches()) echo.rows.add(second, row);
  }
}

function compare(first: Key[], second: Key[]): Rows | undefined {
  const echo = new Echo(destinationRows(first), compareDestinations);
  listInto(echo, destinationRows(second));
  return echo.end();
}

function ports(rows: Rows | undefined): number[] | undefined {
  return rows && Array.from(
    { length: rows.length },
    (_, row) => rows.words[row * rows.stride + DESTINATION.port]!,
  );
}

Deno.test("Echo takes a listing of the same names in the same sequence for the same", () => {
  const once: Key[] = [["10.0.0.1", 1, 1], ["10.0.0.2", 2, 1]];
  assert.equal(compare(once, [["10.0.0.1", 1, 9], ["10.0.0.2", 2, 9]]), undefined);
  assert.equal(compare([], []), undefined);
});

Deno.test("Echo gives back the whole second listing where it differs", () => {
  const once: Key[] = [["10.0.0.1", 1], ["10.0.0.2", 2]];
  assert.deepEqual(ports(compare(once, [["10.0.0.2", 2], ["10.0.0.1", 1]])), [2, 1]);
  assert.deepEqual(ports(compare(once, [["10.0.0.1", 1]])), [1]);
  assert.deepEqual(ports(compare(once, [])), []);
  assert.deepEqual(ports(compare(once, [["10.0.0.1", 1], ["10.0.0.2", 3]])), [1, 3]);
  assert.deepEqual(ports(compare(once, [...once, ["10.0.0.2", 2]])), [1, 2, 2]);
  assert.deepEqual(ports(compare([], [["10.0.0.1", 1]])), [1]);
});

Deno.test("Echo finds any two listings the same or gives the second", () => {
  const listing = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 6 });
  fc.assert(fc.property(listing, listing, (first, second) => {
    const rows = (list: number[]) => destinationRows(list.map((port): Key => ["10.0.0.1", port]));
    const echo = new Echo(rows(first), compareDestinations);
    listInto(echo, rows(second));
    const same = first.join() === second.join();
    assert.deepEqual(ports(echo.end()), same ? undefined : second);
  }));
});
