/**
 * Numbers distinct keys of a few 32-bit words: a hash table that makes no object for a key, so that
 * a million connections are summed in little memory.
 *
 * @module
 */

const INITIAL_CAPACITY = 1024;
/** Slots for each key, so that most are found at the first slot. */
const SLOTS_PER_KEY = 2;

/** Numbers keys from 0 on, up to a maximum. */
export class KeyTable {
  /** The key to find; to be filled in before each {@linkcode KeyTable.find}. */
  readonly key: Uint32Array;
  readonly #width: number;
  readonly #maximum: number;
  #keys: Uint32Array<ArrayBuffer>;
  #hashes = new Uint32Array(INITIAL_CAPACITY);
  /** Numbers of keys by hash, plus 1. */
  #slots = new Int32Array(SLOTS_PER_KEY * INITIAL_CAPACITY);
  #size = 0;

  /** Makes a table of up to `maximum` keys of `width` words. */
  constructor(width: number, maximum: number) {
    this.key = new Uint32Array(width);
    this.#width = width;
    this.#maximum = maximum;
    this.#keys = new Uint32Array(width * INITIAL_CAPACITY);
  }

  /** Number of keys. */
  get size(): number {
    return this.#size;
  }

  /**
   * The number of the key in {@linkcode KeyTable.key}, added if it is new; -1 if the table is full.
   *
   * @param words How many words of the key to compare. It depends on these words how many there are; the
   * others are taken as 0.
   */
  find(words: number): number {
    const slots = this.#slots, mask = slots.length - 1;
    const hash = this.#hash(words);
    for (let slot = hash & mask;; slot = (slot + 1) & mask) {
      const number = slots[slot]! - 1;
      if (number < 0) return this.#add(slot, hash, words);
      if (this.#isAt(number, words)) return number;
    }
  }

  /** A word of a key. */
  word(number: number, word: number): number {
    return this.#keys[number * this.#width + word]!;
  }

  #isAt(number: number, words: number): boolean {
    const { key } = this, keys = this.#keys, at = number * this.#width;
    for (let i = 0; i < words; i++) if (keys[at + i] !== key[i]) return false;
    return true;
  }

  #hash(words: number): number {
    const { key } = this;
    let hash = 0;
    for (let i = 0; i < words; i++) {
      hash = Math.imul(hash ^ key[i]!, 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    return hash;
  }

  #add(slot: number, hash: number, words: number): number {
    if (this.#size >= this.#maximum) return -1;
    const number = this.#size++;
    this.#keys.set(this.key.subarray(0, words), number * this.#width);
    this.#hashes[number] = hash;
    this.#slots[slot] = number + 1;
    if (this.#size === this.#hashes.length) this.#grow();
    return number;
  }

  #grow(): void {
    this.#keys = withRoom(this.#keys, this.#keys.length);
    this.#hashes = withRoom(this.#hashes, this.#hashes.length);
    const slots = this.#slots = new Int32Array(2 * this.#slots.length);
    const mask = slots.length - 1;
    for (let number = 0; number < this.#size; number++) {
      let slot = this.#hashes[number]! & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = number + 1;
    }
  }
}

/** An array with room for an index, twice as long if it has to grow. */
export function withRoom(
  values: Uint32Array<ArrayBuffer>,
  index: number,
): Uint32Array<ArrayBuffer> {
  if (index < values.length) return values;
  const longer = new Uint32Array(Math.max(2 * values.length, index + 1));
  longer.set(values);
  return longer;
}
