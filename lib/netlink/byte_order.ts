/**
 * Byte order. Every Linux machine that this program runs on is little-endian; the network and the
 * machines that some captures come from are not.
 *
 * @module
 */

/** Swaps the two low bytes of a 32-bit word and drops the others. */
export function swap16(word: number): number {
  return ((word & 0xff) << 8) | ((word >>> 8) & 0xff);
}

/** Swaps the four bytes of a 32-bit word; the result is unsigned. */
export function swap32(word: number): number {
  return ((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0;
}

/** Joins two unsigned 32-bit halves exactly: a number below 2^53, else a bigint. */
export function fromHalves(low: number, high: number): number | bigint {
  if (high === 0) return low;
  return high < 0x200000 ? high * 0x100000000 + low : (BigInt(high) << 32n) | BigInt(low);
}
