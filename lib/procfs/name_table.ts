/**
 * Finds names in bytes without making a string of each: a table of the names seen so far.
 *
 * @module
 */

const LONGEST = 32;

/** Numbers distinct names of up to 32 printable ASCII characters from 0 on. */
export class NameTable {
  /** The names by number. */
  readonly names: string[] = [];
  readonly #maximum: number;
  readonly #bytes: Uint8Array[] = [];
  /** Numbers of names by hash, plus 1; twice as many slots as names, so there is a free one. */
  readonly #slots: Uint16Array;

  /** Makes room for `maximum` names, a power of 2. */
  constructor(maximum: number) {
    this.#maximum = maximum;
    this.#slots = new Uint16Array(2 * maximum);
  }

  /**
   * The number of the name from `start` to before `end`; -1 if it is empty, too long, or one name too
   * many.
   */
  find(bytes: Uint8Array, start: number, end: number): number {
    const mask = this.#slots.length - 1;
    // The names of states differ in length, first or last character; others may share a slot.
    const hash = Math.imul(31 * bytes[start]! + bytes[end - 1]!, 31) + end - start;
    for (let slot = hash & mask;; slot = (slot + 1) & mask) {
      const number = this.#slots[slot]! - 1;
      if (number < 0) return this.#add(slot, bytes.slice(start, end));
      if (isEqual(this.#bytes[number]!, bytes, start, end)) return number;
    }
  }

  #add(slot: number, name: Uint8Array): number {
    const isPrintable = name.every((byte) => byte > 0x20 && byte < 0x7f);
    if (name.length === 0 || name.length > LONGEST || !isPrintable) return -1;
    if (this.names.length === this.#maximum) return -1;
    this.#bytes.push(name);
    this.#slots[slot] = this.names.push(new TextDecoder().decode(name));
    return this.names.length - 1;
  }
}

function isEqual(name: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (name.length !== end - start) return false;
  for (let i = 0; i < name.length; i++) if (name[i] !== bytes[start + i]) return false;
  return true;
}
