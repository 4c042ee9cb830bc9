/**
 * What every capture format has: frames, numbered as tcpdump and Wireshark number them.
 *
 * @module
 */

/** Link type of a netlink capture: a cooked header and then netlink messages. */
export const LINKTYPE_NETLINK = 253;

/** The last time that signed 64-bit nanoseconds since 1970 can say, in the year 2262. */
const LAST_TIME = 2n ** 63n - 1n;

/** Whether a time in nanoseconds since 1970 can be said in each format. */
export function isPossibleTime(time: bigint): boolean {
  return time >= 0n && time <= LAST_TIME;
}

/** Says of a packet that its time is not possible. */
export const IMPOSSIBLE_TIME = "has a time outside 1970 to 2262";

/** One captured frame; its bytes are a view into the file. */
export interface Frame {
  /** Counts from 1. */
  readonly number: number;
  /** Where the frame's record begins in the file, in bytes. */
  readonly offset: number;
  /** Nanoseconds since 1970; 0 where the format has no time for it. */
  readonly time: bigint;
  /** LINKTYPE_* of the interface. */
  readonly linkType: number;
  /** What was captured. */
  readonly bytes: Uint8Array;
  /** How many bytes there were on the wire: more than captured where a snap length cut them. */
  readonly originalLength: number;
  /** Byte order of the file, and so most likely of the machine that recorded it. */
  readonly littleEndian: boolean;
}

/** A view of the same memory. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
