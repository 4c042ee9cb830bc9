/**
 * Writes text as UTF-8 bytes to a buffer, which goes to a sink when it is full. Numbers and IPv4
 * addresses are written digit by digit: a string for each of a million values would take longer.
 *
 * @module
 */

/** Receives encoded bytes, which are valid only during the call. */
export type Sink = (chunk: Uint8Array) => void;

const CAPACITY = 64 * 1024;
/** Maximum length of a number or an IPv4 address. */
const LONGEST_NUMBER = 20;
const ENCODER = new TextEncoder();
const ZERO = 48;
/** Up to this length a loop is faster than set(). */
const SHORT = 12;
/** The same for a part of an array, for which set() needs a view. */
const SHORT_PART = 64;
const DOT = 46;
const BILLION = 1_000_000_000;

/** Encodes text as UTF-8, once for text that is written often. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return ENCODER.encode(text);
}

/** A buffered writer to a {@linkcode Sink}. */
export class ByteWriter {
  readonly #sink: Sink;
  readonly #bytes = new Uint8Array(CAPACITY);
  #at = 0;
  #flushed = 0;

  /** Writes to `sink`. */
  constructor(sink: Sink) {
    this.#sink = sink;
  }

  /** Writes the contents of the buffer to the sink. */
  flush(): void {
    if (this.#at > 0) this.#sink(this.#bytes.subarray(0, this.#at));
    this.#flushed += this.#at;
    this.#at = 0;
  }

  /** Number of bytes written so far. */
  get position(): number {
    return this.#flushed + this.#at;
  }

  /** Writes the bytes from `start` to before `end`. */
  raw(bytes: Uint8Array, start = 0, end = bytes.length): void {
    const length = end - start;
    if (this.#at + length > CAPACITY) this.flush();
    if (length > CAPACITY) {
      this.#flushed += length;
      return this.#sink(bytes.subarray(start, end));
    }
    const to = this.#bytes;
    let at = this.#at;
    this.#at += length;
    const isWhole = length === bytes.length;
    if (length <= (isWhole ? SHORT : SHORT_PART)) {
      for (let i = start; i < end; i++) to[at++] = bytes[i]!;
    } else to.set(isWhole ? bytes : bytes.subarray(start, end), at);
  }

  /** Writes any text. */
  text(text: string): void {
    this.raw(utf8(text));
  }

  /** Writes an unsigned 32-bit number in decimal. */
  u32(value: number): void {
    if (this.#at + LONGEST_NUMBER > CAPACITY) this.flush();
    const rest = value >>> 0;
    if (rest < 10) this.#bytes[this.#at++] = ZERO + rest;
    else this.#digits(rest, digitCount(rest));
  }

  /** Writes an unsigned integer of up to 64 bits in decimal. */
  number(value: number | bigint): void {
    if (typeof value === "bigint") return this.text(value.toString());
    if (value <= 0xffffffff) return this.u32(value);
    const billions = Math.floor(value / BILLION);
    this.u32(billions);
    if (this.#at + LONGEST_NUMBER > CAPACITY) this.flush();
    this.#digits((value - billions * BILLION) >>> 0, 9);
  }

  /** Writes a number from 0 to 1, rounded to at most 9 decimals, without zeros at its end. */
  fraction(value: number, decimals: number): void {
    if (this.#at + LONGEST_NUMBER > CAPACITY) this.flush();
    let rest = Math.round(value * 10 ** decimals);
    let width = decimals;
    while (width > 0 && rest % 10 === 0) {
      rest /= 10;
      width--;
    }
    this.#bytes[this.#at++] = ZERO + (width === 0 ? rest : 0);
    if (width === 0) return;
    this.#bytes[this.#at++] = DOT;
    this.#digits(rest, width);
  }

  /** Writes an IPv4 address, given as an unsigned 32-bit number, in dotted decimal. */
  ipv4(address: number): void {
    if (this.#at + LONGEST_NUMBER > CAPACITY) this.flush();
    this.#octet(address >>> 24);
    this.#bytes[this.#at++] = DOT;
    this.#octet((address >>> 16) & 0xff);
    this.#bytes[this.#at++] = DOT;
    this.#octet((address >>> 8) & 0xff);
    this.#bytes[this.#at++] = DOT;
    this.#octet(address & 0xff);
  }

  #octet(value: number): void {
    const bytes = this.#bytes;
    if (value >= 100) {
      const hundreds = value >= 200 ? 2 : 1;
      bytes[this.#at++] = ZERO + hundreds;
      value -= hundreds * 100;
      bytes[this.#at++] = ZERO + ((value * 205) >>> 11);
    } else if (value >= 10) {
      bytes[this.#at++] = ZERO + ((value * 205) >>> 11);
    }
    bytes[this.#at++] = ZERO + value - 10 * ((value * 205) >>> 11);
  }

  /** Writes the last `width` digits of an unsigned 32-bit number, two at a time. */
  #digits(value: number, width: number): void {
    const bytes = this.#bytes;
    let at = this.#at + width;
    this.#at = at;
    for (; width > 1; width -= 2) {
      const hundreds = (value / 100) >>> 0;
      const pair = value - hundreds * 100;
      const tens = (pair * 205) >>> 11;
      bytes[--at] = ZERO + pair - 10 * tens;
      bytes[--at] = ZERO + tens;
      value = hundreds;
    }
    if (width === 1) bytes[--at] = ZERO + value;
  }
}

/** Number of decimal digits of an unsigned 32-bit number. */
function digitCount(value: number): number {
  if (value < 10_000) return value < 100 ? (value < 10 ? 1 : 2) : value < 1000 ? 3 : 4;
  if (value < 1_000_000) return value < 100_000 ? 5 : 6;
  if (value < 100_000_000) return value < 10_000_000 ? 7 : 8;
  return value < BILLION ? 9 : 10;
}
