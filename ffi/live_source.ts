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

/** Where a source reads: it opens sockets and files in a synchronous function. */
export interface Place extends Disposable {
  /** Runs the function, possibly in another network namespace. */
  run<T>(action: () => T): T;
}

/** The calling thread's own network namespace. */
const HERE: Place = { run: (action) => action(), [Symbol.dispose]() {} };

/**
 * Opens the sockets in a place, which the source closes with them, also if this fails. The sockets are
 * used outside of it: they keep the namespace in which they were opened.
 *
 * @throws {NetlinkError} if IPVS is not available, or the kernel refuses a socket.
 */
export function openLive(place: Place = HERE): LiveSource {
  using stack = new DisposableStack();
  stack.use(place);
  const run: Place["run"] = (action) => place.run(action);
  const { transport, second } = run(openSockets);
  stack.use(transport);
  stack.use(second);
  const opened = stack.move();
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
      opened.dispose();
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
