/**
 * Writers of capture files, apart from the one under test.
 */
import { concat, type Seen } from "./_fixtures.ts";

export interface Format {
  readonly littleEndian?: boolean;
  readonly nanoseconds?: boolean;
  readonly linkType?: number;
}

function frameOf(seen: Seen): Uint8Array {
  const cooked = new Uint8Array(16);
  new DataView(cooked.buffer).setUint16(0, 4);
  new DataView(cooked.buffer).setUint16(2, 824);
  new DataView(cooked.buffer).setUint16(14, seen.protocol);
  return concat(cooked, seen.bytes);
}

/** A pcap file, written apart from the writer under test. */
export function pcap(seen: readonly Seen[], format: Format = {}): Uint8Array {
  const { littleEndian = true, nanoseconds = true, linkType = 253 } = format;
  const words = (...values: number[]) => wordsOf(littleEndian, values);
  const version = littleEndian ? 0x0004_0002 : 0x0002_0004;
  const magic = nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4;
  const parts = [words(magic, version, 0, 0, 262_144, linkType)];
  for (const each of seen) {
    const frame = frameOf(each);
    const captured = Math.min(each.captured ?? frame.length, frame.length);
    const fraction = Number(each.time % 1_000_000_000n);
    parts.push(
      words(
        Number(each.time / 1_000_000_000n),
        nanoseconds ? fraction : Math.floor(fraction / 1000),
        captured,
        frame.length,
      ),
      frame.subarray(0, captured),
    );
  }
  return concat(...parts);
}

function wordsOf(littleEndian: boolean, values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 * values.length);
  const view = new DataView(bytes.buffer);
  values.forEach((value, index) => view.setUint32(4 * index, value, littleEndian));
  return bytes;
}

/** One pcapng block of this type around a body, which is padded to 4 bytes. */
export function block(type: number, body: Uint8Array, littleEndian = true): Uint8Array {
  const padded = concat(body, new Uint8Array(-body.length & 3));
  const length = padded.length + 12;
  const words = (...values: number[]) => wordsOf(littleEndian, values);
  return concat(words(type, length), padded, words(length));
}

/** The header of a pcapng section. */
export function section(littleEndian = true): Uint8Array {
  const words = wordsOf(littleEndian, [0x1a2b3c4d, littleEndian ? 1 : 0x10000, ~0, ~0]);
  return block(0x0a0d0d0a, words, littleEndian);
}

/** A pcapng interface with options. */
export function interfaceBlock(
  linkType: number,
  options: Uint8Array = new Uint8Array(0),
  littleEndian = true,
  snapLength = 0,
): Uint8Array {
  const link = littleEndian ? linkType : linkType << 16;
  const head = wordsOf(littleEndian, [link, snapLength]);
  return block(1, concat(head, options), littleEndian);
}

/** A pcapng packet with its time in units of the interface. */
export function packetBlock(
  seen: Seen,
  units: bigint,
  interfaceId = 0,
  littleEndian = true,
): Uint8Array {
  const frame = frameOf(seen);
  const captured = Math.min(seen.captured ?? frame.length, frame.length);
  const head = wordsOf(littleEndian, [
    interfaceId,
    Number(units >> 32n),
    Number(units & 0xffff_ffffn),
    captured,
    frame.length,
  ]);
  return block(6, concat(head, frame.subarray(0, captured)), littleEndian);
}

/** A pcapng file with one interface of nanoseconds. */
export function pcapng(seen: readonly Seen[], littleEndian = true): Uint8Array {
  const resolution = littleEndian ? [9, 0, 1, 0, 9, 0, 0, 0] : [0, 9, 0, 1, 9, 0, 0, 0];
  return concat(
    section(littleEndian),
    interfaceBlock(253, Uint8Array.from(resolution), littleEndian),
    ...seen.map((each) => packetBlock(each, each.time, 0, littleEndian)),
  );
}
