/** Writes pcap and pcapng files, independently of the code under test. */
import { type CapturedPacket, concat } from "./_monitor.ts";

export interface Format {
  readonly littleEndian?: boolean;
  readonly nanoseconds?: boolean;
  readonly linkType?: number;
}

function frameOf(packet: CapturedPacket): Uint8Array {
  const cooked = new Uint8Array(16);
  new DataView(cooked.buffer).setUint16(0, 4);
  new DataView(cooked.buffer).setUint16(2, 824);
  new DataView(cooked.buffer).setUint16(14, packet.protocol);
  return concat(cooked, packet.bytes);
}

/** Writes a pcap file. */
export function pcap(packets: readonly CapturedPacket[], format: Format = {}): Uint8Array {
  const { littleEndian = true, nanoseconds = true, linkType = 253 } = format;
  const words = (...values: number[]) => wordsOf(littleEndian, values);
  const version = littleEndian ? 0x0004_0002 : 0x0002_0004;
  const magic = nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4;
  const parts = [words(magic, version, 0, 0, 262_144, linkType)];
  for (const each of packets) {
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

/** Writes a pcapng block with a body, which is padded to 4 bytes. */
export function block(type: number, body: Uint8Array, littleEndian = true): Uint8Array {
  const padded = concat(body, new Uint8Array(-body.length & 3));
  const length = padded.length + 12;
  const words = (...values: number[]) => wordsOf(littleEndian, values);
  return concat(words(type, length), padded, words(length));
}

/** Writes the section header block of a pcapng file. */
export function section(littleEndian = true): Uint8Array {
  const words = wordsOf(littleEndian, [0x1a2b3c4d, littleEndian ? 1 : 0x10000, ~0, ~0]);
  return block(0x0a0d0d0a, words, littleEndian);
}

/** Writes an interface description block with options. */
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

/** Writes an enhanced packet block, with the time in units of its interface. */
export function packetBlock(
  packet: CapturedPacket,
  units: bigint,
  interfaceId = 0,
  littleEndian = true,
): Uint8Array {
  const frame = frameOf(packet);
  const captured = Math.min(packet.captured ?? frame.length, frame.length);
  const head = wordsOf(littleEndian, [
    interfaceId,
    Number(units >> 32n),
    Number(units & 0xffff_ffffn),
    captured,
    frame.length,
  ]);
  return block(6, concat(head, frame.subarray(0, captured)), littleEndian);
}

/** Writes a pcapng file with one interface, which has nanoseconds. */
export function pcapng(packets: readonly CapturedPacket[], littleEndian = true): Uint8Array {
  const resolution = littleEndian ? [9, 0, 1, 0, 9, 0, 0, 0] : [0, 9, 0, 1, 9, 0, 0, 0];
  return concat(
    section(littleEndian),
    interfaceBlock(253, Uint8Array.from(resolution), littleEndian),
    ...packets.map((each) => packetBlock(each, each.time, 0, littleEndian)),
  );
}
