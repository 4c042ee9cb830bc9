/** Compares ipvstat's JSON with ipvsadm's listings and with the recorded netlink messages. */
import assert from "node:assert/strict";
import { parseExactJson } from "../_output_parsers.ts";
import { type Files, textOf } from "./_files.ts";
import type { CapturedService } from "./_capture_state.ts";
import { serverKey, serviceKey } from "./_ipvs_attributes.ts";
import { type Fields, type Listing, listings } from "./_ipvsadm.ts";

/** Parses JSON with all integers as bigint. */
export function parseExact(text: string): Fields {
  return parseExactJson(text, "all") as Fields;
}

/** Virtual servers by {@linkcode serviceKey}. */
export type Table = Map<string, CapturedService>;

/** Adds an entry; fails if the key exists. */
export function addOnce<T>(map: Map<string, T>, key: string, value: T): void {
  assert.ok(!map.has(key), `${key} occurs twice`);
  map.set(key, value);
}

/** The virtual servers in ipvstat's JSON by identity; fails if one occurs twice. */
export function tableOf(json: Fields): Table {
  const table: Table = new Map();
  for (const { real_servers, ...fields } of json.virtual_servers as Fields[]) {
    const servers = new Map<string, Fields>();
    for (const server of real_servers as Fields[]) addOnce(servers, serverKey(server), server);
    addOnce(table, serviceKey(fields), { fields, servers });
  }
  return table;
}

/** Fields of a real server that ipvsadm truncates to 32 bits. */
const truncatedFields = [
  ...["connections", "pkts_in", "pkts_out", "cps", "pps_in", "pps_out"],
  ...["bytes_in_per_second", "bytes_out_per_second"],
];

function truncate(server: Fields): Fields {
  const narrowed = truncatedFields.map((
    name,
  ) => [name, BigInt.asUintN(32, server[name] as bigint)]);
  return { ...server, ...Object.fromEntries(narrowed) };
}

function assertFields(ours: Fields, theirs: Fields, where: string): number {
  for (const [name, value] of Object.entries(theirs)) {
    assert.deepEqual(ours[name], value, `${where}: ${name}`);
  }
  return Object.keys(theirs).length;
}

function assertSameKeys(ours: Iterable<string>, theirs: Iterable<string>, where: string): void {
  assert.deepEqual([...ours].sort(), [...theirs].sort(), where);
}

/** Compares every value in a listing with the table; returns the number of values compared. */
export function assertListing(table: Table, listing: Listing, name: string): number {
  let compared = 0;
  assertSameKeys(table.keys(), listing.keys(), `the virtual servers of ${name}`);
  for (const [key, theirs] of listing) {
    const ours = table.get(key)!;
    compared += assertFields(ours.fields, theirs.fields, `${name}: ${key}`);
    assertSameKeys(
      ours.servers.keys(),
      theirs.servers.keys(),
      `${name}: the real servers of ${key}`,
    );
    for (const [address, fields] of theirs.servers) {
      const server = truncate(ours.servers.get(address)!);
      compared += assertFields(server, fields, `${name}: ${key} -> ${address}`);
    }
  }
  return compared;
}

/** Compares all of ipvsadm's listings from a guest with the table. */
export function assertListings(table: Table, files: Files, prefix: string): number {
  let compared = 0;
  for (const [suffix, parse] of Object.entries(listings)) {
    const name = `${prefix}${suffix}.txt`;
    compared += assertListing(table, parse(textOf(files, name)), `ipvsadm's ${name}`);
  }
  return compared;
}
