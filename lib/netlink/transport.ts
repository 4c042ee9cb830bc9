/**
 * Transports of netlink datagrams: a live socket, a recorder around one, or a replay.
 *
 * @module
 */

/**
 * A netlink datagram, in a reused buffer that may be larger: the bytes are valid until the next
 * datagram is requested. The datagram starts at the first byte of the buffer, so that every netlink
 * message and attribute in it is aligned to 4 bytes.
 */
export class Datagram {
  /** The whole buffer; the datagram is its first {@linkcode length} bytes. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The same memory as 32-bit words in host byte order, which is little-endian. */
  readonly words: Uint32Array;
  /** A view of the same memory. */
  readonly view: DataView;
  /** The datagram's length in bytes. */
  length: number;
  /** The byte order of the kernel that sent the datagram; always true for a live socket. */
  readonly littleEndian: boolean;

  /** Wraps a buffer, whose size must be a multiple of 4 bytes. */
  constructor(buffer: ArrayBuffer, length: number, littleEndian = true) {
    this.bytes = new Uint8Array(buffer);
    this.words = new Uint32Array(buffer);
    this.view = new DataView(buffer);
    this.length = length;
    this.littleEndian = littleEndian;
  }

  /** Copies bytes of any alignment into a new datagram. */
  static from(bytes: Uint8Array, littleEndian = true): Datagram {
    const buffer = new ArrayBuffer((bytes.length + 3) & ~3);
    new Uint8Array(buffer).set(bytes);
    return new Datagram(buffer, bytes.length, littleEndian);
  }
}

/** Sends one request at a time and yields the datagrams that the kernel sends in reply. */
export interface Transport extends Disposable {
  /** The netlink port of the socket: requests come from it, and replies are addressed to it. */
  readonly portId: number;

  /**
   * Sends a request (one netlink message in host byte order) and yields datagrams until the caller
   * stops iterating: only the caller knows which message is the last.
   *
   * @throws {NetlinkError} if a system call fails, or no reply arrives in time.
   */
  exchange(request: Uint8Array<ArrayBuffer>): Iterable<Datagram>;
}

/** A request for which a replayed capture has no reply. */
export class NotRecordedError extends Error {
  /** The name of the class. */
  override readonly name = "NotRecordedError";
}
