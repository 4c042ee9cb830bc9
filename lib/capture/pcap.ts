/**
 * The pcap file format: reads all four variants (either byte order, microseconds or nanoseconds),
 * and writes little-endian files with nanoseconds.
 *
 * A file has a header of 24 bytes { u32 magic; u16 major, minor; u32 zone, accuracy, snap length,
 * link type }, followed by frames, each with a header of 16 bytes { u32 seconds, fraction, captured
 * length, original length }. The magic number determines the byte order of all of them.
 *
 * @module
 */
import { CaptureError } from "./error.ts";
import { type Frame, LINKTYPE_NETLINK, viewOf } from "./frame.ts";

const MAGIC_MICROSECONDS = 0xa1b2c3d4;
const MAGIC_NANOSECONDS = 0xa1b23c4d;
const FILE_HEADER_LENGTH = 24;
const NANOSECONDS = 1_000_000_000n;

/** The length of the header of each frame, in bytes. */
export const FRAME_HEADER_LENGTH = 16;

/** The size of the largest frame that tcpdump and Wireshark accept, in bytes. */
export const MAX_FRAME_LENGTH = 262_144;

/** The byte order and the time unit, as given by the magic number. */
interface Variant {
  readonly littleEndian: boolean;
  readonly nanosecondsPerUnit: bigint;
}

function variantOf(bytes: Uint8Array): Variant | undefined {
  if (bytes.length < 4) return undefined;
  for (const littleEndian of [true, false]) {
    const magic = viewOf(bytes).getUint32(0, littleEndian);
    if (magic === MAGIC_MICROSECONDS) return { littleEndian, nanosecondsPerUnit: 1000n };
    if (magic === MAGIC_NANOSECONDS) return { littleEndian, nanosecondsPerUnit: 1n };
  }
  return undefined;
}

/** Whether bytes start with the magic number of a pcap file. */
export function isPcap(bytes: Uint8Array): boolean {
  return variantOf(bytes) !== undefined;
}

/**
 * Reads the frames of a pcap file.
 *
 * @throws {CaptureError} if the file is not pcap, has another version, or is truncated.
 */
export function* readPcap(bytes: Uint8Array): Generator<Frame> {
  const variant = variantOf(bytes);
  if (variant === undefined) throw new CaptureError("it is not a pcap file");
  if (bytes.length < FILE_HEADER_LENGTH) {
    throw new CaptureError(`it has ${bytes.length} of the 24 bytes of a pcap header`);
  }
  const { littleEndian, nanosecondsPerUnit } = variant;
  const view = viewOf(bytes);
  const version = view.getUint16(4, littleEndian);
  if (version !== 2) throw new CaptureError(`its pcap version is ${version}, not 2`);
  // The upper half describes the frame check sequence.
  const linkType = view.getUint32(20, littleEndian) & 0xffff;
  let number = 0;
  let offset = FILE_HEADER_LENGTH;
  while (offset < bytes.length) {
    number++;
    const start = offset + FRAME_HEADER_LENGTH;
    if (start > bytes.length) throw truncatedIn(number, offset);
    const end = start + view.getUint32(offset + 8, littleEndian);
    if (end > bytes.length) throw truncatedIn(number, offset);
    const seconds = BigInt(view.getUint32(offset, littleEndian));
    const fraction = BigInt(view.getUint32(offset + 4, littleEndian));
    yield {
      number,
      offset,
      time: seconds * NANOSECONDS + fraction * nanosecondsPerUnit,
      linkType,
      bytes: bytes.subarray(start, end),
      originalLength: view.getUint32(offset + 12, littleEndian),
      littleEndian,
    };
    offset = end;
  }
}

function truncatedIn(number: number, offset: number): CaptureError {
  return new CaptureError(`it is truncated in packet ${number} at offset ${offset}`);
}

/** Creates the file header of a little-endian netlink capture with nanoseconds. */
export function pcapHeader(): Uint8Array {
  const bytes = new Uint8Array(FILE_HEADER_LENGTH);
  const view = viewOf(bytes);
  view.setUint32(0, MAGIC_NANOSECONDS, true);
  view.setUint16(4, 2, true);
  view.setUint16(6, 4, true);
  view.setUint32(16, MAX_FRAME_LENGTH, true);
  view.setUint32(20, LINKTYPE_NETLINK, true);
  return bytes;
}

/**
 * Writes the header of a frame of `length` bytes at the start of `bytes`, for a file that starts
 * with {@linkcode pcapHeader}; `time` is in nanoseconds since 1970, and before 2106.
 */
export function writeFrameHeader(bytes: Uint8Array, time: bigint, length: number): void {
  const view = viewOf(bytes);
  view.setUint32(0, Number(time / NANOSECONDS), true);
  view.setUint32(4, Number(time % NANOSECONDS), true);
  view.setUint32(8, length, true);
  view.setUint32(12, length, true);
}
