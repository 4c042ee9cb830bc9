/**
 * The live transport: a generic netlink socket in this process's network namespace.
 *
 * @module
 */
import { NetlinkError } from "../lib/netlink/errors.ts";
import type { Datagram, Transport } from "../lib/netlink/transport.ts";
import { AF_NETLINK, NETLINK_GENERIC } from "../lib/netlink/uapi.ts";
import { type Libc, libc, retryInterrupted } from "./libc.ts";
import { MessageBuffers } from "./message_buffers.ts";

const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_RCVTIMEO = 20;
const SOL_NETLINK = 270;
const NETLINK_EXT_ACK = 11;
const MSG_WAITFORONE = 0x10000;
const EAGAIN = 11;
const EMSGSIZE = 90;
const EADDRINUSE = 98;

/** The low bits of a port are the process number; libnl numbers the sockets of a process above. */
const PROCESS_BITS = 22;
const MAX_SOCKETS = 64;

const SOCKADDR_NL = 12; // struct sockaddr_nl { u16 family; u16 pad; u32 pid; u32 groups; }
const ANY_PORT = 0;
const TIMEOUT_SECONDS = 10;

/**
 * The size of a receive buffer: the kernel fills dumps into datagrams of that size, up to 32 KiB.
 * Several are received by one call, so that the end of a short dump needs no extra call.
 */
const BUFFER = 32 * 1024;
const BUFFERS = 4;
/** Another size, so that the datagrams of the same list end at different entries. */
const VERIFICATION_BUFFER = 22 * 1024;

/** Datagrams from other processes that a request drops before it fails. */
const MAX_FOREIGN = 100_000;

/** A generic netlink socket. It sends only what its caller passes. */
export class NetlinkSocket implements Transport {
  readonly #libc: Libc;
  readonly #messages: MessageBuffers;
  #fd: number;
  #portId: number;
  #foreign = 0;

