/**
 * The frames that ipvstat adds to its recordings besides the netlink traffic. They are packets of
 * NETLINK_USERSOCK, so tcpdump and Wireshark can open the file.
 *
 * Each frame is a netlink message { u32 length; u16 type; u16 flags 0; u32 sequence 0; u32 port 0
 * }, followed by the 8 bytes "ipvstat" NUL, and by data that depends on the type, in little-endian
 * byte order:
 *
 * - 0x10, start of a round: u32 version 1, u32 0, u64 time of the snapshot in ns since 1970
 * - 0x11, file: its name in /proc/net, or its path in /proc if that starts with sys/; NUL; its text
 *   or the next piece of it
 * - 0x12, end of a complete round: u32 number of packets before this one, u32 checksum of these
 *   packets with their cooked headers (see checksum.ts)
 *
 * @module
 */
import { NLMSG_HDRLEN } from "../netlink/uapi.ts";
import { INITIAL_CHECKSUM, updateChecksum } from "./checksum.ts";
import { CaptureError } from "./error.ts";
import { isTimeInRange, TIME_OUT_OF_RANGE, viewOf } from "./frame.ts";
import { type NetlinkPacket, packetError } from "./packets.ts";

/** The netlink protocol of the frames; the kernel reserves it for user-space programs. */
export const NETLINK_USERSOCK = 2;

const ROUND_START = 0x10;
const FILE = 0x11;
const ROUND_END = 0x12;

const VERSION = 1;
const MAGIC = new TextEncoder().encode("ipvstat\0");
const BODY = NLMSG_HDRLEN + MAGIC.length;

/** Maximum size of all files of a round in bytes: enough for 100,000 CPUs. */
const MAX_TEXT_BYTES = 2 ** 24;
/** Maximum length of a file name in bytes. */
const MAX_NAME_BYTES = 255;

/** Maximum size of the text in a frame in bytes: tcpdump rejects packets larger than 256 KiB. */
const MAX_PIECE_BYTES = 65_536;

/** Creates the frame that starts the round of a snapshot at `time`, in nanoseconds since 1970. */
export function roundStartFrame(time: bigint): Uint8Array {
  const frame = newFrame(ROUND_START, 16);
  viewOf(frame).setUint32(BODY, VERSION, true);
  viewOf(frame).setBigUint64(BODY + 8, time, true);
  return frame;
}

/** Creates the frames for a file: its name, as `Source.readProc()` takes it, and its text. */
export function fileFrames(name: string, text: string): Uint8Array[] {
  const bytes = new TextEncoder().encode(text);
  const title = new TextEncoder().encode(`${name}\0`);
  const frames: Uint8Array[] = [];
  for (let at = 0; at < bytes.length || at === 0; at += MAX_PIECE_BYTES) {
    const piece = bytes.subarray(at, at + MAX_PIECE_BYTES);
    const frame = newFrame(FILE, title.length + piece.length);
    frame.set(title, BODY);
    frame.set(piece, BODY + title.length);
    frames.push(frame);
  }
  return frames;
}

/**
 * Creates the frame that ends a round, with the number and the checksum of the packets before it.
 */
export function roundEndFrame(packets: number, checksum: number): Uint8Array {
  const frame = newFrame(ROUND_END, 8);
  viewOf(frame).setUint32(BODY, packets, true);
  viewOf(frame).setUint32(BODY + 4, checksum, true);
  return frame;
}

function newFrame(type: number, length: number): Uint8Array {
  const frame = new Uint8Array(BODY + length);
  viewOf(frame).setUint32(0, frame.length, true);
  viewOf(frame).setUint16(4, type, true);
  frame.set(MAGIC, NLMSG_HDRLEN);
  return frame;
}

/** The contents of a round in a recording of ipvstat. */
export interface RecordedRound {
  /** The time of the snapshot, in nanoseconds since 1970. */
  readonly time: bigint;
  /** The netlink traffic. */
  readonly packets: NetlinkPacket[];
  /** The pieces of each file's text, by the name of the file. */
  readonly texts: Map<string, Uint8Array[]>;
  /** Whether the round has its end. */
  isComplete: boolean;
}

