/**
 * The two errors of the protocol: the kernel said no ({@linkcode NetlinkError}), or
 * bytes are not what they must be ({@linkcode DecodeError}).
 *
 * @module
 */

/** Linux errno numbers (asm-generic) that this program meets, with their meaning. */
const ERRNO: Readonly<Record<number, readonly [code: string, meaning: string]>> = {
  1: ["EPERM", "operation not permitted"],
  2: ["ENOENT", "no such entry"],
  3: ["ESRCH", "no such service"],
  4: ["EINTR", "interrupted"],
  5: ["EIO", "input/output error"],
  9: ["EBADF", "the descriptor is not open"],
  11: ["EAGAIN", "no answer in time"],
  12: ["ENOMEM", "out of memory"],
  13: ["EACCES", "permission denied"],
  16: ["EBUSY", "another dump is running on this socket"],
  22: ["EINVAL", "invalid request"],
  23: ["ENFILE", "too many open files on the system"],
  24: ["EMFILE", "too many open files; raise the limit (ulimit -n)"],
  90: ["EMSGSIZE", "message too long for the receive buffer"],
  93: ["EPROTONOSUPPORT", "protocol not supported"],
  95: ["EOPNOTSUPP", "operation not supported"],
  97: ["EAFNOSUPPORT", "address family not supported"],
  105: ["ENOBUFS", "the kernel dropped messages, its receive queue was full"],
  111: ["ECONNREFUSED", "nobody answers this netlink protocol"],
};

/** The symbolic name of an errno number, such as `"EPERM"`, or `"errno 200"`. */
export function errnoCode(errno: number): string {
  return ERRNO[errno]?.[0] ?? `errno ${errno}`;
}

/** What went wrong and where, for {@linkcode NetlinkError}. */
export interface NetlinkFailure {
  /** The kernel's name of the request or system call, such as `IPVS_CMD_GET_SERVICE`. */
  readonly request: string;
  /** A positive Linux errno number. */
  readonly errno: number;
  /** The kernel's own words from the extended ACK, where it gave any. */
  readonly extendedAck?: string | undefined;
  /** What else is known of it. */
  readonly note?: string | undefined;
}

/**
 * A request that the kernel refused, or a system call that failed.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { NetlinkError } from "./errors.ts";
 *
 * const error = new NetlinkError({ request: "IPVS_CMD_GET_SERVICE", errno: 1 });
 * assert(error.code === "EPERM");
 * ```
 */
export class NetlinkError extends Error {
  /** The error's class. */
  override readonly name = "NetlinkError";
  /** The kernel's name of the request or system call. */
  readonly request: string;
  /** A positive Linux errno number. */
  readonly errno: number;
  /** The symbolic name of {@linkcode errno}. */
  readonly code: string;

  /** Composes the message from the request, the errno's meaning, the extended ACK and the note. */
  constructor(failure: NetlinkFailure, options?: ErrorOptions) {
    const code = errnoCode(failure.errno);
    const meaning = ERRNO[failure.errno]?.[1];
    const { extendedAck, note } = failure;
    const text = [code, meaning, extendedAck, note].filter((part) => part).join(": ");
    super(`${failure.request} failed: ${text}`, options);
    this.request = failure.request;
    this.errno = failure.errno;
    this.code = code;
  }
}

/** "No such entry": what the kernel says of a family that it does not have. */
export const ENOENT = 2;
const EPERM = 1, EACCES = 13;

/** Whether the kernel does not have the generic netlink family that was looked up. */
export function isMissingFamily(error: unknown): boolean {
  return error instanceof NetlinkError && error.request === "CTRL_CMD_GETFAMILY" &&
    error.errno === ENOENT;
}

/** Whether the kernel did not permit a request or a system call. */
export function isRefusal(error: unknown): boolean {
  return error instanceof NetlinkError && (error.errno === EPERM || error.errno === EACCES);
}

/** Bytes that break the protocol: truncated, of a wrong width, or not what was asked for. */
export class DecodeError extends Error {
  /** The error's class. */
  override readonly name = "DecodeError";
}
