/**
 * The errors of netlink: {@linkcode NetlinkError} if the kernel returns an error or a system call
 * fails, {@linkcode NamespaceError} if that is about a network namespace, {@linkcode DecodeError} if
 * bytes are malformed.
 *
 * @module
 */

/** Linux errno numbers (asm-generic) that can occur here, with their names and meanings. */
const ERRNO: Readonly<Record<number, readonly [code: string, meaning: string]>> = {
  1: ["EPERM", "operation not permitted"],
  2: ["ENOENT", "no such entry"],
  3: ["ESRCH", "no such service"],
  4: ["EINTR", "interrupted"],
  5: ["EIO", "input/output error"],
  9: ["EBADF", "bad file descriptor"],
  11: ["EAGAIN", "no reply in time"],
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
  105: ["ENOBUFS", "the receive queue overflowed and the kernel dropped messages"],
  111: ["ECONNREFUSED", "nothing listens on this netlink protocol"],
};

/** The symbolic name of an errno number, such as `"EPERM"`, or `"errno 200"`. */
export function errnoCode(errno: number): string {
  return ERRNO[errno]?.[0] ?? `errno ${errno}`;
}

/** The details of a {@linkcode NetlinkError}. */
export interface NetlinkFailure {
  /** The kernel's name of the request or system call, such as `IPVS_CMD_GET_SERVICE`. */
  readonly request: string;
  /** A positive Linux errno number. */
  readonly errno: number;
  /** The error message in the kernel's extended ACK, if there is one. */
  readonly extendedAck?: string | undefined;
  /** Additional information, for the end of the message. */
  readonly note?: string | undefined;
}

/**
 * A request that failed in the kernel, or a system call that failed.
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
  /** The name of the class. */
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

/** What failed: opening the file of a namespace, entering it, or listing all. */
export type NamespaceStep = "open" | "setns" | "list";

/** A network namespace that cannot be opened or entered, or namespaces that cannot be found. */
export class NamespaceError extends NetlinkError {
  /** The namespace as the user named it. */
  readonly namespace: string;
  /** What failed. */
  readonly step: NamespaceStep;
  /** More about it, for the message; undefined if there is nothing. */
  readonly note: string | undefined;

  /** `errno` is the positive errno of the failure. */
  constructor(namespace: string, step: NamespaceStep, errno: number, note?: string) {
    super({ request: step, errno, note });
    this.namespace = namespace;
    this.step = step;
    this.note = note;
    this.message = `Cannot read network namespace ${namespace}: ${note ?? errnoCode(errno)}`;
  }
}

/** "No such entry": the kernel's error for a family that does not exist. */
export const ENOENT = 2;
const EPERM = 1, EACCES = 13;

/** Whether an error means that the generic netlink family that was looked up does not exist. */
export function isMissingFamily(error: unknown): boolean {
  return error instanceof NetlinkError && error.request === "CTRL_CMD_GETFAMILY" &&
    error.errno === ENOENT;
}

/** Whether an error means that the kernel denied permission: EPERM or EACCES. */
export function isPermissionDenied(error: unknown): boolean {
  return error instanceof NetlinkError && (error.errno === EPERM || error.errno === EACCES);
}

/** Malformed data: truncated, of the wrong width, or not a reply to the request. */
export class DecodeError extends Error {
  /** The name of the class. */
  override readonly name = "DecodeError";
}
