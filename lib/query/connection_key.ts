/**
 * The key of a group of connections, and what is known about a group.
 *
 * @module
 */

/** The words of a key. Those of IPv4 come first; for IPv4 alone, the others are 0. */
export const KEY = {
  /** Protocol, flags, origin and state, see {@linkcode HEAD}. */
  head: 0,
  /** The virtual port, and the port of the real server in the lower half. */
  ports: 1,
  /** The words of the virtual address. */
  virtual: [2, 4, 5, 6],
  /** The words of the address of the real server. */
  destination: [3, 7, 8, 9],
  /** Number of words if both addresses are IPv4. */
  widthInet: 4,
  width: 10,
} as const;

/** Bits of the first word, from the highest on; the lowest byte is the state. */
export const HEAD = {
  protocolShift: 24,
  inet6: 1 << 23,
  destinationInet6: 1 << 22,
  noClientPort: 1 << 21,
  originShift: 8,
  stateMask: 0xff,
} as const;

/** Where a group reads its numbers. */
export interface Sums {
  /** A word of the group's key. */
  word(group: number, word: number): number;
  /** The name of the group's state. */
  stateOf(group: number): string;
  /** Number of connections. */
  countOf(group: number): number;
  /** Seconds. */
  longestExpiryOf(group: number): number;
  /** Number of connections in a range of seconds until expiry. */
  countInRange(group: number, range: number): number;
}

/** Orders groups by protocol, family, virtual server, real server, kind, origin and state. */
export function compareKeys(sums: Sums, a: number, b: number): number {
  const difference = (word: number, mask = 0xffffffff) =>
    ((sums.word(a, word) & mask) >>> 0) - ((sums.word(b, word) & mask) >>> 0);
  const first = (words: readonly number[]) =>
    words.reduce((found, word) => found || difference(word), 0);
  const [stateA, stateB] = [sums.stateOf(a), sums.stateOf(b)];
  return difference(KEY.head, -1 << 23) || first(KEY.virtual) ||
    difference(KEY.ports, 0xffff0000) || difference(KEY.head, HEAD.destinationInet6) ||
    first(KEY.destination) || difference(KEY.ports, 0xffff) ||
    difference(KEY.head, ~HEAD.stateMask) || (stateA < stateB ? -1 : stateA > stateB ? 1 : 0);
}
