/** Reading a table that another process keeps changing. */
import assert from "node:assert/strict";
import { parseExact } from "./_compare.ts";
import { type Files, textOf } from "./_files.ts";
import type { Fields } from "./_ipvsadm.ts";
import { phase } from "./_guest.ts";

const test = phase("churn.sh");
const ROUNDS = 25;

/** The differences of a torn listing. */
interface Torn {
  missing: number;
  duplicated: number;
}

/** Number of permanent entries missing from a listing, and of entries that occur more than once. */
function compare(listed: string[], permanent: string[]): Torn {
  const counts = new Map<string, number>();
  for (const key of listed) counts.set(key, (counts.get(key) ?? 0) + 1);
  return {
    missing: permanent.filter((key) => !counts.has(key)).length,
    duplicated: [...counts.values()].filter((count) => count > 1).length,
  };
}

/** The keys of the permanent entries. */
function permanentKeys(count: number, network: string): string[] {
  return Array.from(
    { length: count },
    (_, n) => `${network}.${Math.trunc(n / 250)}.${n % 250 + 1}:80`,
  );
}

function virtualServers(files: Files, name: string): Fields[] {
  return parseExact(textOf(files, name)).virtual_servers as Fields[];
}

function endpoints(list: Fields[]): string[] {
  return list.map(({ address, port }) => `${address}:${port}`);
}

function rounds<T>(read: (n: number) => T): T[] {
  return Array.from({ length: ROUNDS }, (_, i) => read(i + 1));
}

function statuses(files: Files, name: string): string[] {
  return rounds((n) => textOf(files, `${name}-${n}.json.status`).trim());
}

/**
 * Prints, for information, how many listings of ipvsadm were torn, and how often ipvstat read
 * again.
 */
function printSummary(files: Files, name: string, torn: Torn[]): void {
  const states = rounds((n) =>
    parseExact(textOf(files, `${name}-${n}.json`)).consistency as Fields
  );
  const most = Math.max(...states.map(({ listings }) => Number(listings)));
  const count = <T>(values: readonly T[], test: (value: T) => boolean) =>
    values.filter(test).length;
  console.log(
    `${name}: ${textOf(files, `${name}-changes.txt`).trim()} changes; of ${torn.length} listings,`,
    `ipvsadm's lacked entries in ${count(torn, ({ missing }) => missing > 0)}`,
    `and repeated entries in ${count(torn, ({ duplicated }) => duplicated > 0)}; of ${ROUNDS},`,
    `ipvstat's were verified in ${count(states, ({ state }) => state === "verified")},`,
    `with at most ${most} lists; exit codes ${[...new Set(statuses(files, name))].join(", ")}`,
  );
}

/** Checks that no listing is torn, and all exit codes are 0 or 5. */
function assertNotTorn(files: Files, name: string, ours: Torn[]): void {
  const exits = statuses(files, name);
  const torn = ours.map(({ missing, duplicated }, i) =>
    missing + duplicated > 0
      ? `listing ${i + 1}, exit code ${exits[i]}: ${missing} missing, ${duplicated} duplicated`
      : ""
  );
  assert.deepEqual(torn.filter((line) => line !== ""), []);
  // 5 means that the other entries could not be made consistent.
  assert.deepEqual(exits.filter((exit) => exit !== "0" && exit !== "5"), []);
}

function listedByIpvsadm(files: Files, name: string, row: RegExp): string[][] {
  return rounds((n) => `${name}-${n}.txt`).filter((file) => file in files)
    .map((file) => Array.from(textOf(files, file).matchAll(row), ([, key]) => key!));
}

const conditions = [
  ["", "40 others are added and removed continuously"],
  ["-interrupted", "40 others are added and removed during every list"],
] as const;

for (const [suffix, condition] of conditions) {
  test(`no snapshot lacks or repeats one of 1,000 virtual servers while ${condition}`, (files) => {
    const name = `services${suffix}`;
    const expected = permanentKeys(1000, "10.20");
    const ours = rounds((n) => {
      const services = virtualServers(files, `${name}-${n}.json`);
      for (const { address, port, real_servers } of services) {
        if (!String(address).startsWith("10.20.")) continue;
        const server = `${address}:${port}`.replace("10.20.", "10.30.");
        assert.deepEqual(endpoints(real_servers as Fields[]), [server]);
      }
      return compare(endpoints(services), expected);
    });
    const theirs = listedByIpvsadm(files, name, /^TCP +(\S+)/gm);
    printSummary(files, name, theirs.map((listed) => compare(listed, expected)));
    assertNotTorn(files, name, ours);
  });

  test(`no snapshot lacks or repeats one of 300 real servers while ${condition}`, (files) => {
    const name = `servers${suffix}`;
    const expected = permanentKeys(300, "10.30");
    const ours = rounds((n) => {
      const services = virtualServers(files, `${name}-${n}.json`);
      assert.deepEqual(endpoints(services), ["192.0.2.1:80"]);
      return compare(endpoints(services[0]!.real_servers as Fields[]), expected);
    });
    const theirs = listedByIpvsadm(files, name, /^ +-> +(\d\S+)/gm);
    printSummary(files, name, theirs.map((listed) => compare(listed, expected)));
    assertNotTorn(files, name, ours);
  });
}
