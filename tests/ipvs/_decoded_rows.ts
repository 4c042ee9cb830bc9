/**
 * Decodes replies into rows, and reads columns of them.
 *
 * @module
 */
import { CONFIG, DAEMON, DESTINATION, INFO, SERVICE, STATS } from "../../lib/ipvs/columns.ts";
import { Decoder } from "../../lib/ipvs/decode.ts";
import {
  CONFIG_TABLE,
  DAEMON_TABLE,
  DESTINATION_TABLE,
  INFO_TABLE,
  SERVICE_TABLE,
  type Table,
} from "../../lib/ipvs/schema.ts";
import { fromHalves } from "../../lib/netlink/byte_order.ts";
import type { Datagram } from "../../lib/netlink/transport.ts";

/** A table of the schema, and the number of columns of its rows. */
export interface RowKind {
  readonly table: Table;
  readonly width: number;
}

export const SERVICES: RowKind = { table: SERVICE_TABLE, width: SERVICE.width };
export const DESTINATIONS: RowKind = { table: DESTINATION_TABLE, width: DESTINATION.width };
export const DAEMONS: RowKind = { table: DAEMON_TABLE, width: DAEMON.width };
export const INFOS: RowKind = { table: INFO_TABLE, width: INFO.width };
export const CONFIGS: RowKind = { table: CONFIG_TABLE, width: CONFIG.width };

/** Decodes a reply into a row that had other bits in every column. */
export function decode(
  { table, width }: RowKind,
  datagram: Datagram,
  decoder: Decoder = new Decoder(table, width),
): Uint32Array {
  const buffer = new Uint32Array(width + 2).fill(0xa5a5a5a5);
  decoder.decode(datagram, 20, datagram.length, buffer, 1);
  if (buffer[0] !== 0xa5a5a5a5 || buffer.at(-1) !== 0xa5a5a5a5) {
    throw new Error("The decoder wrote outside of the row");
  }
  return buffer.subarray(1, -1);
}

/** A number with these bits set, such as those of the attributes that are present. */
export function bits(...numbers: number[]): number {
  return numbers.reduce((sum, number) => sum + 2 ** number, 0);
}

/** The bytes of an address or a name. */
export function bytesOf(row: Uint32Array, column: number, words = 4): number[] {
  return [...new Uint8Array(row.slice(column, column + words).buffer)];
}

/** A name, up to the first NUL. */
export function textOf(row: Uint32Array, column: number): string {
  return String.fromCharCode(...bytesOf(row, column)).replace(/\0+$/, "");
}

/** The ten statistics, in the order of their attribute types. */
export function statsOf(row: Uint32Array): (number | bigint)[] {
  return Object.values(STATS).map((column) => fromHalves(row[column]!, row[column + 1]!));
}

/** The statistics of a reply that starts with `first`: see stats() in _replies.ts. */
export function countUp(first: bigint): (number | bigint)[] {
  return Array.from({ length: 10 }, (_, i) => {
    const value = first + BigInt(i);
    return value < 2n ** 53n ? Number(value) : value;
  });
}
