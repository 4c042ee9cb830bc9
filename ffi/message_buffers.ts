/**
 * Buffers for recvmmsg(2), which receives several datagrams and their senders in one call.
 *
 * @module
 */
import { Datagram } from "../lib/netlink/transport.ts";

// struct mmsghdr of 64-bit Linux: struct msghdr (56 bytes), then u32 received length, padding.
const MMSGHDR = 64;
const MSG_NAME = 0;
const MSG_NAMELEN = 8;
const MSG_IOV = 16;
const MSG_IOVLEN = 24;
const MSG_FLAGS = 48;
const MSG_LEN = 56;
// struct iovec { void *base; size_t length; }
const IOVEC = 16;
// struct sockaddr_nl { u16 family; u16 pad; u32 pid; u32 groups; }
const SOCKADDR_NL = 12;
const NL_PID = 4;
const KERNEL = 0;

const MSG_TRUNC = 0x20;

/** Buffers for a number of datagrams; their contents are valid until the next call. */
export class MessageBuffers {
  /** The array of struct mmsghdr for recvmmsg(2). */
  readonly headers: Uint8Array<ArrayBuffer>;
  readonly #view: DataView<ArrayBuffer>;
  readonly #datagrams: readonly Datagram[];
  /** Memory that the headers point to: buffer descriptors. */
  readonly #vectors: DataView<ArrayBuffer>;
  /** Memory that the headers point to: addresses of the senders. */
  readonly #senders: DataView<ArrayBuffer>;

  /** Allocates buffers for `count` datagrams of at most `size` bytes. */
  constructor(count: number, size: number) {
    this.headers = new Uint8Array(MMSGHDR * count);
    this.#view = new DataView(this.headers.buffer);
    this.#vectors = new DataView(new ArrayBuffer(IOVEC * count));
    this.#senders = new DataView(new ArrayBuffer(SOCKADDR_NL * count));
    this.#datagrams = Array.from({ length: count }, () => new Datagram(new ArrayBuffer(size), 0));
    this.#link(size);
  }

  /** Makes each header point to the buffers for a datagram and its sender. */
  #link(size: number): void {
    const [vectors, senders] = [this.#vectors, this.#senders].map(addressOf);
    this.#datagrams.forEach((datagram, i) => {
      const header = MMSGHDR * i;
      this.#vectors.setBigUint64(IOVEC * i, addressOf(datagram.view), true);
      this.#vectors.setBigUint64(IOVEC * i + 8, BigInt(size), true);
      this.#view.setBigUint64(header + MSG_NAME, senders! + BigInt(SOCKADDR_NL * i), true);
      this.#view.setUint32(header + MSG_NAMELEN, SOCKADDR_NL, true);
      this.#view.setBigUint64(header + MSG_IOV, vectors! + BigInt(IOVEC * i), true);
      this.#view.setBigUint64(header + MSG_IOVLEN, 1n, true);
    });
  }

  /** Whether the kernel sent a datagram: processes with CAP_NET_ADMIN can send to a port as well. */
  isFromKernel(i: number): boolean {
    return this.#senders.getUint32(SOCKADDR_NL * i + NL_PID, true) === KERNEL;
  }

  /** A received datagram; undefined if it was truncated. */
  take(i: number): Datagram | undefined {
    if ((this.#view.getInt32(MMSGHDR * i + MSG_FLAGS, true) & MSG_TRUNC) !== 0) return undefined;
    const datagram = this.#datagrams[i]!;
    datagram.length = this.#view.getUint32(MMSGHDR * i + MSG_LEN, true);
    return datagram;
  }
}

function addressOf(view: DataView): bigint {
  const bytes = new Uint8Array(view.buffer as ArrayBuffer);
  return BigInt(Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes)));
}
