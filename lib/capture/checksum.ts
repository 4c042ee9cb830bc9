/**
 * The checksum of a recording: FNV-1a of 32 bits, which no single altered byte leaves the same.
 *
 * @module
 */

const PRIME = 0x0100_0193;

/** The checksum of nothing. */
export const EMPTY_CHECKSUM = 0x811c_9dc5;

/** Goes on with a checksum: of what it was of, and these bytes behind it. */
export function addToChecksum(checksum: number, bytes: Uint8Array): number {
  let sum = checksum;
  for (let at = 0; at < bytes.length; at++) sum = Math.imul(sum ^ bytes[at]!, PRIME);
  return sum >>> 0;
}
