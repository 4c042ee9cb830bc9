/**
 * The running kernel as a source: two netlink sockets, /proc and the clock.
 *
 * @module
 */
import { ENOENT, NetlinkError } from "../lib/netlink/errors.ts";
import { now } from "./clock.ts";
import { NetlinkSocket } from "./netlink_socket.ts";
import { hasProcNet, readProc } from "./proc_file.ts";

/** What reads the IPVS of the calling thread's network namespace. */
export interface LiveSource extends Disposable {
  /** Carries the requests. */
  readonly transport: NetlinkSocket;
  /** Carries every second reading of a list. */
  readonly second: NetlinkSocket;
  /** Datagrams that other processes sent to its sockets, and that were dropped. */
  readonly foreign: number;
  /** Nanoseconds since 1970. */
  now(): bigint;
  /** The text of `/proc/net/<name>`, or of `/proc/<name>` for `sys/…`; undefined where there is none. */
  readProc(name: string): string | undefined;
  /**
   * Makes ready for reading from the start.
   *
   * @throws {NetlinkError} if there is no IPVS any more.
   */
  restart(): void;
}

/**
 * Opens it.
 *
 * @throws {NetlinkError} where the kernel has no IPVS, or refuses a socket.
 */
export function openLive(): LiveSource {
  checkIpvs();
  const transport = NetlinkSocket.open();
  const second = transport.sibling();
  return {
    transport,
    second,
    get foreign() {
      return transport.foreign + second.foreign;
    },
    now,
    readProc,
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

/** Asking for a family that does not exist makes some kernels load its module; /proc does not. */
function checkIpvs(): void {
  if (!hasProcNet("ip_vs") && hasProcNet("netlink")) {
    throw new NetlinkError({ request: "CTRL_CMD_GETFAMILY", errno: ENOENT });
  }
}
