/**
 * Netlink messages: reads the headers of the messages in a datagram, and builds requests.
 *
 * @module
 */
import { align4 } from "./attributes.ts";
import { DecodeError } from "./errors.ts";
import type { Datagram } from "./transport.ts";
import { GENL_HDRLEN, NLA_HDRLEN, NLM_F_REQUEST, NLMSG_HDRLEN } from "./uapi.ts";

/**
 * The header of a netlink message, and where the message starts and ends in its datagram, in bytes.
 */
export interface MessageHeader {
  start: number;
  end: number;
  type: number;
  flags: number;
  sequence: number;
  portId: number;
}

/**
 * Reads the header at an offset into `header`, which can be reused.
 *
 * @throws {DecodeError} if the header, or the message by its length, does not fit in the datagram.
 */
export function readHeader(datagram: Datagram, start: number, header: MessageHeader): void {
  const { view, littleEndian, length } = datagram;
  if (length - start < NLMSG_HDRLEN) {
    throw new DecodeError(
      `Cannot read netlink message at offset ${start}: ${length - start} bytes left of 16`,
    );
  }
  const size = view.getUint32(start, littleEndian);
  if (size < NLMSG_HDRLEN || size > length - start) {
    throw new DecodeError(
      `Cannot read netlink message at offset ${start}: length ${size} with ${
        length - start
      } bytes left`,
    );
  }
  header.start = start;
  header.end = start + size;
  header.type = view.getUint16(start + 4, littleEndian);
  header.flags = view.getUint16(start + 6, littleEndian);
  header.sequence = view.getUint32(start + 8, littleEndian);
  header.portId = view.getUint32(start + 12, littleEndian);
}

/** The offset of the next message. */
export function nextStart(header: MessageHeader): number {
  return align4(header.end);
}

/** The header fields of a generic netlink request. */
export interface RequestHead {
  /** The number of the family. */
  readonly type: number;
  /** NLM_F_* flags; NLM_F_REQUEST is always set. */
  readonly flags: number;
  /** The command of the family. */
  readonly command: number;
  /** The version of the family. */
  readonly version: number;
}

const CAPACITY = 512;

/** Builds generic netlink requests of at most 512 bytes, one at a time in a reused buffer. */
export class RequestBuilder {
  readonly #bytes = new Uint8Array(new ArrayBuffer(CAPACITY));
  readonly #view = new DataView(this.#bytes.buffer);
  #length = 0;
  /** The last request, reused if the next one has the same length. */
  #request = this.#bytes.subarray(0, 0);

  /** Starts a new request. */
  begin(head: RequestHead): this {
    this.#bytes.fill(0, 0, NLMSG_HDRLEN + GENL_HDRLEN);
    this.#view.setUint16(4, head.type, true);
    this.#view.setUint16(6, NLM_F_REQUEST | head.flags, true);
    this.#bytes[NLMSG_HDRLEN] = head.command;
    this.#bytes[NLMSG_HDRLEN + 1] = head.version;
    this.#length = NLMSG_HDRLEN + GENL_HDRLEN;
    return this;
  }

  /**
   * Appends an attribute with these bytes.
   *
   * @throws {RangeError} if the request grows beyond 512 bytes.
   */
  bytes(type: number, payload: Uint8Array): this {
    const at = this.#header(type, payload.length);
    this.#bytes.set(payload, at);
    return this;
  }

  /** Appends an attribute of `count` 32-bit words, in little-endian byte order. */
  words(type: number, words: Uint32Array, first: number, count: number): this {
    const at = this.#header(type, 4 * count);
    for (let i = 0; i < count; i++) this.#view.setUint32(at + 4 * i, words[first + i]!, true);
    return this;
  }

  /** Appends a 16-bit attribute in host byte order. */
  u16(type: number, value: number): this {
    this.#view.setUint16(this.#header(type, 2), value, true);
    return this;
  }

  /** Appends a 16-bit attribute in network byte order. */
  be16(type: number, value: number): this {
    this.#view.setUint16(this.#header(type, 2), value, false);
    return this;
  }

  /** Appends a 32-bit attribute in host byte order. */
  u32(type: number, value: number): this {
    this.#view.setUint32(this.#header(type, 4), value, true);
    return this;
  }

  /** Appends a nested attribute; `fill` appends the attributes in it. */
  nest(type: number, fill: (builder: this) => void): this {
    const at = this.#header(type, 0) - NLA_HDRLEN;
    fill(this);
    this.#view.setUint16(at, this.#length - at, true);
    return this;
  }

  /** Completes the request. The bytes are valid until the next `begin()`. */
  finish(sequence: number, portId: number): Uint8Array<ArrayBuffer> {
    this.#view.setUint32(0, this.#length, true);
    this.#view.setUint32(8, sequence, true);
    this.#view.setUint32(12, portId, true);
    if (this.#request.length !== this.#length) {
      this.#request = this.#bytes.subarray(0, this.#length);
    }
    return this.#request;
  }

  #header(type: number, payload: number): number {
    const at = this.#length;
    const end = at + align4(NLA_HDRLEN + payload);
    if (end > CAPACITY) throw new RangeError("Cannot build a request of more than 512 bytes");
    this.#bytes.fill(0, at, end);
    this.#view.setUint16(at, NLA_HDRLEN + payload, true);
    this.#view.setUint16(at + 2, type, true);
    this.#length = end;
    return at + NLA_HDRLEN;
  }
}
