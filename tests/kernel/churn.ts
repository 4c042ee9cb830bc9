/** Listings of a table that another process changes without a pause. */
import assert from "node:assert/strict";
import { parseExact } from "./_compare.ts";
import { type Files, textOf } from "./_files.ts";
import type { Fields } from "./_ipvsadm.ts";
import { phase } from "./_guest.ts";

const test = phase("churn.sh");
const ROUNDS = 25;

interface Torn {
  missing: number;
  doubled: number;
}

/** How many of the standing ones a listing has not, and how many it has more than once. */
function compare(listed: string[], standing: string[]): Torn {
  const counts = new Map<string, number>();
  for (const key of listed) counts.set(key, (counts.get(key) ?? 0) + 1);
  return {
    missing: standing.filter((key) => !counts.has(key)).length,
    doubled: [...counts.values()].filter((count) => count > 1).length,
  };
}

function standing(count: number, network: string): string[] {
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

/** For information: what the same conditions do to ipvsadm, and what ours cost. */
function tell(files: Files, name: string, torn: Torn[]): void {
  const states = rounds((n) =>
    parseExact(textOf(files, `${name}-${n}.json`)).consistency as Fields
  );
  const most = Math.max(...states.map(({ listings }) => Number(listings)));
  console.log(
    `${name}: ${textOf(files, `${name}-changes.txt`).trim()} changes;`,
    `ipvsadm had standing ones missing in ${torn.filter(({ missing }) => missing).length}`,
    `and some doubled in ${torn.filter(({ doubled }) => doubled).length} of ${ROUNDS} listings;`,
    `ipvstat was ${states.filter(({ state }) => state === "verified").length} times verified,`,
    `with at most ${most} listings; exit codes ${[...new Set(statuses(files, name))].join(", ")}`,
  );
}

function assertWhole(files: Files, name: string, ours: Torn[]): void {
  const exits = statuses(files, name);
  const torn = ours.map(({ missing, doubled }, i) =>
    missing + doubled > 0
      ? `listing ${i + 1}, exit code ${exits[i]}: ${missing} missing, ${doubled} doubled`
      : ""
  );
  assert.deepEqual(torn.filter((line) => line !== ""), []);
  // 5 is for a listing that is whole in the standing ones, and in doubt about the others.
  assert.deepEqual(exits.filter((exit) => exit !== "0" && exit !== "5"), []);
}

function listedByIpvsadm(files: Files, name: string, row: RegExp): string[][] {
  return rounds((n) =>
    Array.from(textOf(files, `${name}-${n}.txt`).matchAll(row), ([, key]) => key!)
  );
}

const conditions = [
  ["", "40 others come and go without a pause"],
  ["-interrupted", "40 others come and go and interrupt every listing"],
] as const;

for (const [suffix, condition] of conditions) {
  test(`no reading misses or doubles one of 1,000 standing services while ${condition}`, (files) => {
    const name = `services${suffix}`;
    const expected = standing(1000, "10.20");
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
    tell(files, name, theirs.map((listed) => compare(listed, expected)));
    assertWhole(files, name, ours);
  });

  test(`no reading misses or doubles one of 300 standing real servers while ${condition}`, (files) => {
    const name = `servers${suffix}`;
    const expected = standing(300, "10.30");
    const ours = rounds((n) => {
      const services = virtualServers(files, `${name}-${n}.json`);
      assert.deepEqual(endpoints(services), ["192.0.2.1:80"]);
      return compare(endpoints(services[0]!.real_servers as Fields[]), expected);
    });
    const theirs = listedByIpvsadm(files, name, /^ +-> +(\d\S+)/gm);
    tell(files, name, theirs.map((listed) => compare(listed, expected)));
    assertWhole(files, name, ours);
  });
}
