/** Comparison of ipvstat's outputs with ipvsadm's listings and with the kernel's bytes. */
import assert from "node:assert/strict";
import { parseExactJson } from "../_parsers.ts";
import { type Files, textOf } from "./_files.ts";
import { type Fields, type Listing, listings } from "./_ipvsadm.ts";
import { serverKey, serviceKey, type WireService } from "./_wire_ipvs.ts";

/** JSON with every whole number as a bigint, so that no digit is lost. */
export function parseExact(text: string): Fields {
  return parseExactJson(text, "all") as Fields;
}

export type Table = Map<string, WireService>;

/** Adds what must not be there yet. */
export function addOnce<T>(map: Map<string, T>, key: string, value: T): void {
  assert.ok(!map.has(key), `${key} is there twice`);
  map.set(key, value);
}

/** The virtual servers of ipvstat's JSON by identity; none may be there twice. */
export function tableOf(json: Fields): Table {
  const table: Table = new Map();
  for (const { real_servers, ...fields } of json.virtual_servers as Fields[]) {
    const servers = new Map<string, Fields>();
    for (const server of real_servers as Fields[]) addOnce(servers, serverKey(server), server);
    addOnce(table, serviceKey(fields), { fields, servers });
  }
  return table;
}

/** Of a real server ipvsadm cuts these to 32 bits. */
const cut = [
  ...["connections", "pkts_in", "pkts_out", "cps", "pps_in", "pps_out"],
  ...["bytes_in_per_second", "bytes_out_per_second"],
];

function asCut(server: Fields): Fields {
  const narrowed = cut.map((name) => [name, BigInt.asUintN(32, server[name] as bigint)]);
  return { ...server, ...Object.fromEntries(narrowed) };
}

function sameFields(ours: Fields, theirs: Fields, where: string): number {
  for (const [name, value] of Object.entries(theirs)) {
    assert.deepEqual(ours[name], value, `${where}: ${name}`);
  }
  return Object.keys(theirs).length;
}

function sameKeys(ours: Iterable<string>, theirs: Iterable<string>, where: string): void {
  assert.deepEqual([...ours].sort(), [...theirs].sort(), where);
}

/** Holds every value of one listing against the table; gives the number of values compared. */
export function assertListing(table: Table, listing: Listing, name: string): number {
  let compared = 0;
  sameKeys(table.keys(), listing.keys(), `the virtual servers of ${name}`);
  for (const [key, theirs] of listing) {
    const ours = table.get(key)!;
    compared += sameFields(ours.fields, theirs.fields, `${name}: ${key}`);
    sameKeys(ours.servers.keys(), theirs.servers.keys(), `${name}: the real servers of ${key}`);
    for (const [address, fields] of theirs.servers) {
      const server = asCut(ours.servers.get(address)!);
      compared += sameFields(server, fields, `${name}: ${key} -> ${address}`);
    }
  }
  return compared;
}

/** The same for all of ipvsadm's listings in a guest's results. */
export function assertListings(table: Table, files: Files, prefix: string): number {
  let compared = 0;
  for (const [suffix, parse] of Object.entries(listings)) {
    const name = `${prefix}${suffix}.txt`;
    compared += assertListing(table, parse(textOf(files, name)), `ipvsadm's ${name}`);
  }
  return compared;
}
