/**
 * Records as they come from the decoder: whole rows in one growing buffer, to be sorted,
 * compared and freed of doubles before they are stored.
 *
 * @module
 */
import { DESTINATION, SERVICE } from "./schema.ts";
import { swap32 } from "./words.ts";

const FIRST_CAPACITY = 64; // rows
/** Room that is never used costs no memory; copies do. */
const GROWTH = 8;

/** Rows of equal width in 32-bit slots. */
export class Rows {
  /** Slots of a row. */
  readonly stride: number;
  #words: Uint32Array;
  #length = 0;

  /** Makes room for rows of `stride` slots. */
  constructor(stride: number) {
    this.stride = stride;
    this.#words = new Uint32Array(FIRST_CAPACITY * stride);
  }

  /** How many rows there are. */
  get length(): number {
    return this.#length;
  }

  /** The buffer; {@linkcode push} may replace it. */
  get words(): Uint32Array {
    return this.#words;
  }

  /** Adds a row, whose slots the caller fills, and returns where in the buffer it begins. */
  push(): number {
    const at = this.#length * this.stride;
    if (at + this.stride > this.#words.length) {
      const larger = new Uint32Array(this.#words.length * GROWTH);
      larger.set(this.#words);
      this.#words = larger;
    }
    this.#length++;
    return at;
  }

  /** Adds a copy of another buffer's row. */
  add(other: Rows, row: number): void {
    const at = this.push();
    const from = row * this.stride;
    this.#words.set(other.words.subarray(from, from + this.stride), at);
  }

  /** Adds copies of all of another buffer's rows. */
  addAll(other: Rows): void {
    for (let row = 0; row < other.length; row++) this.add(other, row);
  }

  /** Forgets all rows and keeps the buffer. */
  clear(): void {
    this.#length = 0;
  }
}

/** The slots that name a service, which {@linkcode compareServices} looks at. */
export const SERVICE_NAME: readonly number[] = [
  SERVICE.addressFamily,
  SERVICE.protocol,
  SERVICE.port,
  SERVICE.fwmark,
  ...[0, 1, 2, 3].map((i) => SERVICE.address + i),
];

/** Orders two rows, which may be of two buffers, by what names them; 0 for the same server. */
export type Compare = (a: Rows, i: number, b: Rows, j: number) => number;

/** Compares addresses of four words that hold raw bytes, as bytes. */
function compareAddresses(x: Uint32Array, p: number, y: Uint32Array, q: number): number {
  if (x[p] !== y[q]) return swap32(x[p]!) - swap32(y[q]!);
  if (x[p + 1] !== y[q + 1]) return swap32(x[p + 1]!) - swap32(y[q + 1]!);
  if (x[p + 2] !== y[q + 2]) return swap32(x[p + 2]!) - swap32(y[q + 2]!);
  return x[p + 3] === y[q + 3] ? 0 : swap32(x[p + 3]!) - swap32(y[q + 3]!);
}

/**
 * Virtual servers: those with an address before the firewall marks, which go by their number;
 * then IPv4 before IPv6, and by address, port and protocol number.
 */
export function compareServices(a: Rows, i: number, b: Rows, j: number): number {
  const x = a.words, y = b.words;
  const p = i * a.stride, q = j * b.stride;
  return x[p + SERVICE.fwmark]! - y[q + SERVICE.fwmark]! ||
    x[p + SERVICE.addressFamily]! - y[q + SERVICE.addressFamily]! ||
    compareAddresses(x, p + SERVICE.address, y, q + SERVICE.address) ||
    x[p + SERVICE.port]! - y[q + SERVICE.port]! ||
    x[p + SERVICE.protocol]! - y[q + SERVICE.protocol]!;
}

/** Real servers of one virtual server: IPv4 before IPv6, then by address and port. */
export function compareDestinations(a: Rows, i: number, b: Rows, j: number): number {
  const x = a.words, y = b.words;
  const p = i * a.stride, q = j * b.stride;
  return x[p + DESTINATION.addressFamily]! - y[q + DESTINATION.addressFamily]! ||
    compareAddresses(x, p + DESTINATION.address, y, q + DESTINATION.address) ||
    x[p + DESTINATION.port]! - y[q + DESTINATION.port]!;
}

/** Whether two buffers name the same servers in the same sequence. */
export function sameSequence(a: Rows, b: Rows, compare: Compare): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    if (compare(a, i, b, i) !== 0) return false;
  }
  return true;
}

/**
 * The rows' numbers in order, each server once: of doubles the one that was read last.
 * The kernel puts new entries first, so a table set up in order comes in reverse.
 */
export function sortedOnce(rows: Rows, compare: Compare): Uint32Array {
  const order = new Uint32Array(rows.length);
  const trend = rows.length < 2 ? -1 : Math.sign(compare(rows, 0, rows, 1));
  let monotone = trend !== 0;
  for (let i = 0; i < rows.length; i++) {
    order[i] = trend > 0 ? rows.length - 1 - i : i;
    if (i > 0 && Math.sign(compare(rows, i - 1, rows, i)) !== trend) monotone = false;
  }
  if (monotone) return order;
  order.sort((i, j) => compare(rows, i, rows, j) || i - j);
  let kept = 0;
  for (let i = 0; i < order.length; i++) {
    const last = i + 1 === order.length || compare(rows, order[i]!, rows, order[i + 1]!) !== 0;
    if (last) order[kept++] = order[i]!;
  }
  return order.subarray(0, kept);
}
