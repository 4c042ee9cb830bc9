/**
 * Replaces the addresses and the names of interfaces in netlink messages, in place.
 *
 * @module
 */
import { align4 } from "../netlink/attributes.ts";
import type { Datagram } from "../netlink/transport.ts";
import {
  GENL_HDRLEN,
  NLA_HDRLEN,
  NLA_TYPE_MASK,
  NLM_F_CAPPED,
  NLMSG_DONE,
  NLMSG_ERROR,
  NLMSG_HDRLEN,
  NLMSG_MIN_TYPE,
} from "../netlink/uapi.ts";
import { AF_INET, AF_INET6 } from "../ipvs/uapi.ts";
import {
  DESTINATION_RULES,
  EXTENDED_ACK_RULES,
  type Rule,
  type Rules,
  rulesFor,
  SERVICE_RULES,
} from "./anonymize_rules.ts";
import type { Anonymizer } from "./anonymizer.ts";

/** A range of bytes in a datagram. */
interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * Anonymizes messages of the family IPVS and of the family controller. Every length stays the same:
 * what is not known to be without addresses is overwritten by zeros.
 */
export class MessageAnonymizer {
  readonly #anonymizer: Anonymizer;
  /** The family of the service of the request, which its destinations have by default. */
  #serviceFamily = 0;

  /** Uses an anonymizer, which other files and messages may share. */
  constructor(anonymizer: Anonymizer) {
    this.#anonymizer = anonymizer;
  }

  /**
   * Anonymizes the messages in a range of a datagram.
   *
   * @param serviceFamily AF_* of the service that the request is about; 0 if unknown
   * @returns the last family of a service in the messages
   */
  rewrite(datagram: Datagram, { start, end }: Span, serviceFamily = 0): number {
    this.#serviceFamily = serviceFamily;
    for (let at = start; at < end;) {
      const size = sizeOfMessage(datagram, at, end);
      this.#rewriteMessage(datagram, { start: at, end: at + size });
      datagram.bytes.fill(0, at + size, Math.min(align4(at + size), end));
      at = align4(at + size);
    }
    return this.#serviceFamily;
  }

  #rewriteMessage(datagram: Datagram, { start, end }: Span): void {
    const { view, bytes, littleEndian } = datagram;
    if (end - start < NLMSG_HDRLEN) return void bytes.fill(0, start, end);
    const type = view.getUint16(start + 4, littleEndian);
    const body = start + NLMSG_HDRLEN;
    if (type >= NLMSG_MIN_TYPE) this.#rewriteGeneric(datagram, type, { start: body, end });
    else if (type === NLMSG_ERROR || type === NLMSG_DONE) {
      let at = Math.min(body + 4, end);
      if (type === NLMSG_ERROR) at = this.#rewriteCopy(datagram, start, { start: at, end });
      this.#rewriteAttributes(datagram, { start: at, end }, EXTENDED_ACK_RULES);
    } else bytes.fill(0, body, end);
  }

  /** Anonymizes the copy of the request in an error; returns where it ends. */
  #rewriteCopy(datagram: Datagram, error: number, { start, end }: Span): number {
    const { view, littleEndian } = datagram;
    const header = Math.min(start + NLMSG_HDRLEN, end);
    if ((view.getUint16(error + 6, littleEndian) & NLM_F_CAPPED) !== 0) return header;
    const size = sizeOfMessage(datagram, start, end);
    this.#rewriteMessage(datagram, { start, end: start + size });
    return Math.min(align4(start + size), end);
  }

  #rewriteGeneric(datagram: Datagram, type: number, { start, end }: Span): void {
    const { bytes } = datagram;
    const attributes = start + GENL_HDRLEN;
    if (attributes > end) return void bytes.fill(0, start, end);
    bytes.fill(0, start + 2, attributes);
    const rules = rulesFor(type, bytes[start]!);
    this.#rewriteAttributes(datagram, { start: attributes, end }, rules);
  }

  #rewriteAttributes(datagram: Datagram, span: Span, rules: Rules): void {
    const { view, littleEndian } = datagram;
    let family = rules === DESTINATION_RULES ? this.#serviceFamily : 0;
    visitAttributes(datagram, span, (type, { start, end }) => {
      if (type !== rules.family || end - start !== 2) return;
      family = view.getUint16(start, littleEndian);
    });
    if (rules === SERVICE_RULES) this.#serviceFamily = family;
    visitAttributes(datagram, span, (type, payload) => {
      this.#rewriteAttribute(datagram, payload, rules.attributes.get(type), family);
    });
  }

  #rewriteAttribute(
    datagram: Datagram,
    span: Span,
    rule: Rule | undefined,
    family: number,
  ): void {
    const payload = datagram.bytes.subarray(span.start, span.end);
    if (rule === undefined) payload.fill(0);
    else if ("nest" in rule) this.#rewriteAttributes(datagram, span, rule.nest);
    else if ("width" in rule) {
      if (payload.length !== rule.width) payload.fill(0);
    } else if ("address" in rule) this.#replaceAddress(payload, rule.address, family);
    else this.#replaceText(payload, "isInterface" in rule);
  }

  #replaceAddress(
    payload: Uint8Array,
    kind: "ipv4" | "ipv6" | "by family",
    family: number,
  ): void {
    const isIpv4 = kind === "ipv4" || (kind === "by family" && looksLikeIpv4(payload, family));
    const width = isIpv4 ? 4 : 16;
    const address = payload.slice(0, width);
    payload.fill(0);
    if (address.length === width) payload.set(this.#anonymizer.address(address));
  }

  #replaceText(payload: Uint8Array, isInterface: boolean): void {
    const nul = payload.indexOf(0);
    const length = nul < 0 ? payload.length : nul;
    payload.fill(0, length);
    if (!isInterface || length === 0) return;
    const name = new TextDecoder().decode(payload.subarray(0, length));
    const room = Math.max(length, payload.length - 1);
    payload.fill(0);
    payload.set(new TextEncoder().encode(this.#anonymizer.interfaceName(name, room)));
  }
}

/** Without a family, an address is IPv4 if it uses only the first 4 bytes. */
function looksLikeIpv4(payload: Uint8Array, family: number): boolean {
  if (family === AF_INET || family === AF_INET6) return family === AF_INET;
  return payload.subarray(4).every((byte) => byte === 0);
}

/** The size of the message at an offset, and at least what is left if its length is invalid. */
function sizeOfMessage({ view, littleEndian }: Datagram, at: number, end: number): number {
  const left = end - at;
  const size = left < NLMSG_HDRLEN ? left : view.getUint32(at, littleEndian);
  return size < NLMSG_HDRLEN || size > left ? left : size;
}

/**
 * Visits the attributes in a range, with their type and the range of their payload. Overwrites the
 * padding by zeros, and everything from an attribute with an invalid length on.
 */
function visitAttributes(
  { bytes, view, littleEndian }: Datagram,
  { start, end }: Span,
  visit: (type: number, payload: Span) => void,
): void {
  for (let at = start; at < end;) {
    const length = end - at < NLA_HDRLEN ? 0 : view.getUint16(at, littleEndian);
    if (length < NLA_HDRLEN || at + length > end) return void bytes.fill(0, at, end);
    const next = Math.min(align4(at + length), end);
    bytes.fill(0, at + length, next);
    const type = view.getUint16(at + 2, littleEndian) & NLA_TYPE_MASK;
    visit(type, { start: at + NLA_HDRLEN, end: at + length });
    at = next;
  }
}
