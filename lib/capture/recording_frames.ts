/**
 * What a recording of this program holds besides netlink's own packets, as packets of
 * NETLINK_USERSOCK, so that tcpdump and Wireshark open it all the same.
 *
 * Each is one netlink message { u32 length; u16 type; u16 flags 0; u32 sequence 0; u32 port 0 },
 * then the 8 bytes "ipvstat" NUL, then by type, little-endian:
 *
 * - 0x10, a round begins: u32 version 1, u32 0, u64 time of the snapshot in ns since 1970
 * - 0x11, text of a file: its name in /proc/net, or its path in /proc if that begins with sys/;
 *   NUL; and its text or the next piece of it
 * - 0x12, the round is complete: u32 number of its packets before this one, u32 checksum of
 *   them, each with its cooked header: see checksum.ts
 *
 * @module
 */
import { NLMSG_HDRLEN } from "../netlink/uapi.ts";
import { addToChecksum, EMPTY_CHECKSUM } from "./checksum.ts";
import { CaptureError } from "./error.ts";
import { IMPOSSIBLE_TIME, isPossibleTime, viewOf } from "./frame.ts";
import { type NetlinkPacket, packetError } from "./packets.ts";

/** The netlink protocol of the packets that carry marks. */
export const NETLINK_USERSOCK = 2;

const ROUND = 0x10;
const TEXT = 0x11;
const END = 0x12;

const VERSION = 1;
const MAGIC = new TextEncoder().encode("ipvstat\0");
const BODY = NLMSG_HDRLEN + MAGIC.length;

/** Bytes of all texts of a round: those of 100,000 CPUs fit, and a string has no room for any size. */
const MOST_TEXT = 2 ** 24;
/** Bytes of a file's name. */
const LONGEST_NAME = 255;

/** Bytes of text in one packet at the most: tcpdump refuses packets beyond 256 KiB. */
const PIECE = 65_536;

/** The mark that begins a round of a snapshot taken at `time`, in nanoseconds since 1970. */
export function roundMark(time: bigint): Uint8Array {
  const mark = newMark(ROUND, 16);
  viewOf(mark).setUint32(BODY, VERSION, true);
  viewOf(mark).setBigUint64(BODY + 8, time, true);
  return mark;
}

/** The marks that carry the text of the file that `Source.readProc(name)` reads. */
export function textMarks(name: string, text: string): Uint8Array[] {
  const bytes = new TextEncoder().encode(text);
  const title = new TextEncoder().encode(`${name}\0`);
  const marks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length || at === 0; at += PIECE) {
    const piece = bytes.subarray(at, at + PIECE);
    const mark = newMark(TEXT, title.length + piece.length);
    mark.set(title, BODY);
    mark.set(piece, BODY + title.length);
    marks.push(mark);
  }
  return marks;
}

/** The mark that ends a complete round of so many packets with this checksum. */
export function endMark(packets: number, checksum: number): Uint8Array {
  const mark = newMark(END, 8);
  viewOf(mark).setUint32(BODY, packets, true);
  viewOf(mark).setUint32(BODY + 4, checksum, true);
  return mark;
}

function newMark(type: number, length: number): Uint8Array {
  const mark = new Uint8Array(BODY + length);
  viewOf(mark).setUint32(0, mark.length, true);
  viewOf(mark).setUint16(4, type, true);
  mark.set(MAGIC, NLMSG_HDRLEN);
  return mark;
}

/** A round as the marks of a recording delimit it. */
export interface MarkedRound {
  /** Nanoseconds since 1970. */
  readonly time: bigint;
  /** The packets between the marks. */
  readonly packets: NetlinkPacket[];
  /** By the name of the file, the pieces of its text. */
  readonly texts: Map<string, Uint8Array[]>;
  /** Whether the mark is there that ends it. */
  isComplete: boolean;
}

/** Whether a packet is a mark of this program. */
function isMark(packet: NetlinkPacket): boolean {
  return packet.protocol === NETLINK_USERSOCK && packet.bytes.length >= BODY &&
    MAGIC.every((byte, index) => packet.bytes[NLMSG_HDRLEN + index] === byte);
}

/**
 * Parts a recording of this program by its marks; undefined if it has none.
 *
 * @throws {CaptureError} if anything in it is not as it was written.
 */
export function readMarkedRounds(packets: readonly NetlinkPacket[]): MarkedRound[] | undefined {
  if (!packets.some(isMark)) return undefined;
  const reader = new MarkReader();
  for (const packet of packets) reader.read(packet);
  return reader.rounds;
}

class MarkReader {
  readonly rounds: MarkedRound[] = [];
  #count = 0;
  #checksum = EMPTY_CHECKSUM;
  #textBytes = 0;

  read(packet: NetlinkPacket): void {
    if (packet.missing > 0) throw packetError(packet, "is not all there");
    const type = isMark(packet) ? viewOf(packet.bytes).getUint16(4, true) : undefined;
    if (type === ROUND) this.#begin(packet);
    const round = this.rounds.at(-1);
    if (round === undefined || round.isComplete) throw packetError(packet, "is in no round");
    if (type === END) return this.#end(packet, round);
    this.#count++;
    this.#checksum = addToChecksum(this.#checksum, packet.frame);
    if (type === TEXT) this.#addText(packet, round);
    else if (type === undefined && packet.protocol !== NETLINK_USERSOCK) round.packets.push(packet);
    else if (type !== ROUND) throw packetError(packet, "is a mark of no known kind");
  }

  #begin(packet: NetlinkPacket): void {
    const view = viewOf(packet.bytes);
    if (view.byteLength !== BODY + 16) throw packetError(packet, "is no beginning of a round");
    const version = view.getUint32(BODY, true);
    if (version !== VERSION) {
      throw new CaptureError(
        `its format has the version ${version}, this program knows ${VERSION}`,
      );
    }
    const time = view.getBigUint64(BODY + 8, true);
    if (!isPossibleTime(time)) throw packetError(packet, IMPOSSIBLE_TIME);
    this.rounds.push({ time, packets: [], texts: new Map(), isComplete: false });
    this.#count = 0;
    this.#checksum = EMPTY_CHECKSUM;
    this.#textBytes = 0;
  }

  #addText(packet: NetlinkPacket, round: MarkedRound): void {
    const body = packet.bytes.subarray(BODY);
    const nul = body.subarray(0, LONGEST_NAME + 1).indexOf(0);
    if (nul < 0) throw packetError(packet, "is a text without a name");
    this.#textBytes += body.length - nul - 1;
    if (this.#textBytes > MOST_TEXT) {
      throw packetError(packet, `brings the texts of a round beyond ${MOST_TEXT} bytes`);
    }
    const name = new TextDecoder().decode(body.subarray(0, nul));
    const pieces = round.texts.get(name);
    if (pieces === undefined) round.texts.set(name, [body.subarray(nul + 1)]);
    else pieces.push(body.subarray(nul + 1));
  }

  #end(packet: NetlinkPacket, round: MarkedRound): void {
    const view = viewOf(packet.bytes);
    if (view.byteLength !== BODY + 8) throw packetError(packet, "is no end of a round");
    const count = view.getUint32(BODY, true);
    if (count !== this.#count) {
      throw packetError(packet, `ends a round of ${count} packets, and there are ${this.#count}`);
    }
    if (view.getUint32(BODY + 4, true) !== this.#checksum) {
      throw packetError(packet, "ends a round that was altered: its checksum is another one");
    }
    round.isComplete = true;
  }
}
