/**
 * Rows of services and destinations, from their addresses as text.
 *
 * @module
 */
import { Rows } from "../../lib/ipvs/rows.ts";
import { DESTINATION, PRESENT, SERVICE } from "../../lib/ipvs/columns.ts";
import { addressBytes } from "../_netlink_messages.ts";

export interface ServiceKey {
  readonly address?: string;
  readonly port?: number;
  readonly protocol?: number;
  readonly fwmark?: number;
  readonly family?: number;
  /** Not part of the identity; distinguishes rows of the same service. */
  readonly weight?: number;
}

function familyOf(address: string): number {
  return address.includes(":") ? 10 : 2;
}

/** Adds a row of zeros; returns its buffer and the index of its first column. */
function zeros(rows: Rows): [words: Uint32Array, at: number] {
  const row = rows.push();
  const words = rows.words(row), at = rows.at(row);
  words.fill(0, at, at + rows.width);
  return [words, at];
}

/** The value of a column. */
export function valueOf(rows: Rows, row: number, column: number): number {
  return rows.words(row)[rows.at(row) + column]!;
}

/** Rows of services; the family of a fwmark is IPv4 by default. */
export function serviceRows(keys: readonly ServiceKey[]): Rows {
  const rows = new Rows(SERVICE.width);
  for (const { address, port = 0, protocol = 6, fwmark = 0, family, weight = 0 } of keys) {
    const [words, at] = zeros(rows);
    words[at + PRESENT] = 1;
    words[at + SERVICE.addressFamily] = family ?? familyOf(address ?? "");
    words[at + SERVICE.fwmark] = fwmark;
    words[at + SERVICE.timeout] = weight;
    if (address === undefined) continue;
    words[at + SERVICE.protocol] = protocol;
    words[at + SERVICE.port] = port;
    new Uint8Array(words.buffer).set(addressBytes(address), 4 * (at + SERVICE.address));
  }
  return rows;
}

/** Rows of destinations from `[address, port, weight]`. */
export function destinationRows(
  keys: readonly (readonly [address: string, port: number, weight?: number])[],
): Rows {
  const rows = new Rows(DESTINATION.width);
  for (const [address, port, weight = 0] of keys) {
    const [words, at] = zeros(rows);
    words[at + PRESENT] = 1;
    words[at + DESTINATION.addressFamily] = familyOf(address);
    words[at + DESTINATION.port] = port;
    words[at + DESTINATION.weight] = weight;
    new Uint8Array(words.buffer).set(addressBytes(address), 4 * (at + DESTINATION.address));
  }
  return rows;
}
