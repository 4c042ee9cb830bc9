import assert from "node:assert/strict";
import { firstServers, parseSortKey, SORT_KEYS, sortServers } from "../../lib/query/sort.ts";
import { keys, table } from "./_tables.ts";

const WEB = "tcp 10.0.0.1:80", DNS = "udp 10.0.0.1:53", SCTP = "sctp 10.0.1.1:80";
const WEB6 = "tcp [2001:db8::1]:80", MARK = "fwmark 7 inet", MARK6 = "fwmark 7 inet6";

function sorted(key: string): [string, string[]][] {
  return Object.entries(keys(sortServers(table(), parseSortKey(key))));
}

Deno.test("virtual servers are sorted by a counter beyond 2^53, equal ones in their usual order", () => {
  const names = sorted("connections:desc").map(([name]) => name);
  assert.deepEqual(names, [DNS, WEB6, WEB, SCTP, MARK, MARK6]);
  assert.deepEqual(sorted("connections").map(([name]) => name), [
    MARK,
    MARK6,
    SCTP,
    WEB,
    WEB6,
    DNS,
  ]);
});

Deno.test("real servers are sorted within their virtual server", () => {
  const [, reals] = sorted("weight:desc").find(([name]) => name === WEB)!;
  assert.deepEqual(reals, ["10.1.0.1:80", "10.1.0.2:8080", "[2001:db8:1::1]:80"]);
  assert.equal(sorted("weight")[0]![0], DNS);
  const [first, second] = sorted("active_connections:desc");
  assert.deepEqual([first![0], second![0]], [WEB6, WEB]);
  assert.deepEqual(second![1], ["10.1.0.1:80", "10.1.0.2:8080", "[2001:db8:1::1]:80"]);
});

Deno.test("servers without a value come last in both orders", () => {
  for (const key of ["protocol", "protocol:desc"]) {
    const names = sorted(key).map(([name]) => name);
    assert.deepEqual(names.slice(4), [MARK, MARK6], key);
  }
});

Deno.test("every key sorts, and keeps all servers", () => {
  const all = keys(table());
  for (const key of SORT_KEYS) {
    const found = Object.fromEntries(sorted(`${key}:desc`));
    assert.deepEqual(Object.keys(found).sort(), Object.keys(all).sort(), key);
    for (const name of Object.keys(all)) {
      assert.deepEqual(found[name]!.toSorted(), all[name]!.toSorted(), key);
    }
  }
});

Deno.test("unknown keys and orders are errors", () => {
  assert.throws(
    () => parseSortKey("speed"),
    /^SelectionError: Unknown key "speed" for --sort; use/,
  );
  assert.throws(() => parseSortKey("cps:down"), /Unknown order "down" for --sort; use asc or desc/);
});

Deno.test("firstServers keeps the first virtual servers with their real servers", () => {
  assert.deepEqual(Object.keys(keys(firstServers(table(), 2))), [DNS, WEB]);
  assert.equal(firstServers(table(), 100).virtualServers.length, 6);
});
