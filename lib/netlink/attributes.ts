/**
 * Netlink attributes: a strict reader that checks every length against the enclosing range.
 *
 * @module
 */
import type { Datagram } from "./transport.ts";
import { swap16 } from "./byte_order.ts";
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
 * Reads the header of the attribute at an offset that is a multiple of 4: the length in bytes with
 * the header in the low 16 bits, and in the high 16 bits the type without its flag bits.
 *
 * @throws {DecodeError} if the length is smaller than the header or larger than what is left.
 */
export function readAttributeHeader(datagram: Datagram, offset: number, end: number): number {
  const left = end - offset;
  const word = left < NLA_HDRLEN ? 0 : datagram.words[offset >>> 2]!;
  const header = datagram.littleEndian ? word : swap16(word) | swap16(word >>> 16) << 16;
  const length = header & 0xffff;
  if (length < NLA_HDRLEN || length > left) refuseHeader(offset, length, left);
  return header & (NLA_TYPE_MASK << 16 | 0xffff);
}

function refuseHeader(offset: number, length: number, left: number): never {
  throw new DecodeError(
    left < NLA_HDRLEN
      ? `Cannot read attribute at offset ${offset}: ${left} bytes left of 4`
      : `Cannot read attribute at offset ${offset}: length ${length} with ${left} bytes left`,
  );
}

/**
 * Walks the attributes between two offsets of a datagram. The padding after the last attribute may
 * be missing, as the kernel allows.
 *
 * @throws {DecodeError} if the length of an attribute does not fit.
 */
export function readAttributes(
  datagram: Datagram,
  start: number,
  end: number,
  visit: AttributeVisitor,
): void {
  for (let at = start; at < end;) {
    const header = readAttributeHeader(datagram, at, end);
    const length = header & 0xffff;
    visit(header >>> 16, at + NLA_HDRLEN, length - NLA_HDRLEN);
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