  private constructor(c: Libc, size: number, ports: readonly number[]) {
    this.#libc = c;
    this.#messages = new MessageBuffers(BUFFERS, size);
    [this.#fd, this.#portId] = openSocket(c, ports);
  }

  /**
   * Opens a socket in the network namespace of the calling thread.
   *
   * @throws {NetlinkError} if the kernel refuses.
   */
  static open(c: Libc = libc()): NetlinkSocket {
    return new NetlinkSocket(c, BUFFER, [ANY_PORT]);
  }

  /** The port of this socket. */
  get portId(): number {
    return this.#portId;
  }

  /** Number of datagrams that other processes sent to this socket, and that were dropped. */
  get foreign(): number {
    return this.#foreign;
  }

  /**
   * Opens another socket of this process, on which the kernel replies in smaller datagrams.
   *
   * @throws {NetlinkError} if the kernel refuses.
   */
  openVerificationSocket(): NetlinkSocket {
    return new NetlinkSocket(this.#libc, VERIFICATION_BUFFER, otherPorts(this.#portId));
  }

  /**
   * Switches to another port, and discards what is queued at this one.
   *
   * @throws {NetlinkError} if the kernel refuses; the socket is then unchanged.
   */
  renew(): void {
    // The old socket is still open, so that its port is not reused.
    const [fd, portId] = openSocket(this.#libc, otherPorts(this.#portId));
    this[Symbol.dispose]();
    [this.#fd, this.#portId] = [fd, portId];
  }

  /** @inheritdoc */
  *exchange(request: Uint8Array<ArrayBuffer>): Iterable<Datagram> {
    this.#send(request);
    const limit = this.#foreign + MAX_FOREIGN;
    for (;;) {
      const received = this.#receive();
      for (let i = 0; i < received; i++) {
        if (this.#messages.isFromKernel(i)) yield this.#take(i);
        else this.#foreign++;
      }
      if (this.#foreign >= limit) {
        const note = `${MAX_FOREIGN} datagrams came from other processes`;
        throw new NetlinkError({ request: "recvmmsg", errno: EAGAIN, note });
      }
    }
  }

  #send(request: Uint8Array<ArrayBuffer>): void {
    const { symbols } = this.#libc;
    const length = BigInt(request.length);
    const sent = retryInterrupted(this.#libc, () => symbols.send(this.#fd, request, length, 0));
    if (sent < 0) throw new NetlinkError({ request: "send", errno: -sent });
  }

  /** Waits for a datagram, receives what is queued, and returns the number of datagrams. */
  #receive(): number {
    const { symbols } = this.#libc;
    const { headers } = this.#messages;
    const received = retryInterrupted(
      this.#libc,
      () => symbols.recvmmsg(this.#fd, headers, BUFFERS, MSG_WAITFORONE, null),
    );
    if (received < 0) throw new NetlinkError({ request: "recvmmsg", errno: -received });
    return received;
  }

  #take(i: number): Datagram {
    const datagram = this.#messages.take(i);
    if (datagram === undefined) throw new NetlinkError({ request: "recvmmsg", errno: EMSGSIZE });
    return datagram;
  }

  /** Closes the socket. Idempotent. */
  [Symbol.dispose](): void {
    if (this.#fd < 0) return;
    this.#libc.symbols.close(this.#fd);
    this.#fd = -1;
  }
}

/** Other ports of the same process. */
function otherPorts(portId: number): number[] {
  const process = portId & ((1 << PROCESS_BITS) - 1);
  const numbers = Array.from({ length: MAX_SOCKETS }, (_, i) => i + 1);
  return [...numbers.map((i) => process + (i << PROCESS_BITS)), ANY_PORT];
}

/** Opens a socket on the first free port. */
function openSocket(c: Libc, ports: readonly number[]): [fd: number, portId: number] {
  const { socket, close } = c.symbols;
  const fd = retryInterrupted(
    c,
    () => socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC),
  );
  if (fd < 0) throw new NetlinkError({ request: "socket", errno: -fd });
  try {
    configure(c, fd);
    return [fd, bind(c, fd, ports)];
  } catch (error) {
    close(fd);
    throw error;
  }
}

function configure(c: Libc, fd: number): void {
  const timeout = new DataView(new ArrayBuffer(16)); // struct timeval
  timeout.setBigInt64(0, BigInt(TIMEOUT_SECONDS), true);
  const set = (level: number, name: number, value: Uint8Array<ArrayBuffer>) =>
    retryInterrupted(c, () => c.symbols.setsockopt(fd, level, name, value, value.length));
  const result = set(SOL_SOCKET, SO_RCVTIMEO, new Uint8Array(timeout.buffer));
  if (result < 0) throw new NetlinkError({ request: "setsockopt SO_RCVTIMEO", errno: -result });
  // The kernel's own words with an error. It does not matter where a kernel has none.
  set(SOL_NETLINK, NETLINK_EXT_ACK, new Uint8Array([1, 0, 0, 0]));
}

function bind(c: Libc, fd: number, ports: readonly number[]): number {
  const address = new DataView(new ArrayBuffer(SOCKADDR_NL));
  address.setUint16(0, AF_NETLINK, true);
  const bytes = new Uint8Array(address.buffer);
  const { symbols } = c;
  for (const port of ports) {
    address.setUint32(4, port, true);
    const result = retryInterrupted(c, () => symbols.bind(fd, bytes, SOCKADDR_NL));
    if (result >= 0) break;
    if (-result !== EADDRINUSE) throw new NetlinkError({ request: "bind", errno: -result });
  }
  const length = new Uint8Array([SOCKADDR_NL, 0, 0, 0]);
  const result = retryInterrupted(c, () => symbols.getsockname(fd, bytes, length));
  if (result < 0) throw new NetlinkError({ request: "getsockname", errno: -result });
  return address.getUint32(4, true);
}
