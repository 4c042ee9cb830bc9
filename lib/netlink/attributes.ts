/**
 * Netlink attributes: a strict reader, which checks every length against what encloses it.
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

/** Gets an attribute's type without its flag bits, and where its payload lies in bytes. */
export type AttributeVisitor = (type: number, offset: number, length: number) => void;

/**
 * Walks the attributes between two offsets of a datagram.
 *
 * The padding behind the last attribute may be missing, as the kernel allows; a length that is
 * smaller than the header or larger than what is left is an error.
 *
 * @throws {DecodeError} naming the offset, the length found and the length left.
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

/** Decodes text up to its first NUL byte as UTF-8. */
export function readText(bytes: Uint8Array, offset: number, length: number): string {
  const text = bytes.subarray(offset, offset + length);
  const nul = text.indexOf(0);
  return new TextDecoder().decode(nul < 0 ? text : text.subarray(0, nul));
}

/** Checks a payload's width and returns the offset unchanged. */
export function expectWidth(name: string, offset: number, actual: number, expected: number): void {
  if (actual !== expected) {
    throw new DecodeError(
      `Cannot decode ${name} at offset ${offset}: ${actual} bytes, not ${expected}`,
    );
  }
}
