/**
 * The live transport: a generic netlink socket of this process's network namespace.
 *
 * @module
 */
import { NetlinkError } from "../lib/netlink/errors.ts";
import { Datagram, type Transport } from "../lib/netlink/transport.ts";
import { AF_NETLINK, NETLINK_GENERIC } from "../lib/netlink/uapi.ts";
import { EINTR, type Libc, libc, narrow } from "./libc.ts";

const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_RCVTIMEO = 20;
const SOL_NETLINK = 270;
const NETLINK_EXT_ACK = 11;
const MSG_TRUNC = 0x20;
const MSG_WAITFORONE = 0x10000;
const EMSGSIZE = 90;
const EADDRINUSE = 98;

/** A port's process is in its low bits, as libnl numbers the sockets of a process. */
const PROCESS_BITS = 22;
const MOST_SIBLINGS = 64;

const SOCKADDR_NL = 12; // struct sockaddr_nl { u16 family; u16 pad; u32 pid; u32 groups; }
const ANY_PORT = 0;
const TIMEOUT_SECONDS = 10;

/**
 * The largest datagram of a dump: the kernel fills as much as the caller's buffer takes, up to
 * 32 KiB. Several are received by one call, so that the end of a short dump costs no call of its own.
 */
const BUFFER = 32 * 1024;
const BUFFERS = 4;
/** The size of a sibling's: the datagrams of one list end elsewhere, at no common multiple. */
const SIBLING_BUFFER = 22 * 1024;

// struct mmsghdr of 64-bit Linux: struct msghdr (56 bytes), then u32 received length, padding.
const MMSGHDR = 64;
const MSG_IOV = 16;
const MSG_IOVLEN = 24;
const MSG_FLAGS = 48;
const MSG_LEN = 56;
// struct iovec { void *base; size_t length; }
const IOVEC = 16;

/** A generic netlink socket. It only ever carries what its caller sends. */
export class NetlinkSocket implements Transport {
  readonly #libc: Libc;
  readonly #datagrams: readonly Datagram[];
  readonly #headers: DataView<ArrayBuffer>;
  readonly #headerBytes: Uint8Array<ArrayBuffer>;
  /** Holds the memory that the headers point to. */
  readonly #vectors: DataView<ArrayBuffer>;
  #fd: number;
  /** This socket's port. */
  readonly portId: number;

