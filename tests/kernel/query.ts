/** Rules for ipvsadm, virtual servers that the kernel is asked for one by one, and /proc alone. */
import assert from "node:assert/strict";
import { assertListing, parseExact, tableOf } from "./_compare.ts";
import { type Files, seen, textOf } from "./_files.ts";
import { type Fields, listings } from "./_ipvsadm.ts";
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

/** The virtual servers in JSON by a key, with their real servers; without what names a family. */
function byKey(servers: readonly Fields[]): Map<string, Fields> {
  return new Map(servers.map((one) => {
    const identity = [one.address_family, one.fwmark, one.protocol, one.address, one.port];
    return [identity.join(" "), one];
  }));
}

/** Checks that each member from /proc has the value that netlink reported; the family may be null. */
function assertPart(part: Fields, whole: Fields, key: string): number {
  const { real_servers, ...members } = part;
  const known = Object.entries(members).filter(([name, value]) =>
    name !== "address_family" || value !== null
  );
  for (const [name, value] of known) assert.deepEqual(value, whole[name], `${key}: ${name}`);
  const reals = (real_servers ?? []) as Fields[];
  const others = byKey((whole.real_servers ?? []) as Fields[]);
  assert.equal(reals.length, others.size, key);
  const counts = [...byKey(reals)].map(([name, real]) =>
    assertPart(real, others.get(name) ?? assert.fail(`${key}: ${name}`), `${key} ${name}`)
  );
  return known.length + counts.reduce((sum, count) => sum + count, 0);
}

test("nobody reads from /proc what netlink tells root, and nothing else", (files) => {
  const { status, out, err } = seen(files, "proc");
  // fwmark 5 exists in both families, with real servers behind tunnels only.
  assert.equal(status, 5, err);
  assert.match(err, /fwmark 5 exists in both address families, and only one of them is shown/);
  const proc = parseExact(out), all = parseExact(outputOf(files, "all"));
  assert.equal(proc.source, "proc");
  assert.equal(
    assertListing(tableOf(all), listings["-save"]!(textOf(files, "before-save.txt")), "-Sn") > 300,
    true,
  );
  const whole = byKey(all.virtual_servers as Fields[]);
  const servers = proc.virtual_servers as Fields[];
  assert.equal(servers.length, whole.size - 1);
  let compared = 0;
  for (const [key, server] of byKey(servers)) {
    // Without an address family there are two candidates.
    const candidates = key.startsWith(" ") ? [`inet${key}`, `inet6${key}`] : [key];
    const found = candidates.map((one) => whole.get(one)).find((one) => one !== undefined);
    compared += assertPart(server, found ?? assert.fail(key), key);
  }
  assert.ok(compared > 500, String(compared));
});

test("--source auto says once that it reads /proc, and the default is refused", (files) => {
  const { status, out, err } = seen(files, "auto");
  assert.equal(status, 5, err);
  const [refusal, doubt, ...rest] = err.split("\n");
  assert.match(refusal!, /^ipvstat: Not permitted to read netlink; reading \/proc\/net\/ip_vs, /);
  assert.match(doubt!, /; fwmark 5 exists in both address families/);
  assert.deepEqual(rest, [""]);
  const [head, virtual, ...reals] = out.trimEnd().split("\r\n").map((line) => line.split(","));
  assert.equal(virtual![head!.indexOf("source")], "proc");
  assert.equal(virtual![head!.indexOf("connections")], "");
  assert.deepEqual(reals.map((row) => row[head!.indexOf("weight")]), [
    "0",
    "65535",
    "65536",
    "2147483647",
  ]);
  assert.equal(seen(files, "refused").status, 4);
});
