/**
 * Decoded rows in one growing buffer, and their order.
 *
 * @module
 */
import { swap32 } from "../netlink/byte_order.ts";
import { DESTINATION, SERVER, SERVICE } from "./columns.ts";

const FIRST_CAPACITY = 64; // rows

/**
 * Rows of equal width. The first chunk has 64 rows, and each further one as many as all before it,
 * so that rows are never copied.
 */
export class Rows {
  /** Columns of a row. */
  readonly width: number;
  readonly #chunks: Uint32Array[] = [];
  #capacity = 0;
  #length = 0;

  /** Makes an empty buffer for rows of `width` columns. */
  constructor(width: number) {
    this.width = width;
  }

  /** Number of rows. */
  get length(): number {
    return this.#length;
  }

  /** Adds a row with undefined contents and returns its number. */
  push(): number {
    if (this.#length === this.#capacity) {
      const rows = this.#capacity || FIRST_CAPACITY;
      this.#chunks.push(new Uint32Array(rows * this.width));
      this.#capacity += rows;
    }
    return this.#length++;
  }

  /** The buffer that has the row. */
  words(row: number): Uint32Array {
    return this.#chunks[chunkOf(row)]!;
  }

  /** Index of the row's first column in {@linkcode words}. */
  at(row: number): number {
    const chunk = chunkOf(row);
    const start = chunk === 0 ? 0 : FIRST_CAPACITY << chunk - 1;
    return (row - start) * this.width;
  }

  /** Adds copies of another buffer's rows from `start` to before `end`. */
  append(other: Rows, start = 0, end = other.length): void {
    for (let row = start; row < end; row++) {
      const from = other.at(row);
      const to = this.push();
      this.words(to).set(other.words(row).subarray(from, from + this.width), this.at(to));
    }
  }

  /** Removes the rows from `length` on, and keeps the buffers. */
  truncate(length = 0): void {
    this.#length = length;
  }
}

/** Number of the chunk that has a row: 0 for rows 0 to 63, 1 to 127, 2 to 255 and so on. */
function chunkOf(row: number): number {
  return 26 - Math.clz32(row | FIRST_CAPACITY - 1);
}

/** Orders two rows, which may be in two buffers, by identity; 0 for the same server. */
export type Compare = (a: Rows, i: number, b: Rows, j: number) => number;

/** Compares addresses byte by byte. */
function compareAddresses(x: Uint32Array, p: number, y: Uint32Array, q: number): number {
  for (let i = SERVER.address; i < SERVER.address + 4; i++) {
    const a = x[p + i]!, b = y[q + i]!;
    if (a !== b) return swap32(a) - swap32(b);
  }
  return 0;
}

/**
 * The order of virtual servers: those with an address, by address family (IPv4 first), address,
 * port and protocol number; then those with a fwmark, by its number and by address family.
 */
export function compareServices(a: Rows, i: number, b: Rows, j: number): number {
  const x = a.words(i), y = b.words(j);
  const p = a.at(i), q = b.at(j);
  return x[p + SERVICE.fwmark]! - y[q + SERVICE.fwmark]! ||
    x[p + SERVICE.addressFamily]! - y[q + SERVICE.addressFamily]! ||
    compareAddresses(x, p, y, q) ||
    x[p + SERVICE.port]! - y[q + SERVICE.port]! ||
    x[p + SERVICE.protocol]! - y[q + SERVICE.protocol]!;
}

/** The order of a virtual server's real servers: by address family (IPv4 first), address, port. */
export function compareDestinations(a: Rows, i: number, b: Rows, j: number): number {
  const x = a.words(i), y = b.words(j);
  const p = a.at(i), q = b.at(j);
  return x[p + DESTINATION.addressFamily]! - y[q + DESTINATION.addressFamily]! ||
    compareAddresses(x, p, y, q) ||
    x[p + DESTINATION.port]! - y[q + DESTINATION.port]!;
}

/**
 * Sorts the rows from `start` on and returns their numbers. Of several rows of one server only the
 * last one is kept.
 */
export function sortUnique(rows: Rows, compare: Compare, start = 0): number[] {
  const order: number[] = [];
  const { length } = rows;
  // The kernel lists new entries first, so that a table set up in order arrives in reverse.
  const trend = length - start < 2 ? -1 : Math.sign(compare(rows, start, rows, start + 1));
  let isSorted = trend !== 0;
  for (let row = start + 1; row < length && isSorted; row++) {
    isSorted = Math.sign(compare(rows, row - 1, rows, row)) === trend;
  }
  if (isSorted && trend > 0) { for (let row = length - 1; row >= start; row--) order.push(row); }
  else for (let row = start; row < length; row++) order.push(row);
  if (isSorted) return order;
  order.sort((i, j) => compare(rows, i, rows, j) || i - j);
  return order.filter((row, i) =>
    i + 1 === order.length || compare(rows, row, rows, order[i + 1]!) !== 0
  );
}

/** Whether two buffers have the same servers in the same sequence. */
export function sameSequence(a: Rows, b: Rows, compare: Compare): boolean {
  if (a.length !== b.length) return false;
  for (let row = 0; row < a.length; row++) if (compare(a, row, b, row) !== 0) return false;
  return true;
}
