/**
 * Writes netlink messages as the kernel does, and parses requests, independently of lib/netlink:
 * the code under test must not create its own test data.
 *
 * @module
 */

/** The fields of a message header, without the length. */
export interface Head {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  readonly portId: number;
}

const encoder = new TextEncoder();

/** Writes netlink messages in either byte order. */
export class MessageWriter {
  readonly bigEndian: boolean;
  #bytes = new Uint8Array(1024);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  constructor(bigEndian = false) {
    this.bigEndian = bigEndian;
  }

  /** Returns what was written, and starts over. */
  take(): Uint8Array<ArrayBuffer> {
    const bytes = this.#bytes.slice(0, this.#length);
    this.#length = 0;
    return bytes;
  }

  get length(): number {
    return this.#length;
  }

  /** Writes a message; `body` writes what follows the header. */
  message(head: Head, body: () => void): this {
    const start = this.#length;
    this.number(0, 4).number(head.type, 2).number(head.flags, 2);
    this.number(head.sequence, 4).number(head.portId, 4);
    body();
    this.#view.setUint32(start, this.#length - start, !this.bigEndian);
    return this.#pad();
  }

  /** Writes a generic netlink message. */
  generic(head: Head, command: number, body: () => void): this {
    return this.message(head, () => {
      this.raw([command, 1, 0, 0]);
      body();
    });
  }

  /** Writes an attribute; its length does not include the padding. */
  attribute(type: number, body: () => void): this {
    const start = this.#length;
    this.number(0, 2).number(type, 2);
    body();
    this.#view.setUint16(start, this.#length - start, !this.bigEndian);
    return this.#pad();
  }

  u8(type: number, value: number): this {
    return this.attribute(type, () => this.number(value, 1));
  }

  u16(type: number, value: number): this {
    return this.attribute(type, () => this.number(value, 2));
  }

  be16(type: number, value: number): this {
    return this.bytes(type, [value >>> 8, value & 0xff]);
  }

  u32(type: number, value: number): this {
    return this.attribute(type, () => this.number(value, 4));
  }

  u64(type: number, value: bigint): this {
    return this.attribute(type, () => this.number(value, 8));
  }

  bytes(type: number, payload: ArrayLike<number>): this {
    return this.attribute(type, () => this.raw(payload));
  }

  text(type: number, text: string): this {
    return this.bytes(type, encoder.encode(`${text}\0`));
  }

  raw(payload: ArrayLike<number>): this {
    const at = this.#grow(payload.length);
    this.#bytes.set(payload, at);
    return this;
  }

  /** Writes the low `width` bytes of a number in the byte order of the messages. */
  number(value: number | bigint, width: number): this {
    const at = this.#grow(width);
    const littleEndian = !this.bigEndian;
    if (width === 1) this.#view.setUint8(at, Number(value));
    else if (width === 2) this.#view.setUint16(at, Number(value), littleEndian);
    else if (width === 4) this.#view.setUint32(at, Number(value), littleEndian);
    else this.#view.setBigUint64(at, BigInt(value), littleEndian);
    return this;
  }

  /** Adds room for more bytes, and returns the offset of the first. */
  #grow(width: number): number {
    const at = this.#length;
    this.#length += width;
    if (this.#length > this.#bytes.length) {
      const bytes = new Uint8Array(2 * this.#length);
      bytes.set(this.#bytes);
      this.#bytes = bytes;
      this.#view = new DataView(bytes.buffer);
    }
    return at;
  }

  #pad(): this {
    const width = (4 - this.#length % 4) % 4;
    const at = this.#grow(width);
    this.#bytes.fill(0, at, at + width);
    return this;
  }
}

/** The bytes of an address: 4 for IPv4, 16 for IPv6. */
export function addressBytes(text: string): number[] {
  if (!text.includes(":")) return text.split(".").map(Number);
  const [left = "", right] = text.split("::");
  const head = groupBytes(left);
  if (right === undefined) return head;
  const tail = groupBytes(right);
  return [...head, ...new Array<number>(16 - head.length - tail.length).fill(0), ...tail];
}

function groupBytes(text: string): number[] {
  if (text === "") return [];
  return text.split(":").flatMap((group) => {
    if (group.includes(".")) return group.split(".").map(Number);
    const value = parseInt(group, 16);
    return [value >>> 8, value & 0xff];
  });
}

/** A request, as the fake kernel parses it. */
export interface ParsedRequest {
  /** In bytes, including the header. */
  readonly length: number;
  readonly type: number;
  readonly flags: number;
  readonly dump: boolean;
  readonly sequence: number;
  readonly portId: number;
  readonly command: number;
  /** Attributes of the SERVICE nest, by type; none without a nest. */
  readonly service: ReadonlyMap<number, Uint8Array>;
}

/** Parses a little-endian request. */
export function parseRequest(bytes: Uint8Array): ParsedRequest {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const outer = parseAttributes(bytes.subarray(20));
  const flags = view.getUint16(6, true);
  return {
    length: view.getUint32(0, true),
    type: view.getUint16(4, true),
    flags,
    dump: (flags & 0x300) === 0x300,
    sequence: view.getUint32(8, true),
    portId: view.getUint32(12, true),
    command: bytes[16]!,
    service: parseAttributes(outer.get(1) ?? new Uint8Array(0)),
  };
}

/** Parses little-endian attributes; returns payloads by type. */
export function parseAttributes(bytes: Uint8Array): Map<number, Uint8Array> {
  const found = new Map<number, Uint8Array>();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length;) {
    const length = view.getUint16(at, true);
    found.set(view.getUint16(at + 2, true) & 0x3fff, bytes.subarray(at + 4, at + length));
    at += (length + 3) & ~3;
  }
  return found;
}
