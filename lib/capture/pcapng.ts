/**
 * Reads the pcapng file format.
 *
 * A file consists of blocks { u32 type; u32 length; body; u32 length } in sections. Each section
 * has its own byte order and interfaces, and each interface its own link type and time resolution.
 *
 * @module
 */
import { CaptureError } from "./error.ts";
import { type Frame, viewOf } from "./frame.ts";

const SECTION_HEADER_BLOCK = 0x0a0d0d0a;
const INTERFACE_BLOCK = 1;
const OBSOLETE_PACKET_BLOCK = 2;
const SIMPLE_PACKET_BLOCK = 3;
const ENHANCED_PACKET_BLOCK = 6;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const BLOCK_OVERHEAD = 12;

const OPT_ENDOFOPT = 0;
const IF_TSRESOL = 9;
const IF_TSOFFSET = 14;
const NANOSECONDS = 1_000_000_000n;

interface Interface {
  readonly linkType: number;
  /** Maximum number of captured bytes of a frame; 0 for no limit. */
  readonly snapLength: number;
  unitsPerSecond: bigint;
  offsetSeconds: bigint;
}

/** The fields of a packet block. */
interface PacketBlock {
  readonly interfaceId: number;
  readonly time: bigint | undefined;
  /** The offset of the captured bytes in the block. */
  readonly data: number;
  /** Number of captured bytes. */
  readonly length: number;
  readonly originalLength: number;
}

/** Whether bytes start with the magic number of a pcapng file. */
export function isPcapng(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && viewOf(bytes).getUint32(0) === SECTION_HEADER_BLOCK;
}

/**
 * Reads the frames of a pcapng file in order. Blocks without a frame are skipped.
 *
 * @throws {CaptureError} if a block is malformed, or the file is truncated.
 */
export function* readPcapng(bytes: Uint8Array): Generator<Frame> {
  const reader = new BlockReader(bytes);
  for (let offset = 0; offset < bytes.length; offset = reader.end) {
    reader.enter(offset);
    const frame = reader.readFrame();
    if (frame !== undefined) yield frame;
  }
}

class BlockReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #littleEndian = true;
  #interfaces: Interface[] = [];
  #frames = 0;
  #time = 0n;
  #offset = 0;
  #type = 0;
  /** The offset of the end of the current block. */
  end = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = viewOf(bytes);
  }

  /** Moves to the block at an offset and checks its length. */
  enter(offset: number): void {
    this.#offset = offset;
    const left = this.#bytes.length - offset;
    if (left < BLOCK_OVERHEAD) throw this.#error(`has only ${left} bytes`);
    this.#type = this.#view.getUint32(offset, this.#littleEndian);
    if (this.#type === SECTION_HEADER_BLOCK) this.#enterSection();
    const length = this.#u32(4);
    if (length < BLOCK_OVERHEAD || length % 4 !== 0 || length > left) {
      throw this.#error(`has length ${length} with ${left} bytes left`);
    }
    const repeated = this.#u32(length - 4);
    if (repeated !== length) {
      throw this.#error(`has length ${length} at its start and ${repeated} at its end`);
    }
    this.end = offset + length;
  }

  /** Reads the current block; returns its frame, if it has one. */
  readFrame(): Frame | undefined {
    if (this.#type === INTERFACE_BLOCK) this.#interfaces.push(this.#readInterface());
    if (this.#type === ENHANCED_PACKET_BLOCK) return this.#frame(this.#readPacket(this.#u32(8)));
    if (this.#type === OBSOLETE_PACKET_BLOCK) return this.#frame(this.#readPacket(this.#u16(8)));
    if (this.#type === SIMPLE_PACKET_BLOCK) return this.#frame(this.#readSimplePacket());
    return undefined;
  }

  #enterSection(): void {
    const magic = this.#view.getUint32(this.#offset + 8, true);
    this.#littleEndian = magic === BYTE_ORDER_MAGIC;
    if (!this.#littleEndian && this.#u32(8) !== BYTE_ORDER_MAGIC) {
      throw this.#error("has an unknown byte order");
    }
    this.#interfaces = [];
  }

  #readInterface(): Interface {
    this.#need(8);
    const found: Interface = {
      linkType: this.#u16(8),
      snapLength: this.#u32(12),
      unitsPerSecond: 1_000_000n,
      offsetSeconds: 0n,
    };
    for (let at = 16; this.#offset + at + 8 <= this.end;) {
      const code = this.#u16(at);
      const length = this.#u16(at + 2);
      if (code === OPT_ENDOFOPT) break;
      this.#need(at - 4 + length);
      if (code === IF_TSRESOL && length === 1) {
        const resolution = this.#bytes[this.#offset + at + 4]!;
        found.unitsPerSecond = (resolution & 0x80) !== 0
          ? 2n ** BigInt(resolution & 0x7f)
          : 10n ** BigInt(resolution);
      } else if (code === IF_TSOFFSET && length === 8) {
        const offset = this.#offset + at + 4;
        found.offsetSeconds = this.#view.getBigInt64(offset, this.#littleEndian);
      }
      at += 4 + ((length + 3) & ~3);
    }
    return found;
  }

  #readPacket(interfaceId: number): PacketBlock {
    this.#need(20);
    const length = this.#u32(20);
    this.#need(20 + length);
    const ticks = BigInt(this.#u32(12)) << 32n | BigInt(this.#u32(16));
    const { unitsPerSecond, offsetSeconds } = this.#interface(interfaceId);
    const time = ticks * NANOSECONDS / unitsPerSecond + offsetSeconds * NANOSECONDS;
    return { interfaceId, time, data: 28, length, originalLength: this.#u32(24) };
  }

  #readSimplePacket(): PacketBlock {
    this.#need(4);
    const originalLength = this.#u32(8);
    const { snapLength } = this.#interface(0);
    const length = snapLength === 0 ? originalLength : Math.min(originalLength, snapLength);
    this.#need(4 + length);
    return { interfaceId: 0, time: undefined, data: 12, length, originalLength };
  }

  #frame(block: PacketBlock): Frame {
    // A simple packet has no time; it gets that of the previous packet.
    this.#time = block.time ?? this.#time;
    const start = this.#offset + block.data;
    return {
      number: ++this.#frames,
      offset: this.#offset,
      time: this.#time,
      linkType: this.#interface(block.interfaceId).linkType,
      bytes: this.#bytes.subarray(start, start + block.length),
      originalLength: block.originalLength,
      littleEndian: this.#littleEndian,
    };
  }

  #interface(id: number): Interface {
    const found = this.#interfaces[id];
    if (found === undefined) throw this.#error(`refers to interface ${id}, which is not described`);
    return found;
  }

  /** Checks that the body of the block has at least this many bytes. */
  #need(length: number): void {
    const body = this.end - this.#offset - BLOCK_OVERHEAD;
    if (length > body) throw this.#error(`has a body of ${body} bytes, which needs ${length}`);
  }

  #u16(at: number): number {
    return this.#view.getUint16(this.#offset + at, this.#littleEndian);
  }

  #u32(at: number): number {
    return this.#view.getUint32(this.#offset + at, this.#littleEndian);
  }

  #error(reason: string): CaptureError {
    return new CaptureError(`block at offset ${this.#offset} ${reason}`);
  }
}
