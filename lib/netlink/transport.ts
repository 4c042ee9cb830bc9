/**
 * What carries netlink datagrams: the live socket, a recording of one, or a replay.
 *
 * @module
 */

/**
 * One netlink datagram in a buffer that may be larger and is reused: its bytes are valid
 * until the next one is asked for. It starts at the first byte of the buffer, so that every
 * netlink message and attribute in it is aligned to 4 bytes.
 */
export class Datagram {
  /** The whole buffer; only the first {@linkcode length} bytes are the datagram's. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The same memory in 32-bit words of the host's byte order, which is little-endian. */
  readonly words: Uint32Array;
  /** The same memory. */
  readonly view: DataView;
  /** The datagram's length in bytes. */
  length: number;
  /** Byte order of whoever wrote the datagram: true on a live little-endian host. */
  readonly littleEndian: boolean;

  /** Makes a datagram over a buffer whose size is a multiple of 4 bytes. */
  constructor(buffer: ArrayBuffer, length: number, littleEndian = true) {
    this.bytes = new Uint8Array(buffer);
    this.words = new Uint32Array(buffer);
    this.view = new DataView(buffer);
    this.length = length;
    this.littleEndian = littleEndian;
  }

  /** Copies bytes of any alignment into a datagram of their own. */
  static from(bytes: Uint8Array, littleEndian = true): Datagram {
    const buffer = new ArrayBuffer((bytes.length + 3) & ~3);
    new Uint8Array(buffer).set(bytes);
    return new Datagram(buffer, bytes.length, littleEndian);
  }
}

/** Takes one request and yields the datagrams that answer it. */
export interface Transport extends Disposable {
  /** The netlink port that requests are sent from and answers are addressed to. */
  readonly portId: number;

  /**
   * Sends a request (one netlink message in the host's byte order) and yields datagrams until
   * the caller, who alone knows which message is the last, stops asking.
   *
   * @throws {NetlinkError} if a system call fails or no answer comes in time.
   */
  exchange(request: Uint8Array<ArrayBuffer>): Iterable<Datagram>;
}

/** A request that a replayed capture holds no answer to. */
export class NotRecordedError extends Error {
  /** The error's class. */
  override readonly name = "NotRecordedError";
}
