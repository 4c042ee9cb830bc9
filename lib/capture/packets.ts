/**
 * The netlink packets of a pcap or pcapng file.
 *
 * A frame of LINKTYPE_NETLINK has a cooked header of 16 bytes in network byte order { u16 packet
 * type; u16 ARPHRD; 10 unused bytes; u16 netlink protocol }, followed by the data of one send or
 * receive: netlink messages in the byte order of the recorded machine.
 *
 * @module
 */
import { NLM_F_REQUEST, NLMSG_HDRLEN, NLMSG_MIN_TYPE } from "../netlink/uapi.ts";
import { CaptureError } from "./error.ts";
import { type Frame, isTimeInRange, LINKTYPE_NETLINK, TIME_OUT_OF_RANGE, viewOf } from "./frame.ts";
import { isPcap, readPcap } from "./pcap.ts";
import { isPcapng, readPcapng } from "./pcapng.ts";

/** The length of the cooked header, in bytes. */
export const COOKED_HEADER_LENGTH = 16;

const ARPHRD_NETLINK = 824;
const PACKET_USER = 6;
const PACKET_KERNEL = 7;
const LINKTYPE_ETHERNET = 1;

/** The data of one send or receive on a netlink socket, as views into the file. */
export interface NetlinkPacket {
  /** Position in the file, counted from 1, as in tcpdump and Wireshark. */
  readonly number: number;
  /** The offset of the packet's record in the file, in bytes. */
  readonly offset: number;
  /** Nanoseconds since 1970. */
  readonly time: bigint;
  /** The netlink protocol, NETLINK_*. */
  readonly protocol: number;
  /** Whether it was sent to the kernel, with requests. */
  readonly isRequest: boolean;
  /** The cooked header and the netlink messages. */
  readonly frame: Uint8Array;
  /** The netlink messages. */
  readonly bytes: Uint8Array;
  /** Number of bytes that the snap length cut off. */
  readonly missing: number;
  /** The byte order of the recorded machine. */
  readonly littleEndian: boolean;
}

/**
 * Reads all netlink packets of a pcap or pcapng file in order. Packets of other link types are
 * skipped.
 *
 * @throws {CaptureError} if the file has another format, is damaged, or has no netlink packets.
 */
export function readPackets(bytes: Uint8Array): NetlinkPacket[] {
  const packets: NetlinkPacket[] = [];
  let otherLinkType: number | undefined;
  for (const frame of readFrames(bytes)) {
    if (frame.linkType === LINKTYPE_NETLINK) packets.push(toPacket(frame));
    else otherLinkType ??= frame.linkType;
  }
  if (packets.length > 0) return packets;
  if (otherLinkType === undefined) throw new CaptureError("it contains no packets");
  const name = otherLinkType === LINKTYPE_ETHERNET ? "1 (Ethernet)" : otherLinkType;
  const expected = `${LINKTYPE_NETLINK} (netlink)`;
  throw new CaptureError(`its link type is ${name}, not ${expected}; capture an nlmon device`);
}

/** Number of bytes that {@linkcode isCapture} needs. */
export const MAGIC_LENGTH = 4;

/** Whether bytes start with the magic number of a pcap or pcapng file. */
export function isCapture(bytes: Uint8Array): boolean {
  return isPcap(bytes) || isPcapng(bytes);
}

function readFrames(bytes: Uint8Array): Iterable<Frame> {
  if (bytes.length === 0) throw new CaptureError("it is empty");
  if (isPcap(bytes)) return readPcap(bytes);
  if (isPcapng(bytes)) return readPcapng(bytes);
  throw new CaptureError("it is neither pcap nor pcapng");
}

function toPacket(frame: Frame): NetlinkPacket {
  const view = viewOf(frame.bytes);
  if (view.byteLength < COOKED_HEADER_LENGTH) {
    throw packetError(frame, `has ${view.byteLength} of the 16 bytes of a cooked header`);
  }
  const arphrd = view.getUint16(2);
  if (arphrd !== ARPHRD_NETLINK) {
    throw packetError(frame, `has hardware type ${arphrd}, not ${ARPHRD_NETLINK} (netlink)`);
  }
  if (!isTimeInRange(frame.time)) throw packetError(frame, TIME_OUT_OF_RANGE);
  const missing = frame.originalLength - view.byteLength;
  if (missing < 0) {
    const { originalLength } = frame;
    throw packetError(
      frame,
      `has ${view.byteLength} captured bytes, more than its original length ${originalLength}`,
    );
  }
  return new CapturedPacket(frame, view.getUint16(14));
}

/**
 * Stores offsets instead of views to save memory: a file can have a packet for every 32 bytes, and
 * two views of each packet would take several times that.
 */
class CapturedPacket implements NetlinkPacket {
  readonly number: number;
  readonly offset: number;
  readonly time: bigint;
  readonly protocol: number;
  readonly isRequest: boolean;
  readonly missing: number;
  readonly littleEndian: boolean;
  readonly #file: ArrayBufferLike;
  readonly #start: number;
  readonly #length: number;

  constructor(frame: Frame, protocol: number) {
    const { buffer, byteOffset, length } = frame.bytes;
    this.number = frame.number;
    this.offset = frame.offset;
    this.time = frame.time;
    this.protocol = protocol;
    this.missing = frame.originalLength - length;
    this.#file = buffer;
    this.#start = byteOffset;
    this.#length = length;
    const bytes = this.bytes;
    this.littleEndian = byteOrderOf(bytes, this.missing, frame.littleEndian);
    this.isRequest = isRequest(bytes, this.littleEndian);
  }

  get frame(): Uint8Array {
    return new Uint8Array(this.#file, this.#start, this.#length);
  }

  get bytes(): Uint8Array {
    const length = this.#length - COOKED_HEADER_LENGTH;
    return new Uint8Array(this.#file, this.#start + COOKED_HEADER_LENGTH, length);
  }
}

/**
 * Creates an error about a packet; `reason` is the predicate of the sentence, such as "is
 * truncated".
 */
export function packetError(
  packet: Pick<Frame, "number" | "offset">,
  reason: string,
  options?: ErrorOptions,
): CaptureError {
  return new CaptureError(`packet ${packet.number} at offset ${packet.offset} ${reason}`, options);
}

/** The byte order in which the first message has a valid length; that of the file if both do. */
function byteOrderOf(bytes: Uint8Array, missing: number, littleEndian: boolean): boolean {
  if (bytes.length < 4) return littleEndian;
  const view = viewOf(bytes);
  const fits = [littleEndian, !littleEndian].find((order) => {
    const length = view.getUint32(0, order);
    return length >= NLMSG_HDRLEN && length <= bytes.length + missing;
  });
  return fits ?? littleEndian;
}

// The cooked header cannot be used: on a monitor device every packet is marked as outgoing.
function isRequest(bytes: Uint8Array, littleEndian: boolean): boolean {
  if (bytes.length < NLMSG_HDRLEN) return false;
  const view = viewOf(bytes);
  const type = view.getUint16(4, littleEndian);
  const flags = view.getUint16(6, littleEndian);
  return type >= NLMSG_MIN_TYPE && (flags & NLM_F_REQUEST) !== 0;
}

/** Writes the cooked header of a packet at the start of `bytes`. */
export function writeCookedHeader(bytes: Uint8Array, protocol: number, toKernel: boolean): void {
  const view = viewOf(bytes);
  bytes.fill(0, 0, COOKED_HEADER_LENGTH);
  view.setUint16(0, toKernel ? PACKET_KERNEL : PACKET_USER);
  view.setUint16(2, ARPHRD_NETLINK);
  view.setUint16(14, protocol);
}
