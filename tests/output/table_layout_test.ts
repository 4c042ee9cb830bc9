import assert from "node:assert/strict";
import { fakeKernel } from "../_fake_kernel.ts";
import { HARD_SERVICES, hardKernel } from "../_hard_cases.ts";
import { serversOf } from "./_expected.ts";
import { lines, only } from "./_table.ts";

/** A heading; some are two words. */
const HEAD = /(?:in|out) \S+|\S+ %|\S+/g;

for (const width of [60, 80, 100, 120, 200, undefined]) {
  Deno.test(`encodeTable() aligns rows with the headings in ${width ?? "unlimited"} columns`, () => {
    const all = lines(hardKernel(), width);
    const head = all.findIndex((line) => /^ +weight/.test(line));
    const ends = [...all[head]!.matchAll(HEAD)]
      .map(({ index, 0: { length } }) => index + length);
    const rows = all.slice(head + 1, -1);
    const figures = rows.filter((row) =>
      row.length === all[head]!.length && / \d+(\.\d)?[kMGTPE]?$/.test(row)
    );
    const servers = serversOf(HARD_SERVICES);
    const expected = servers.length + servers.reduce((n, each) => n + each.realServers.length, 0);
    assert.equal(figures.length, expected, "each server has a line of figures");
    for (const row of figures) {
      for (const end of ends) {
        // Virtual servers have no weight, shares or thresholds; some shares are "-".
        const isDigit = /^[0-9kMGTPE-]( |$)/.test(row.slice(end - 1, end + 1));
        assert.ok(isDigit || row.slice(0, 1) !== " " || row[end - 1] === " ", row);
        assert.match(row.slice(end, end + 1), /^ ?$/, row);
      }
    }
    for (const line of rows) {
      // Only a name that is too long for the terminal exceeds the width.
      if (line.length > (width ?? Infinity)) assert.match(line, /^( {2})?\S+( \S+)? {2}/);
      if (figures.includes(line)) assert.ok(line.length <= (width ?? Infinity), line);
    }
  });
}

Deno.test("encodeTable() shows the most important columns that fit", () => {
  const services = [{
    fwmark: 1,
    destinations: [{ address: "10.0.0.1", port: 80, persistent: 1, upperThreshold: 1 }],
  }];
  const heads = (width?: number) =>
    only(lines(fakeKernel({ services }), width), "active").match(HEAD);
  assert.deepEqual(heads(40), ["weight", "active", "conn/s"]);
  assert.deepEqual(heads(46), ["weight", "active", "inact", "conn/s"]);
  const base = ["weight", "active", "inact", "conn/s", "in B/s", "out B/s"];
  assert.deepEqual(heads(66), base);
  assert.deepEqual(heads(85), [...base.slice(0, 4), "in pkt/s", "out pkt/s", ...base.slice(4)]);
  assert.equal(heads()?.length, 17);
  assert.deepEqual(heads(1000), heads());
});

Deno.test("encodeTable() prints the figures below a name that leaves no room for them", () => {
  const address = "2001:db8:1111:2222:3333:4444:5555:6666";
  const destinations = [{ address, port: 65535, weight: 42 }];
  const source = () => fakeKernel({ services: [{ address, port: 443, destinations }] });
  const narrow = lines(source(), 80);
  const at = narrow.indexOf(`  [${address}]:65535  masq`);
  assert.match(narrow[at + 1]!, /^ +42 +0 /);
  assert.match(only(lines(source()), ":65535"), /masq +42 +100\.0 +- +0 /);
});
