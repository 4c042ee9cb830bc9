/**
 * Captures as mutable frames: parses a file, and writes it as pcap or pcapng in either byte order,
 * with the checksums of ipvstat's recordings repaired.
 */
import { INITIAL_CHECKSUM, updateChecksum } from "../../lib/capture/checksum.ts";
import { readPackets } from "../../lib/capture/packets.ts";
import { concat } from "../capture/_monitor.ts";
import { type Message, parseMessages, writeMessages } from "./_messages.ts";

/** A packet: its messages, or bytes if it is not generic netlink. */
export interface Frame {
  /** Nanoseconds since 1970. */
  time: bigint;
  protocol: number;
  /** The packet type in the cooked header. */
  direction: number;
  /** The byte order of the messages. */
  littleEndian: boolean;
  messages: Message[] | Uint8Array;
  /** Number of bytes that the snap length cuts off. */
  cut: number;
}

/** A change to the bytes of the file, applied last. */
export type Edit =
  | { readonly kind: "flip"; readonly at: number; readonly bit: number }
  | { readonly kind: "cut"; readonly at: number }
  | { readonly kind: "insert"; readonly at: number; readonly bytes: Uint8Array };

/** The file format. */
export interface Format {
  readonly kind: "pcap" | "pcapng";
  readonly littleEndian: boolean;
  /** pcap: 9 for nanoseconds, else microseconds. pcapng: the option if_tsresol. */
  readonly resolution: number | undefined;
  /** pcapng: the option if_tsoffset, in seconds. */
  readonly offset: bigint | undefined;
  /** pcapng: other blocks between the packets. */
  readonly blocks: readonly Uint8Array[];
}

/** A capture that can be mutated and written. */
export interface Capture {
  frames: Frame[];
  format: Format;
  edits: Edit[];
  /** Whether to repair the checksums of a recording. */
  repair: boolean;
}

const GENERIC = 16, USERSOCK = 2, LINK_TYPE = 253, ARPHRD = 824;
const MAGIC = new TextEncoder().encode("ipvstat\0");
const FRAME_TYPE = { begin: 0x10, text: 0x11, end: 0x12 } as const;
const BODY = 16 + MAGIC.length;
const NANOSECONDS = 1_000_000_000n;

/** A little-endian pcap with nanoseconds, as ipvstat writes it. */
export const PLAIN: Format = {
  kind: "pcap",
  littleEndian: true,
  resolution: 9,
  offset: undefined,
  blocks: [],
};

/** Parses a valid file. */
export function parseCapture(file: Uint8Array): Capture {
  const frames = readPackets(file).map((packet): Frame => ({
    time: packet.time,
    protocol: packet.protocol,
    direction: packet.frame[1]!,
    littleEndian: packet.littleEndian,
    messages: packet.protocol === GENERIC
      ? parseMessages(packet.bytes, packet.littleEndian)
      : packet.bytes,
    cut: 0,
  }));
  return { frames, format: PLAIN, edits: [], repair: true };
}

/** The type of ipvstat's own frames; undefined for other frames. */
export function ownFrameType({ messages }: Frame): keyof typeof FRAME_TYPE | undefined {
  if (!(messages instanceof Uint8Array) || messages.length < BODY) return undefined;
  if (!MAGIC.every((byte, i) => messages[16 + i] === byte)) return undefined;
  const names = Object.keys(FRAME_TYPE) as (keyof typeof FRAME_TYPE)[];
  return names.find((name) => FRAME_TYPE[name] === messages[4]);
}

/** The offset of the text in a frame with a file: after the name. */
export function textStart(bytes: Uint8Array): number {
  return bytes.indexOf(0, BODY) + 1;
}

/** Writes the file. */
export function writeCapture({ frames, format, edits, repair }: Capture): Uint8Array {
  let written = frames.map(writeFrame);
  if (repair) written = repairChecksums(frames, written);
  const file = format.kind === "pcap"
    ? writePcap(frames, written, format)
    : writePcapng(frames, written, format);
  return edits.reduce(applyEdit, file);
}

function writeFrame({ protocol, direction, messages, littleEndian }: Frame): Uint8Array {
  const cooked = new Uint8Array(16);
  const view = new DataView(cooked.buffer);
  view.setUint16(0, direction);
  view.setUint16(2, ARPHRD);
  view.setUint16(14, protocol);
  const isTree = !(messages instanceof Uint8Array);
  return concat(cooked, isTree ? writeMessages(messages, littleEndian) : messages);
}

