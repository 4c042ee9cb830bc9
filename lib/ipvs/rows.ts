/**
 * Decoded rows in one growing buffer, and their order.
 *
 * @module
 */
import { swap32 } from "../netlink/byte_order.ts";
import { DESTINATION, SERVER, SERVICE } from "./columns.ts";

const FIRST_CAPACITY = 64; // rows
const GROWTH = 2;

/** Rows of equal width. */
export class Rows {
  /** Columns of a row. */
  readonly width: number;
  #words: Uint32Array;
  #length = 0;

  /** Makes an empty buffer for rows of `width` columns. */
  constructor(width: number) {
    this.width = width;
    this.#words = new Uint32Array(FIRST_CAPACITY * width);
  }

  /** Number of rows. */
  get length(): number {
    return this.#length;
  }

  /** The buffer, which {@linkcode push} may replace. */
  get words(): Uint32Array {
    return this.#words;
  }

  /** Adds a row with undefined contents and returns the index of its first column. */
  push(): number {
    const at = this.#length * this.width;
    if (at + this.width > this.#words.length) {
      const larger = new Uint32Array(this.#words.length * GROWTH);
      larger.set(this.#words);
      this.#words = larger;
    }
    this.#length++;
    return at;
  }

  /** Adds copies of another buffer's rows from `start` to before `end`. */
  append(other: Rows, start = 0, end = other.length): void {
    const { words, width } = other;
    for (let row = start; row < end; row++) {
      const at = this.push();
      this.#words.set(words.subarray(row * width, (row + 1) * width), at);
    }
  }

  /** Removes the rows from `length` on, and keeps the buffer. */
  truncate(length = 0): void {
    this.#length = length;
  }
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
  const x = a.words, y = b.words;
  const p = i * a.width, q = j * b.width;
  return x[p + SERVICE.fwmark]! - y[q + SERVICE.fwmark]! ||
    x[p + SERVICE.addressFamily]! - y[q + SERVICE.addressFamily]! ||
    compareAddresses(x, p, y, q) ||
    x[p + SERVICE.port]! - y[q + SERVICE.port]! ||
    x[p + SERVICE.protocol]! - y[q + SERVICE.protocol]!;
}

/** The order of a virtual server's real servers: by address family (IPv4 first), address, port. */
export function compareDestinations(a: Rows, i: number, b: Rows, j: number): number {
  const x = a.words, y = b.words;
  const p = i * a.width, q = j * b.width;
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
