/**
 * The running kernel as a source: two netlink sockets, /proc and the clock.
 *
 * @module
 */
import { ENOENT, NetlinkError } from "../lib/netlink/errors.ts";
import { now } from "./clock.ts";
import { NetlinkSocket } from "./netlink_socket.ts";
import { hasProcNet, readProc } from "./proc_file.ts";

/** Reads IPVS in the network namespace of the calling thread. */
export interface LiveSource extends Disposable {
  /** Carries the requests. */
  readonly transport: NetlinkSocket;
  /** The verification socket: lists are read through it a second time. */
  readonly second: NetlinkSocket;
  /** Number of datagrams that other processes sent to the sockets, and that were dropped. */
  readonly foreign: number;
  /** Nanoseconds since 1970. */
  now(): bigint;
  /** The text of `/proc/net/<name>`, or of `/proc/<name>` for `sys/…`; undefined if not readable. */
  readProc(name: string): string | undefined;
  /**
   * Checks that IPVS is still available, without making the kernel load it.
   *
   * @throws {NetlinkError} if it is not.
   */
  checkIpvs(): void;
  /**
   * Prepares for reading again from the start.
   *
   * @throws {NetlinkError} if IPVS is not available any more.
   */
  restart(): void;
}

/**
 * Opens the sockets.
 *
 * @throws {NetlinkError} if IPVS is not available, or the kernel refuses a socket.
 */
export function openLive(): LiveSource {
  checkIpvs();
  const transport = NetlinkSocket.open();
  const second = transport.openVerificationSocket();
  return {
    transport,
    second,
    get foreign() {
      return transport.foreign + second.foreign;
    },
    now,
    readProc,
    checkIpvs,
    restart() {
      checkIpvs();
      transport.renew();
      second.renew();
    },
    [Symbol.dispose]() {
      second[Symbol.dispose]();
      transport[Symbol.dispose]();
    },
  };
}

/** Looking up a missing family makes some kernels load its module; reading /proc does not. */
function checkIpvs(): void {
  if (!hasProcNet("ip_vs") && hasProcNet("netlink")) {
    throw new NetlinkError({ request: "CTRL_CMD_GETFAMILY", errno: ENOENT });
  }
}
