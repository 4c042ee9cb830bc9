/** Writes netlink messages as a little-endian kernel does, independently of lib/netlink. */
import { Datagram } from "../mod.ts";

const MULTI = 2;
const DONE = 3;

/** The header fields that all replies to a request share. */
export interface Head {
  readonly type: number;
  readonly sequence: number;
  readonly portId: number;
}

/** Writes one datagram at a time, in a reused buffer. */
export class NetlinkWriter {
  readonly #datagram: Datagram;
  readonly #view: DataView<ArrayBuffer>;
  #at = 0;

  /** Creates a writer of datagrams of at most `size` bytes. */
  constructor(size: number) {
    const buffer = new ArrayBuffer(size);
    this.#datagram = new Datagram(buffer, 0);
    this.#view = new DataView(buffer);
  }

  /** Writes the single reply to a request. */
  reply(head: Head, command: number, body: () => void): Datagram {
    this.#message(head, 0, command, body);
    return this.#take();
  }

  /**
   * Writes the replies to a dump: `count` messages of the same length, in datagrams of at most
   * `room` bytes, and DONE in a separate datagram.
   */
  *dump(
    head: Head,
    command: number,
    { count, room, body }: { count: number; room: number; body: (index: number) => void },
  ): Generator<Datagram> {
    let length = 0;
    for (let i = 0; i < count; i++) {
      if (this.#at + length > room) yield this.#take();
      const start = this.#at;
      this.#message(head, MULTI, command, () => body(i));
      length = this.#at - start;
    }
    if (this.#at > 0) yield this.#take();
    this.#header({ ...head, type: DONE }, MULTI, () => this.#number(0, 4));
    yield this.#take();
  }

  /** Writes a nested attribute. */
  nest(type: number, body: () => void): void {
    const start = this.#at;
    this.#at += 4;
    body();
    this.#view.setUint16(start, this.#at - start, true);
    this.#view.setUint16(start + 2, type, true);
    while (this.#at % 4 !== 0) this.#number(0, 1);
  }

  /** Writes an attribute with the low bytes of an integer below 2^53. */
  number(type: number, width: 1 | 2 | 4 | 8, value: number): void {
    this.nest(type, () => this.#number(value, width));
  }

  /** Writes an attribute with bytes. */
  bytes(type: number, bytes: readonly number[]): void {
    this.nest(type, () => bytes.forEach((byte) => this.#number(byte, 1)));
  }

  /** Writes an attribute with text and a NUL byte. */
  text(type: number, text: string): void {
    this.bytes(type, [...new TextEncoder().encode(text), 0]);
  }

  #message(head: Head, flags: number, command: number, body: () => void): void {
    this.#header(head, flags, () => {
      this.#number(command, 1);
      this.#number(1, 1); // version of the family
      this.#number(0, 2);
      body();
    });
  }

  #header({ type, sequence, portId }: Head, flags: number, body: () => void): void {
    const start = this.#at;
    this.#at += 16;
    body();
    this.#view.setUint32(start, this.#at - start, true);
    this.#view.setUint16(start + 4, type, true);
    this.#view.setUint16(start + 6, flags, true);
    this.#view.setUint32(start + 8, sequence, true);
    this.#view.setUint32(start + 12, portId, true);
  }

  #number(value: number, width: number): void {
    if (width === 8) this.#view.setUint32(this.#at + 4, value / 2 ** 32, true);
    if (width >= 4) this.#view.setUint32(this.#at, value % 2 ** 32, true);
    else if (width === 2) this.#view.setUint16(this.#at, value, true);
    else this.#view.setUint8(this.#at, value);
    this.#at += width;
  }

  #take(): Datagram {
    this.#datagram.length = this.#at;
    this.#at = 0;
    return this.#datagram;
  }
}
