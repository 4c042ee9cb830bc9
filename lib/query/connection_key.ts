/**
 * The key of a group of connections, and what is known about a group.
 *
 * @module
 */

/**
 * The words of a key, in the order that groups are sorted by. The words of the protocol and of the
 * ports also have flags in their lowest bits: whether the virtual address is IPv6; whether the
 * destination is IPv6; whether there is no client port, and the origin.
 */
export const KEY = {
  ...{ protocol: 0, virtual: 1, virtualPort: 5, destination: 6, destinationPort: 10, state: 11 },
  width: 12,
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
