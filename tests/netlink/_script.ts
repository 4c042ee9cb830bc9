/**
 * A transport with scripted replies, and datagrams in poisoned buffers.
 *
 * @module
 */
import { Datagram, type Transport } from "../../lib/netlink/transport.ts";
import type { Request } from "../../lib/netlink/client.ts";
import { type Head, MessageWriter } from "../_netlink_messages.ts";

export const PORT = 4711;
export const FAMILY = 28;
export const MULTI = 2, CAPPED = 0x100, ACK_TLVS = 0x200;
export const NOOP = 1, ERROR = 2, DONE = 3, OVERRUN = 4;

/** Parses pairs of hexadecimal digits, with anything between them. */
export function hex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/[0-9a-f]{2}/g) ?? [], (pair) => parseInt(pair, 16));
}

/** Formats bytes as pairs of hexadecimal digits. */
export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}

/** A datagram in a larger buffer, in which every byte outside the datagram is `poison`. */
export function poisoned(bytes: Uint8Array, poison: number, littleEndian = true): Datagram {
  const buffer = new ArrayBuffer(((bytes.length + 3) & ~3) + 256);
  new Uint8Array(buffer).fill(poison).set(bytes);
  return new Datagram(buffer, bytes.length, littleEndian);
}

/** Replies to every request with the same datagrams, and then ends, as after a receive timeout. */
export class Script implements Transport {
  readonly portId = PORT;
  readonly requests: Uint8Array[] = [];
  readonly #replies: readonly (Uint8Array | Datagram)[];
  /** Number of datagrams that were read. */
  taken = 0;

  constructor(...replies: readonly (Uint8Array | Datagram)[]) {
    this.#replies = replies;
  }

  *exchange(request: Uint8Array<ArrayBuffer>): Generator<Datagram> {
    this.requests.push(request.slice());
    for (const reply of this.#replies) {
      this.taken++;
      yield reply instanceof Datagram ? reply : Datagram.from(reply);
    }
  }

  [Symbol.dispose](): void {}
}

/** A dump request; its replies have command 1. */
export const REQUEST: Request = {
  name: "IPVS_CMD_GET_SERVICE",
  type: FAMILY,
  flags: 0x300,
  command: 4,
  version: 1,
  reply: 1,
};

/** The header of a reply to the first request of a client. */
export function head(parts: Partial<Head> = {}): Head {
  return { type: FAMILY, flags: 0, sequence: 1, portId: PORT, ...parts };
}

/** A reply with one 32-bit attribute. */
export function reply(value: number, parts: Partial<Head> = {}, command = 1): Uint8Array {
  const writer = new MessageWriter();
  return writer.generic(head(parts), command, () => writer.u32(1, value)).take();
}

/** DONE or ERROR with an error code, followed by what `body` writes. */
export function end(
  type: number,
  code: number,
  parts: Partial<Head> = {},
  body: (writer: MessageWriter) => void = () => {},
): Uint8Array {
  const writer = new MessageWriter();
  return writer.message(head({ type, ...parts }), () => {
    writer.number(code, 4);
    body(writer);
  }).take();
}

/** Concatenates bytes. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}
