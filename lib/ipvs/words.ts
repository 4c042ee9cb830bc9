/**
 * Byte order of words: all Linux machines that this program runs on are little-endian, the network
 * and some recorders are not.
 *
 * @module
 */

/** Swaps the two low bytes of a word and drops the others. */
export function swap16(word: number): number {
  return ((word & 0xff) << 8) | ((word >>> 8) & 0xff);
}

/** Swaps the four bytes of a word; the result is unsigned. */
export function swap32(word: number): number {
  return ((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0;
}
