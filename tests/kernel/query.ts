/** Rules for ipvsadm, and virtual servers that the kernel is asked for one by one. */
import assert from "node:assert/strict";
import { parseExact } from "./_compare.ts";
import { type Files, seen, textOf } from "./_files.ts";
import type { Fields } from "./_ipvsadm.ts";
import { phase } from "./_guest.ts";

const test = phase("query.sh");

/** The output of a command that succeeded. */
function outputOf(files: Files, name: string): string {
  const { status, out, err } = seen(files, name);
  assert.equal(status, 0, err);
  return out;
}

test("ipvsadm -R restores the whole table from -o ipvsadm", (files) => {
  assert.equal(outputOf(files, "again"), outputOf(files, "rules"));
  assert.ok(outputOf(files, "rules").split("\n").length > 90);
  for (const name of ["save", "thresholds", "tunnels"]) {
    const sorted = (moment: string) => textOf(files, `${moment}-${name}.txt`).split("\n").sort();
    assert.deepEqual(sorted("after"), sorted("before"), name);
  }
});

test("exact virtual servers are those of the whole table, and nothing is listed for them", (files) => {
  const servers = (name: string) =>
    parseExact(outputOf(files, name)).virtual_servers as readonly Fields[];
  const identity = (one: Fields) => [one.fwmark, one.protocol, one.address, one.port].join(" ");
  const wanted = [" tcp 192.0.2.20 80", " tcp 2001:db8:1::1 80", "5   "];
  const expected = servers("all").filter((one) => wanted.includes(identity(one)));
  assert.equal(expected.length, 4);
  assert.deepEqual(servers("exact"), expected);
  const requests = seen(files, "exact").err.split("\n")
    .filter((line) => line.includes("IPVS_CMD_GET_SERVICE"));
  assert.ok(requests.length > 0);
  for (const line of requests) assert.doesNotMatch(line, /dump/, line);
});
