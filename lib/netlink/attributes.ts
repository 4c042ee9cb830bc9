/**
 * Netlink attributes: a strict reader that checks every length against the enclosing range.
 *
 * @module
 */
import type { Datagram } from "./transport.ts";
import { DecodeError } from "./errors.ts";
import { NLA_HDRLEN, NLA_TYPE_MASK } from "./uapi.ts";

/** Rounds a length up to netlink's alignment of 4 bytes. */
export function align4(length: number): number {
  return (length + 3) & ~3;
}

/**
 * Receives an attribute's type without its flag bits, and its payload's offset and length in bytes.
 */
export type AttributeVisitor = (type: number, offset: number, length: number) => void;

/**
 * Visits the attributes between two offsets of a datagram, in order.
 *
 * The padding after the last attribute may be missing, as in the kernel.
 *
 * @throws {DecodeError} if a length is smaller than the attribute header or larger than the rest of
 * the range; the message has the offset and both lengths.
 */
export function readAttributes(
  datagram: Datagram,
  start: number,
  end: number,
  visit: AttributeVisitor,
): void {
  const { view, littleEndian } = datagram;
  let at = start;
  while (at < end) {
    const left = end - at;
    if (left < NLA_HDRLEN) {
      throw new DecodeError(`Cannot read attribute at offset ${at}: ${left} bytes left of 4`);
    }
    const length = view.getUint16(at, littleEndian);
    if (length < NLA_HDRLEN || length > left) {
      throw new DecodeError(
        `Cannot read attribute at offset ${at}: length ${length} with ${left} bytes left`,
      );
    }
    const type = view.getUint16(at + 2, littleEndian) & NLA_TYPE_MASK;
    visit(type, at + NLA_HDRLEN, length - NLA_HDRLEN);
    at += align4(length);
  }
}

/** Decodes UTF-8 text up to its first NUL byte, or all of it if there is none. */
export function readText(bytes: Uint8Array, offset: number, length: number): string {
  const text = bytes.subarray(offset, offset + length);
  const nul = text.indexOf(0);
  return new TextDecoder().decode(nul < 0 ? text : text.subarray(0, nul));
}

/**
 * Checks the width of a payload, in bytes.
 *
 * @throws {DecodeError} if it differs; the message has the name, the offset and both widths.
 */
export function expectWidth(name: string, offset: number, actual: number, expected: number): void {
  if (actual !== expected) {
    throw new DecodeError(
      `Cannot decode ${name} at offset ${offset}: ${actual} bytes, not ${expected}`,
    );
  }
}
