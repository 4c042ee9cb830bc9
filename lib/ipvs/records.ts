/**
 * A compact store of records: most slots of most records are zero, so a record is kept as a
 * 64-bit mask of its non-zero slots and those slots alone. 100,000 real servers take some 5 to
 * 10 MB, a third of what they take whole.
 *
 * @module
 */

const CHUNK = 1 << 15; // words; a record never straddles two chunks
const HEADER = 2; // words of the mask
const NO_CHUNK = new Uint32Array(0);

function bitCount(bits: number): number {
  let n = bits - ((bits >>> 1) & 0x55555555);
  n = (n & 0x33333333) + ((n >>> 2) & 0x33333333);
  return Math.imul((n + (n >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** Records of at most 64 slots, of which the first is never zero. They are only ever added. */
export class Records {
  readonly #chunks: Uint32Array[] = [];
  #used = CHUNK;
  #length = 0;

  /** How many records there are. */
  get length(): number {
    return this.#length;
  }

  /** Where the next record will be, or comes after: a place to {@linkcode RecordCursor.seek}. */
  get end(): number {
    return this.#chunks.length === 0 ? 0 : (this.#chunks.length - 1) * CHUNK + this.#used;
  }

  /** Adds the record at slots `at` to `at + slots` of `source`; returns its place. */
  append(source: Uint32Array, at: number, slots: number): number {
    if (this.#used + HEADER + slots > CHUNK) {
      this.#chunks.push(new Uint32Array(CHUNK));
      this.#used = 0;
    }
    const index = this.#chunks.length - 1;
    const chunk = this.#chunks[index]!;
    const start = this.#used;
    let to = start + HEADER;
    let low = 0;
    let high = 0;
    for (let slot = 0; slot < slots; slot++) {
      const value = source[at + slot]!;
      if (value === 0) continue;
      chunk[to++] = value;
      if (slot < 32) low |= 1 << slot;
      else high |= 1 << (slot - 32);
    }
    chunk[start] = low;
    chunk[start + 1] = high;
    this.#used = to;
    this.#length++;
    return index * CHUNK + start;
  }

  /** A cursor that stands on no record yet. */
  cursor(): RecordCursor {
    return new RecordCursor(this.#chunks);
  }
}

/** Reads one record after the other. */
export class RecordCursor {
  readonly #chunks: readonly Uint32Array[];
  #chunk: Uint32Array = NO_CHUNK;
  #index = 0;
  #low = 0;
  #high = 0;
  /** Where the non-zero slots from 0, and those from 32, begin in the chunk; and the end. */
  #first = 0;
  #second = 0;
  #next = 0;

  /** Reads from these chunks; made by {@linkcode Records.cursor}. */
  constructor(chunks: readonly Uint32Array[]) {
    this.#chunks = chunks;
  }

  /** Makes {@linkcode next} go to the record at a place that `append()` or `end` gave. */
  seek(place: number): void {
    this.#index = (place / CHUNK) | 0;
    this.#chunk = this.#chunks[this.#index] ?? this.#chunk;
    this.#next = place % CHUNK;
  }

  /** Goes to the next record, which the caller knows to be there. */
  next(): void {
    if (this.#next >= CHUNK - HEADER || this.#chunk[this.#next] === 0) {
      this.#chunk = this.#chunks[++this.#index]!;
      this.#next = 0;
    }
    const start = this.#next;
    this.#low = this.#chunk[start]!;
    this.#high = this.#chunk[start + 1]!;
    this.#first = start + HEADER;
    this.#second = this.#first + bitCount(this.#low);
    this.#next = this.#second + bitCount(this.#high);
  }

  /** The value of a slot: an unsigned 32-bit number. */
  get(slot: number): number {
    if (slot < 32) {
      const bit = 1 << slot;
      return (this.#low & bit) === 0
        ? 0
        : this.#chunk[this.#first + bitCount(this.#low & (bit - 1))]!;
    }
    const bit = 1 << (slot - 32);
    return (this.#high & bit) === 0
      ? 0
      : this.#chunk[this.#second + bitCount(this.#high & (bit - 1))]!;
  }

  /** The 64-bit value of a slot and the one after it: exact, a number where it is safe. */
  wide(slot: number): number | bigint {
    return fromHalves(this.get(slot), this.get(slot + 1));
  }
}

/** Joins two unsigned 32-bit halves: a number below 2^53, else a bigint. */
export function fromHalves(low: number, high: number): number | bigint {
  return high < 0x200000 ? high * 0x100000000 + low : (BigInt(high) << 32n) | BigInt(low);
}
