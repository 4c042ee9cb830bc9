/**
 * The frames of a capture, whatever the file format.
 *
 * @module
 */

/**
 * The link type of a netlink capture: frames with a cooked header, followed by netlink messages.
 */
export const LINKTYPE_NETLINK = 253;

/** The largest time that fits in signed 64-bit nanoseconds since 1970, in the year 2262. */
const MAX_TIME = 2n ** 63n - 1n;

/** Whether every output format can represent a time, in nanoseconds since 1970. */
export function isTimeInRange(time: bigint): boolean {
  return time >= 0n && time <= MAX_TIME;
}

/** The reason of a CaptureError: the packet's time is out of range. */
export const TIME_OUT_OF_RANGE = "has a time outside 1970 to 2262";

/** One captured frame. */
export interface Frame {
  /** Position in the file, counted from 1, as in tcpdump and Wireshark. */
  readonly number: number;
  /** The offset of the frame's record in the file, in bytes. */
  readonly offset: number;
  /** Nanoseconds since 1970; 0 if the file has no time for the frame. */
  readonly time: bigint;
  /** LINKTYPE_* of the interface. */
  readonly linkType: number;
  /** The captured bytes, as a view into the file. */
  readonly bytes: Uint8Array;
  /** The original length in bytes: larger than the captured one if the snap length truncated it. */
  readonly originalLength: number;
  /** The byte order of the file, usually that of the machine that recorded it. */
  readonly littleEndian: boolean;
}

/** Creates a view of the same memory. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
