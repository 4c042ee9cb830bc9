/**
 * The pcap file format: all four variants are read, and one is written.
 *
 * A file header of 24 bytes { u32 magic; u16 major, minor; u32 zone, accuracy, snap length, link
 * type }, then frames, each behind a header of 16 bytes { u32 seconds, fraction, captured length,
 * original length }. All in the byte order of the magic.
 *
 * @module
 */
import { CaptureError } from "./error.ts";
import { type Frame, LINKTYPE_NETLINK, viewOf } from "./frame.ts";

const MAGIC_MICROSECONDS = 0xa1b2c3d4;
const MAGIC_NANOSECONDS = 0xa1b23c4d;
const FILE_HEADER = 24;
const NANOSECONDS = 1_000_000_000n;

/** Length of the header before each frame, in bytes. */
export const FRAME_HEADER = 16;

/** The largest frame that tcpdump and Wireshark read, in bytes. */
export const SNAP_LENGTH = 262_144;

/** The byte order and time unit that a file's magic number declares. */
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

/** Whether bytes begin as a pcap file does. */
export function isPcap(bytes: Uint8Array): boolean {
  return variantOf(bytes) !== undefined;
}

/**
 * Reads the frames of a pcap file.
 *
 * @throws {CaptureError} if the file is no pcap, of another version, or ends within a frame.
 */
export function* readPcap(bytes: Uint8Array): Generator<Frame> {
  const variant = variantOf(bytes);
  if (variant === undefined) throw new CaptureError("it is no pcap file");
  if (bytes.length < FILE_HEADER) {
    throw new CaptureError(`it ends within its header, after ${bytes.length} of 24 bytes`);
  }
  const { littleEndian, nanosecondsPerUnit } = variant;
  const view = viewOf(bytes);
  const version = view.getUint16(4, littleEndian);
  if (version !== 2) throw new CaptureError(`its pcap version is ${version}, not 2`);
  // The upper half says whether frames end in a checksum.
  const linkType = view.getUint32(20, littleEndian) & 0xffff;
  let number = 0;
  let offset = FILE_HEADER;
  while (offset < bytes.length) {
    number++;
    const start = offset + FRAME_HEADER;
    if (start > bytes.length) throw cutOff(number, offset);
    const end = start + view.getUint32(offset + 8, littleEndian);
    if (end > bytes.length) throw cutOff(number, offset);
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

function cutOff(number: number, offset: number): CaptureError {
  return new CaptureError(`it ends within packet ${number}, which begins at offset ${offset}`);
}

/** The header of a little-endian netlink capture with nanosecond times. */
export function pcapHeader(): Uint8Array {
  const bytes = new Uint8Array(FILE_HEADER);
  const view = viewOf(bytes);
  view.setUint32(0, MAGIC_NANOSECONDS, true);
  view.setUint16(4, 2, true);
  view.setUint16(6, 4, true);
  view.setUint32(16, SNAP_LENGTH, true);
  view.setUint32(20, LINKTYPE_NETLINK, true);
  return bytes;
}

/**
 * Writes the header of a frame of `length` bytes at the start of `bytes`, for a file that
 * {@linkcode pcapHeader} begins; `time` is in nanoseconds since 1970, before 2106.
 */
export function writeFrameHeader(bytes: Uint8Array, time: bigint, length: number): void {
  const view = viewOf(bytes);
  view.setUint32(0, Number(time / NANOSECONDS), true);
  view.setUint32(4, Number(time % NANOSECONDS), true);
  view.setUint32(8, length, true);
  view.setUint32(12, length, true);
}
