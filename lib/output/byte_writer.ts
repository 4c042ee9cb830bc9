/**
 * Writes text as UTF-8 bytes into one buffer that it hands on when it is full. Encoders write
 * numbers and addresses digit by digit, so that no string is made for each of a million values.
 *
 * @module
 */

/** Takes what was encoded; the bytes are valid only during the call. */
export type Sink = (chunk: Uint8Array) => void;

const CAPACITY = 64 * 1024;
/** Longest write that is checked for room at once. */
const LONGEST_NUMBER = 20;
const ENCODER = new TextEncoder();
const ZERO = 48;
/** Up to here a loop is faster than the engine's copy. */
const SHORT = 16;
const DOT = 46;
const BILLION = 1_000_000_000;

/** Encodes text once that is written often. */
export function utf8(text: string): Uint8Array {
  return ENCODER.encode(text);
}

/** A buffered writer to a {@linkcode Sink}. */
export class ByteWriter {
  readonly #sink: Sink;
  readonly #bytes = new Uint8Array(CAPACITY);
  #at = 0;

  /** Writes to `sink`. */
  constructor(sink: Sink) {
    this.#sink = sink;
  }

  /** Hands on what is left in the buffer. */
  flush(): void {
    if (this.#at > 0) this.#sink(this.#bytes.subarray(0, this.#at));
    this.#at = 0;
  }

  /** Writes bytes, or the first `length` of them. */
  raw(bytes: Uint8Array, length = bytes.length): void {
    if (this.#at + length > CAPACITY) this.flush();
    if (length > CAPACITY) return this.#sink(bytes.subarray(0, length));
    const to = this.#bytes;
    let at = this.#at;
    if (length > SHORT && length === bytes.length) {
      to.set(bytes, at);
      this.#at = at + length;
      return;
    }
    for (let i = 0; i < length; i++) to[at++] = bytes[i]!;
    this.#at = at;
  }

  /** Writes any text. */
  text(text: string): void {
    this.raw(utf8(text));
  }

  /** Writes an unsigned 32-bit number in decimal. */
  u32(value: number): void {
    if (this.#at + LONGEST_NUMBER > CAPACITY) this.flush();
    if (value < 10) {
      this.#bytes[this.#at++] = ZERO + value;
      return;
    }
    let width = 2;
    for (let limit = 100; value >= limit; limit *= 10) width++;
    this.#digits(value, width);
  }

  /** Writes an unsigned 64-bit number, given by its halves, in decimal. */
  u64(low: number, high: number): void {
    if (high === 0) return this.u32(low);
    if (high >= 0x200000) return this.text(((BigInt(high) << 32n) | BigInt(low)).toString());
    const value = high * 0x100000000 + low;
    const billions = Math.floor(value / BILLION);
    this.u32(billions);
    if (this.#at + LONGEST_NUMBER > CAPACITY) this.flush();
    this.#digits(value - billions * BILLION, 9);
  }

  /** Writes four raw bytes in a little-endian word as dotted decimal. */
  ipv4(word: number): void {
    if (this.#at + LONGEST_NUMBER > CAPACITY) this.flush();
    this.#octet(word & 0xff);
    this.#bytes[this.#at++] = DOT;
    this.#octet((word >>> 8) & 0xff);
    this.#bytes[this.#at++] = DOT;
    this.#octet((word >>> 16) & 0xff);
    this.#bytes[this.#at++] = DOT;
    this.#octet(word >>> 24);
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

  #digits(value: number, width: number): void {
    let at = this.#at + width;
    this.#at = at;
    while (width-- > 0) {
      const tens = Math.floor(value / 10);
      this.#bytes[--at] = ZERO + value - tens * 10;
      value = tens;
    }
  }
}
