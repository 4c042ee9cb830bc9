/**
 * The netlink packets of a capture of any format.
 *
 * A frame of LINKTYPE_NETLINK is a cooked header of 16 bytes in network byte order { u16 packet
 * type; u16 ARPHRD; 10 unused bytes; u16 netlink protocol }, and then what one send or receive
 * carried: netlink messages in the byte order of the machine that recorded it.
 *
 * @module
 */
import { NLM_F_REQUEST, NLMSG_HDRLEN, NLMSG_MIN_TYPE } from "../netlink/uapi.ts";
import { CaptureError } from "./error.ts";
import { type Frame, IMPOSSIBLE_TIME, isPossibleTime, LINKTYPE_NETLINK, viewOf } from "./frame.ts";
import { isPcap, readPcap } from "./pcap.ts";
import { isPcapng, readPcapng } from "./pcapng.ts";

/** Length of the cooked header, in bytes. */
export const COOKED_HEADER = 16;

const ARPHRD_NETLINK = 824;
const PACKET_USER = 6;
const PACKET_KERNEL = 7;
const ETHERNET = 1;

/** What one send or receive carried, as a view into the file. */
export interface NetlinkPacket {
  /** Counts from 1, as tcpdump and Wireshark do. */
  readonly number: number;
  /** Where the packet's record begins in the file, in bytes. */
  readonly offset: number;
  /** Nanoseconds since 1970. */
  readonly time: bigint;
  /** NETLINK_*. */
  readonly protocol: number;
  /** Whether it went to the kernel with requests, rather than to a user. */
  readonly isRequest: boolean;
  /** The cooked header and the messages. */
  readonly frame: Uint8Array;
  /** The messages. */
  readonly bytes: Uint8Array;
  /** How many bytes were not captured. */
  readonly missing: number;
  /** Byte order of the machine that recorded it. */
  readonly littleEndian: boolean;
}

/**
 * Reads every netlink packet of a pcap or pcapng file, in the file's order.
 *
 * @throws {CaptureError} if the file is neither, damaged, or holds only what is not netlink.
 */
export function readPackets(bytes: Uint8Array): NetlinkPacket[] {
  const packets: NetlinkPacket[] = [];
  let foreign: number | undefined;
  for (const frame of readFrames(bytes)) {
    if (frame.linkType === LINKTYPE_NETLINK) packets.push(toPacket(frame));
    else foreign ??= frame.linkType;
  }
  if (packets.length > 0) return packets;
  if (foreign === undefined) throw new CaptureError("it holds no packets");
  const name = foreign === ETHERNET ? "1 (Ethernet)" : foreign;
  const expected = `${LINKTYPE_NETLINK} (netlink)`;
  throw new CaptureError(`its link type is ${name}, not ${expected}; capture an nlmon device`);
}

/** How many bytes tell whether something is a capture. */
export const MAGIC_LENGTH = 4;

/** Whether bytes begin as a pcap or a pcapng file does. */
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
  if (view.byteLength < COOKED_HEADER) {
    throw packetError(frame, `has ${view.byteLength} of the 16 bytes of its cooked header`);
  }
  const arphrd = view.getUint16(2);
  if (arphrd !== ARPHRD_NETLINK) {
    throw packetError(frame, `is of the hardware type ${arphrd}, not ${ARPHRD_NETLINK} (netlink)`);
  }
  if (!isPossibleTime(frame.time)) throw packetError(frame, IMPOSSIBLE_TIME);
  const missing = frame.originalLength - view.byteLength;
  if (missing < 0) {
    throw packetError(frame, `has ${view.byteLength} bytes of ${frame.originalLength}`);
  }
  return new CapturedPacket(frame, view.getUint16(14));
}

/**
 * Refers to the file by numbers: there can be a packet for every 32 bytes of it, and two views that
 * lie ready would take several times as much.
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
    const length = this.#length - COOKED_HEADER;
    return new Uint8Array(this.#file, this.#start + COOKED_HEADER, length);
  }
}

/** An error that says which packet is wrong; the reason goes on after the packet's name. */
export function packetError(
  packet: Pick<Frame, "number" | "offset">,
  reason: string,
  options?: ErrorOptions,
): CaptureError {
  return new CaptureError(`packet ${packet.number} at offset ${packet.offset} ${reason}`, options);
}

/** The order in which the first message's length is possible, the file's own where both are. */
function byteOrderOf(bytes: Uint8Array, missing: number, littleEndian: boolean): boolean {
  if (bytes.length < 4) return littleEndian;
  const view = viewOf(bytes);
  const fits = [littleEndian, !littleEndian].find((order) => {
    const length = view.getUint32(0, order);
    return length >= NLMSG_HDRLEN && length <= bytes.length + missing;
  });
  return fits ?? littleEndian;
}

// The cooked header does not tell: on a monitor device each packet is an outgoing one.
function isRequest(bytes: Uint8Array, littleEndian: boolean): boolean {
  if (bytes.length < NLMSG_HDRLEN) return false;
  const view = viewOf(bytes);
  const type = view.getUint16(4, littleEndian);
  const flags = view.getUint16(6, littleEndian);
  return type >= NLMSG_MIN_TYPE && (flags & NLM_F_REQUEST) !== 0;
}

/** Writes the cooked header of a packet of this netlink protocol at the start of `bytes`. */
export function writeCookedHeader(bytes: Uint8Array, protocol: number, toKernel: boolean): void {
  const view = viewOf(bytes);
  bytes.fill(0, 0, COOKED_HEADER);
  view.setUint16(0, toKernel ? PACKET_KERNEL : PACKET_USER);
  view.setUint16(2, ARPHRD_NETLINK);
  view.setUint16(14, protocol);
}
