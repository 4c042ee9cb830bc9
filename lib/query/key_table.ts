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
  #keys: Uint32Array;
  /** Numbers of keys by hash, plus 1. */
  #slots: Int32Array;
  #size = 0;

  /** Makes a table of up to `maximum` keys of `width` words. */
  constructor(width: number, maximum: number) {
    this.key = new Uint32Array(width);
    this.#width = width;
    this.#maximum = maximum;
    this.#keys = new Uint32Array(width * INITIAL_CAPACITY);
    this.#slots = new Int32Array(SLOTS_PER_KEY * INITIAL_CAPACITY);
  }

  /** Number of keys. */
  get size(): number {
    return this.#size;
  }

  /** The number of the key in {@linkcode KeyTable.key}, added if it is new; -1 if the table is full. */
  find(): number {
    const { key } = this, mask = this.#slots.length - 1;
    for (let slot = this.#hash(key, 0) & mask;; slot = (slot + 1) & mask) {
      const number = this.#slots[slot]! - 1;
      if (number < 0) return this.#add(slot);
      if (this.#isAt(number, key)) return number;
    }
  }

  /** A copy of a key. */
  keyAt(number: number): Uint32Array {
    return this.#keys.slice(number * this.#width, (number + 1) * this.#width);
  }

  /** A word of a key. */
  word(number: number, word: number): number {
    return this.#keys[number * this.#width + word]!;
  }

  /** Orders two keys by their first word that differs. */
  compare(a: number, b: number): number {
    const keys = this.#keys, width = this.#width;
    let i = 0;
    while (i < width - 1 && keys[a * width + i] === keys[b * width + i]) i++;
    return keys[a * width + i]! - keys[b * width + i]!;
  }

  #isAt(number: number, key: Uint32Array): boolean {
    const keys = this.#keys, width = this.#width, at = number * width;
    for (let i = 0; i < width; i++) if (keys[at + i] !== key[i]) return false;
    return true;
  }

  #hash(words: Uint32Array, at: number): number {
    let hash = 0;
    for (let i = 0; i < this.#width; i++) {
      hash = Math.imul(hash ^ words[at + i]!, 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    return hash;
  }

  #add(slot: number): number {
    if (this.#size >= this.#maximum) return -1;
    const number = this.#size++;
    this.#keys.set(this.key, number * this.#width);
    this.#slots[slot] = number + 1;
    if (this.#size * this.#width === this.#keys.length) this.#grow();
    return number;
  }

  #grow(): void {
    const keys = new Uint32Array(2 * this.#keys.length);
    keys.set(this.#keys);
    this.#keys = keys;
    const slots = this.#slots = new Int32Array(2 * this.#slots.length);
    const mask = slots.length - 1;
    for (let number = 0; number < this.#size; number++) {
      let slot = this.#hash(keys, number * this.#width) & mask;
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