/** Whether a packet is a frame of ipvstat. */
function isOwnFrame(packet: NetlinkPacket): boolean {
  return packet.protocol === NETLINK_USERSOCK && packet.bytes.length >= BODY &&
    MAGIC.every((byte, index) => packet.bytes[NLMSG_HDRLEN + index] === byte);
}

/**
 * Splits a recording of ipvstat into rounds; undefined if the capture has no frames of ipvstat.
 *
 * @throws {CaptureError} if the recording has been altered or is malformed.
 */
export function readRecordedRounds(packets: readonly NetlinkPacket[]): RecordedRound[] | undefined {
  if (!packets.some(isOwnFrame)) return undefined;
  const reader = new RoundReader();
  for (const packet of packets) reader.read(packet);
  return reader.rounds;
}

class RoundReader {
  readonly rounds: RecordedRound[] = [];
  #count = 0;
  #checksum = INITIAL_CHECKSUM;
  #textBytes = 0;

  read(packet: NetlinkPacket): void {
    if (packet.missing > 0) throw packetError(packet, "is truncated");
    const type = isOwnFrame(packet) ? viewOf(packet.bytes).getUint16(4, true) : undefined;
    if (type === ROUND_START) this.#start(packet);
    const round = this.rounds.at(-1);
    if (round === undefined || round.isComplete) {
      throw packetError(packet, "does not belong to a snapshot");
    }
    if (type === ROUND_END) return this.#end(packet, round);
    this.#count++;
    this.#checksum = updateChecksum(this.#checksum, packet.frame);
    if (type === FILE) this.#addText(packet, round);
    else if (type === undefined && packet.protocol !== NETLINK_USERSOCK) round.packets.push(packet);
    else if (type !== ROUND_START) throw packetError(packet, "is an unknown frame of ipvstat");
  }

  #start(packet: NetlinkPacket): void {
    const view = viewOf(packet.bytes);
    if (view.byteLength !== BODY + 16) throw packetError(packet, "is a malformed snapshot start");
    const version = view.getUint32(BODY, true);
    if (version !== VERSION) {
      throw new CaptureError(
        `its format version is ${version}, and only version ${VERSION} is supported`,
      );
    }
    const time = view.getBigUint64(BODY + 8, true);
    if (!isTimeInRange(time)) throw packetError(packet, TIME_OUT_OF_RANGE);
    this.rounds.push({ time, packets: [], texts: new Map(), isComplete: false });
    this.#count = 0;
    this.#checksum = INITIAL_CHECKSUM;
    this.#textBytes = 0;
  }

  #addText(packet: NetlinkPacket, round: RecordedRound): void {
    const body = packet.bytes.subarray(BODY);
    const nul = body.subarray(0, MAX_NAME_BYTES + 1).indexOf(0);
    if (nul < 0) throw packetError(packet, "is a file without a valid name");
    this.#textBytes += body.length - nul - 1;
    if (this.#textBytes > MAX_TEXT_BYTES) {
      throw packetError(packet, `exceeds the limit of ${MAX_TEXT_BYTES} bytes of files`);
    }
    const name = new TextDecoder().decode(body.subarray(0, nul));
    const pieces = round.texts.get(name);
    if (pieces === undefined) round.texts.set(name, [body.subarray(nul + 1)]);
    else pieces.push(body.subarray(nul + 1));
  }

  #end(packet: NetlinkPacket, round: RecordedRound): void {
    const view = viewOf(packet.bytes);
    if (view.byteLength !== BODY + 8) throw packetError(packet, "is a malformed snapshot end");
    const count = view.getUint32(BODY, true);
    if (count !== this.#count) {
      const found = this.#count;
      throw packetError(packet, `ends a snapshot of ${count} packets, but there are ${found}`);
    }
    if (view.getUint32(BODY + 4, true) !== this.#checksum) {
      throw packetError(packet, "ends a snapshot that was altered: its checksum does not match");
    }
    round.isComplete = true;
  }
}
