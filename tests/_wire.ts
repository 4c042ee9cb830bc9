/**
 * Netlink bytes as a kernel writes them, made without the program's own builder: what decodes
 * them must not have made them.
 *
 * @module
 */

/** A message's head. */
export interface Head {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  readonly portId: number;
}

const encoder = new TextEncoder();

/** Writes netlink messages in either byte order. */
export class Wire {
  readonly bigEndian: boolean;
  #bytes: number[] = [];

  constructor(bigEndian = false) {
    this.bigEndian = bigEndian;
  }

  /** What was written, which is then forgotten. */
  take(): Uint8Array {
    const bytes = Uint8Array.from(this.#bytes);
    this.#bytes = [];
    return bytes;
  }

  get length(): number {
    return this.#bytes.length;
  }

  /** Writes a message; `body` writes what comes behind its head. */
  message(head: Head, body: () => void): this {
    const start = this.#bytes.length;
    this.number(0, 4).number(head.type, 2).number(head.flags, 2);
    this.number(head.sequence, 4).number(head.portId, 4);
    body();
    this.#patch(start, this.#bytes.length - start, 4);
    return this.#pad();
  }

  /** Writes a generic netlink message. */
  generic(head: Head, command: number, body: () => void): this {
    return this.message(head, () => {
      this.raw([command, 1, 0, 0]);
      body();
    });
  }

  /** Writes an attribute; its length leaves the padding out. */
  attribute(type: number, body: () => void): this {
    const start = this.#bytes.length;
    this.number(0, 2).number(type, 2);
    body();
    this.#patch(start, this.#bytes.length - start, 2);
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
    this.#bytes.push(...Array.from(payload));
    return this;
  }

  /** Writes the low `width` bytes of a number in this byte order. */
  number(value: number | bigint, width: number): this {
    return this.raw(this.#digits(value, width));
  }

  #digits(value: number | bigint, width: number): number[] {
    const digits: number[] = [];
    if (width === 8) {
      for (let i = 0; i < 8; i++) digits.push(Number((BigInt(value) >> BigInt(8 * i)) & 0xffn));
    } else {
      for (let i = 0; i < width; i++) digits.push((Number(value) >>> (8 * i)) & 0xff);
    }
    return this.bigEndian ? digits.reverse() : digits;
  }

  #patch(at: number, value: number, width: number): void {
    this.#bytes.splice(at, width, ...this.#digits(value, width));
  }

  #pad(): this {
    while (this.#bytes.length % 4 !== 0) this.#bytes.push(0);
    return this;
  }
}

/** The bytes of an address: 4 of dotted decimal, 16 of anything with a colon. */
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

/** A request as the fake kernel understands it. */
export interface ParsedRequest {
  readonly type: number;
  readonly dump: boolean;
  readonly sequence: number;
  readonly portId: number;
  readonly command: number;
  /** Attributes of the SERVICE nest, by type; none where there is no nest. */
  readonly service: ReadonlyMap<number, Uint8Array>;
}

/** Parses a little-endian request. */
export function parseRequest(bytes: Uint8Array): ParsedRequest {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const outer = parseAttributes(bytes.subarray(20));
  return {
    type: view.getUint16(4, true),
    dump: (view.getUint16(6, true) & 0x300) === 0x300,
    sequence: view.getUint32(8, true),
    portId: view.getUint32(12, true),
    command: bytes[16]!,
    service: parseAttributes(outer.get(1) ?? new Uint8Array(0)),
  };
}

/** Attributes of little-endian bytes, by type. */
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