/** Sets the number and the checksum of packets in the frames that end a snapshot. */
function repairChecksums(frames: readonly Frame[], written: readonly Uint8Array[]): Uint8Array[] {
  let count = 0;
  let checksum = INITIAL_CHECKSUM;
  return written.map((bytes, i) => {
    const own = frames[i]!.protocol === USERSOCK ? ownFrameType(frames[i]!) : undefined;
    if (own === "begin") [count, checksum] = [0, INITIAL_CHECKSUM];
    if (own === "end" && bytes.length >= 16 + BODY + 8) {
      const copy = bytes.slice();
      new DataView(copy.buffer).setUint32(16 + BODY, count, true);
      new DataView(copy.buffer).setUint32(16 + BODY + 4, checksum, true);
      return copy;
    }
    count++;
    checksum = updateChecksum(checksum, bytes);
    return bytes;
  });
}

function words(littleEndian: boolean, ...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 * values.length);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => view.setUint32(4 * i, value, littleEndian));
  return bytes;
}

function writePcap(frames: readonly Frame[], written: readonly Uint8Array[], format: Format) {
  const { littleEndian, resolution } = format;
  const nanoseconds = resolution === 9;
  const magic = nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4;
  const version = littleEndian ? 0x0004_0002 : 0x0002_0004;
  const parts = [words(littleEndian, magic, version, 0, 0, 262_144, LINK_TYPE)];
  written.forEach((bytes, i) => {
    const { time, cut } = frames[i]!;
    const captured = bytes.subarray(0, Math.max(0, bytes.length - cut));
    const fraction = Number(time % NANOSECONDS);
    const seconds = Number(time / NANOSECONDS);
    const units = nanoseconds ? fraction : Math.floor(fraction / 1000);
    parts.push(words(littleEndian, seconds, units, captured.length, bytes.length), captured);
  });
  return concat(...parts);
}

/** Writes a pcapng block with a body, which is padded. */
export function writeBlock(type: number, body: Uint8Array, littleEndian: boolean): Uint8Array {
  const padded = concat(body, new Uint8Array(-body.length & 3));
  const length = padded.length + 12;
  return concat(words(littleEndian, type, length), padded, words(littleEndian, length));
}

function writePcapng(frames: readonly Frame[], written: readonly Uint8Array[], format: Format) {
  const { littleEndian, blocks } = format;
  const version = littleEndian ? 1 : 0x10000;
  const section = words(littleEndian, 0x1a2b3c4d, version, 0xffff_ffff, 0xffff_ffff);
  const parts = [
    writeBlock(0x0a0d0d0a, section, littleEndian),
    writeBlock(1, interfaceOf(format), littleEndian),
  ];
  const { resolution = 6 } = format;
  const perSecond = (resolution & 0x80) !== 0
    ? 2n ** BigInt(resolution & 0x7f)
    : 10n ** BigInt(resolution);
  written.forEach((bytes, i) => {
    const { time, cut } = frames[i]!;
    const captured = bytes.subarray(0, Math.max(0, bytes.length - cut));
    const ticks = BigInt.asUintN(64, time * perSecond / NANOSECONDS);
    const [high, low] = [Number(ticks >> 32n), Number(ticks & 0xffff_ffffn)];
    const head = words(littleEndian, 0, high, low, captured.length, bytes.length);
    parts.push(writeBlock(6, concat(head, captured), littleEndian));
    const between = blocks[i % 8];
    if (between !== undefined) parts.push(between);
  });
  return concat(...parts);
}

function interfaceOf({ littleEndian, resolution, offset }: Format): Uint8Array {
  const head = words(littleEndian, littleEndian ? LINK_TYPE : LINK_TYPE << 16, 0);
  const option = (code: number, payload: Uint8Array) => {
    const [a, b] = [code, payload.length];
    const start = littleEndian ? [a, 0, b, 0] : [0, a, 0, b];
    return concat(Uint8Array.from(start), payload, new Uint8Array(-payload.length & 3));
  };
  const seconds = new Uint8Array(8);
  new DataView(seconds.buffer).setBigInt64(0, offset ?? 0n, littleEndian);
  return concat(
    head,
    ...(resolution === undefined ? [] : [option(9, Uint8Array.of(resolution))]),
    ...(offset === undefined ? [] : [option(14, seconds)]),
  );
}

function applyEdit(file: Uint8Array, edit: Edit): Uint8Array {
  const at = edit.at % (file.length + 1);
  if (edit.kind === "cut") return file.subarray(0, at);
  if (edit.kind === "insert") return concat(file.subarray(0, at), edit.bytes, file.subarray(at));
  const copy = file.slice();
  if (at < copy.length) copy[at]! ^= 1 << edit.bit;
  return copy;
}