  private constructor(c: Libc, size: number, ports: readonly number[]) {
    this.#libc = c;
    this.#fd = c.symbols.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
    if (this.#fd < 0) throw new NetlinkError({ request: "socket", errno: c.errno() });
    this.#datagrams = Array.from({ length: BUFFERS }, () => new Datagram(new ArrayBuffer(size), 0));
    this.#headers = new DataView(new ArrayBuffer(MMSGHDR * BUFFERS));
    this.#headerBytes = new Uint8Array(this.#headers.buffer);
    this.#vectors = new DataView(new ArrayBuffer(IOVEC * BUFFERS));
    this.#link(size);
    try {
      this.#configure();
      this.portId = this.#bind(ports);
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /**
   * Opens a socket in the network namespace of the calling thread.
   *
   * @throws {NetlinkError} if the kernel refuses.
   */
  static open(): NetlinkSocket {
    return new NetlinkSocket(libc(), BUFFER, [ANY_PORT]);
  }

  /**
   * Opens another socket of this process, to which the kernel answers in smaller datagrams.
   *
   * @throws {NetlinkError} if the kernel refuses.
   */
  sibling(): NetlinkSocket {
    const process = this.portId & ((1 << PROCESS_BITS) - 1);
    const ports = Array.from(
      { length: MOST_SIBLINGS },
      (_, i) => process + ((i + 1) << PROCESS_BITS),
    );
    return new NetlinkSocket(this.#libc, SIBLING_BUFFER, [...ports, ANY_PORT]);
  }

  /** Points each header at the buffer of a datagram. */
  #link(size: number): void {
    const address = (bytes: Uint8Array<ArrayBuffer>) =>
      BigInt(Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes)));
    const vectors = address(new Uint8Array(this.#vectors.buffer));
    this.#datagrams.forEach((datagram, i) => {
      this.#vectors.setBigUint64(IOVEC * i, address(datagram.bytes), true);
      this.#vectors.setBigUint64(IOVEC * i + 8, BigInt(size), true);
      this.#headers.setBigUint64(MMSGHDR * i + MSG_IOV, vectors + BigInt(IOVEC * i), true);
      this.#headers.setBigUint64(MMSGHDR * i + MSG_IOVLEN, 1n, true);
    });
  }

  #configure(): void {
    const timeout = new DataView(new ArrayBuffer(16)); // struct timeval
    timeout.setBigInt64(0, BigInt(TIMEOUT_SECONDS), true);
    const { symbols } = this.#libc;
    const value = new Uint8Array(timeout.buffer);
    if (symbols.setsockopt(this.#fd, SOL_SOCKET, SO_RCVTIMEO, value, 16) < 0) {
      throw new NetlinkError({ request: "setsockopt SO_RCVTIMEO", errno: this.#libc.errno() });
    }
    // The kernel's own words with an error. It does not matter where a kernel has none.
    symbols.setsockopt(this.#fd, SOL_NETLINK, NETLINK_EXT_ACK, new Uint8Array([1, 0, 0, 0]), 4);
  }

  /** Binds to the first of the ports that is free, and returns which. */
  #bind(ports: readonly number[]): number {
    const address = new DataView(new ArrayBuffer(SOCKADDR_NL));
    address.setUint16(0, AF_NETLINK, true);
    const bytes = new Uint8Array(address.buffer);
    const { symbols } = this.#libc;
    for (const port of ports) {
      address.setUint32(4, port, true);
      if (symbols.bind(this.#fd, bytes, SOCKADDR_NL) >= 0) break;
      const errno = this.#libc.errno();
      if (errno !== EADDRINUSE) throw new NetlinkError({ request: "bind", errno });
    }
    const length = new Uint8Array([SOCKADDR_NL, 0, 0, 0]);
    if (symbols.getsockname(this.#fd, bytes, length) < 0) {
      throw new NetlinkError({ request: "getsockname", errno: this.#libc.errno() });
    }
    return address.getUint32(4, true);
  }

  /** @inheritdoc */
  *exchange(request: Uint8Array<ArrayBuffer>): Iterable<Datagram> {
    this.#send(request);
    for (;;) {
      const received = this.#receive();
      for (let i = 0; i < received; i++) yield this.#datagrams[i]!;
    }
  }

  #send(request: Uint8Array<ArrayBuffer>): void {
    const { symbols } = this.#libc;
    for (;;) {
      const sent = narrow(symbols.send(this.#fd, request, BigInt(request.length), 0));
      if (sent >= 0) return;
      const errno = this.#libc.errno();
      if (errno !== EINTR) throw new NetlinkError({ request: "send", errno });
    }
  }

  /** Waits for one datagram, takes those that are there already, and returns how many. */
  #receive(): number {
    const { symbols } = this.#libc;
    for (;;) {
      const received = symbols.recvmmsg(this.#fd, this.#headerBytes, BUFFERS, MSG_WAITFORONE, null);
      if (received < 0) {
        const errno = this.#libc.errno();
        if (errno === EINTR) continue;
        throw new NetlinkError({ request: "recvmmsg", errno });
      }
      for (let i = 0; i < received; i++) this.#take(i);
      return received;
    }
  }

  #take(i: number): void {
    if ((this.#headers.getInt32(MMSGHDR * i + MSG_FLAGS, true) & MSG_TRUNC) !== 0) {
      throw new NetlinkError({ request: "recvmmsg", errno: EMSGSIZE });
    }
    this.#datagrams[i]!.length = this.#headers.getUint32(MMSGHDR * i + MSG_LEN, true);
  }

  /** Closes the socket; more than once does no harm. */
  [Symbol.dispose](): void {
    if (this.#fd < 0) return;
    this.#libc.symbols.close(this.#fd);
    this.#fd = -1;
  }
}
