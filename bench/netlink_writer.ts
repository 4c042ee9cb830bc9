/** Writes netlink messages as a little-endian kernel does, without the program's own code. */
import { Datagram } from "../mod.ts";

const MULTI = 2;
const DONE = 3;

/** What the answers to one request have in common. */
export interface Head {
  readonly type: number;
  readonly sequence: number;
  readonly portId: number;
}

/** Fills one datagram at a time, in a buffer that it reuses. */
export class NetlinkWriter {
  readonly #datagram: Datagram;
  readonly #view: DataView<ArrayBuffer>;
  #at = 0;

  /** Makes datagrams of up to `size` bytes. */
  constructor(size: number) {
    const buffer = new ArrayBuffer(size);
    this.#datagram = new Datagram(buffer, 0);
    this.#view = new DataView(buffer);
  }

  /** The single answer to a request. */
  answer(head: Head, command: number, body: () => void): Datagram {
    this.#message(head, 0, command, body);
    return this.#take();
  }

  /**
   * The answers to a dump: `count` messages of one length, as many in a datagram as `room` bytes
   * hold, and the end in a datagram of its own.
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

  /** An attribute that holds others. */
  nest(type: number, body: () => void): void {
    const start = this.#at;
    this.#at += 4;
    body();
    this.#view.setUint16(start, this.#at - start, true);
    this.#view.setUint16(start + 2, type, true);
    while (this.#at % 4 !== 0) this.#number(0, 1);
  }

  /** An attribute that holds the low bytes of a whole number below 2^53. */
  number(type: number, width: 1 | 2 | 4 | 8, value: number): void {
    this.nest(type, () => this.#number(value, width));
  }

  /** An attribute that holds bytes. */
  bytes(type: number, bytes: readonly number[]): void {
    this.nest(type, () => bytes.forEach((byte) => this.#number(byte, 1)));
  }

  /** An attribute that holds text and the byte 0. */
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
