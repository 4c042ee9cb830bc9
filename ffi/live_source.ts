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

/** Runs a synchronous function, possibly in another network namespace. */
export type Run = <T>(action: () => T) => T;

/**
 * Opens the sockets, and later reads /proc, through `run`. The sockets themselves are used outside of
 * it: they keep the namespace in which they were opened.
 *
 * @throws {NetlinkError} if IPVS is not available, or the kernel refuses a socket.
 */
export function openLive(run: Run = (action) => action()): LiveSource {
  const { transport, second } = run(openSockets);
  return {
    transport,
    second,
    get foreign() {
      return transport.foreign + second.foreign;
    },
    now,
    readProc: (name) => run(() => readProc(name)),
    checkIpvs: () => run(checkIpvs),
    restart() {
      run(() => {
        checkIpvs();
        transport.renew();
        second.renew();
      });
    },
    [Symbol.dispose]() {
      second[Symbol.dispose]();
      transport[Symbol.dispose]();
    },
  };
}

function openSockets(): { transport: NetlinkSocket; second: NetlinkSocket } {
  checkIpvs();
  const transport = NetlinkSocket.open();
  try {
    return { transport, second: transport.openVerificationSocket() };
  } catch (error) {
    transport[Symbol.dispose]();
    throw error;
  }
}

/** Looking up a missing family makes some kernels load its module; reading /proc does not. */
function checkIpvs(): void {
  if (!hasProcNet("ip_vs") && hasProcNet("netlink")) {
    throw new NetlinkError({ request: "CTRL_CMD_GETFAMILY", errno: ENOENT });
  }
}
