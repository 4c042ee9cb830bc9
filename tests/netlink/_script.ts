/**
 * A transport that answers by a script, and datagrams whose surroundings are poisoned.
 *
 * @module
 */
import { Datagram, type Transport } from "../../lib/netlink/transport.ts";
import type { Request } from "../../lib/netlink/client.ts";
import { type Head, Wire } from "../_wire.ts";

export const PORT = 4711;
export const FAMILY = 28;
export const MULTI = 2, CAPPED = 0x100, ACK_TLVS = 0x200;
export const NOOP = 1, ERROR = 2, DONE = 3, OVERRUN = 4;

/** Bytes of hexadecimal digits; what is between them does not matter. */
export function hex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/[0-9a-f]{2}/g) ?? [], (pair) => parseInt(pair, 16));
}

/** Hexadecimal digits of bytes. */
export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}

/** A datagram in a larger buffer, with `poison` in every byte that is not its own. */
export function poisoned(bytes: Uint8Array, poison: number, littleEndian = true): Datagram {
  const buffer = new ArrayBuffer(((bytes.length + 3) & ~3) + 256);
  new Uint8Array(buffer).fill(poison).set(bytes);
  return new Datagram(buffer, bytes.length, littleEndian);
}

/** Answers every request with the same datagrams, and then none: as after the receive timeout. */
export class Script implements Transport {
  readonly portId = PORT;
  readonly requests: Uint8Array[] = [];
  readonly #answers: readonly (Uint8Array | Datagram)[];
  /** How many datagrams were asked for. */
  taken = 0;

  constructor(...answers: readonly (Uint8Array | Datagram)[]) {
    this.#answers = answers;
  }

  *exchange(request: Uint8Array<ArrayBuffer>): Generator<Datagram> {
    this.requests.push(request.slice());
    for (const answer of this.#answers) {
      this.taken++;
      yield answer instanceof Datagram ? answer : Datagram.from(answer);
    }
  }

  [Symbol.dispose](): void {}
}

/** A request whose answers have command 1. */
export const REQUEST: Request = {
  name: "IPVS_CMD_GET_SERVICE",
  type: FAMILY,
  flags: 0x300,
  command: 4,
  version: 1,
  reply: 1,
};

/** The head of an answer to the first request of a client. */
export function head(parts: Partial<Head> = {}): Head {
  return { type: FAMILY, flags: 0, sequence: 1, portId: PORT, ...parts };
}

/** An answer with one attribute of 32 bits. */
export function answer(value: number, parts: Partial<Head> = {}, command = 1): Uint8Array {
  const wire = new Wire();
  return wire.generic(head(parts), command, () => wire.u32(1, value)).take();
}

/** DONE or ERROR with a code, and what `body` writes behind it. */
export function end(
  type: number,
  code: number,
  parts: Partial<Head> = {},
  body: (wire: Wire) => void = () => {},
): Uint8Array {
  const wire = new Wire();
  return wire.message(head({ type, ...parts }), () => {
    wire.number(code, 4);
    body(wire);
  }).take();
}

/** Bytes one after the other. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}
