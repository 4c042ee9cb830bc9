/**
 * A trial reading, the same as that of `show`.
 *
 * @module
 */
import { collectThrough, readWhole } from "../ipvs/collect.ts";
import { Reader } from "../ipvs/reader.ts";
import type { Snapshot } from "../ipvs/snapshot.ts";
import { NetlinkError } from "../netlink/errors.ts";
import type { Family } from "../netlink/generic.ts";
import type { Machine } from "./machine.ts";

const EAFNOSUPPORT = 97;

/** The result of a trial reading, as far as it came. */
export interface Probe {
  /** The generic netlink family of IPVS, if the lookup succeeded. */
  readonly family?: Family;
  /** The snapshot, if the reading succeeded. */
  readonly snapshot?: Snapshot;
  /** Whether ip_vs supports IPv6, if known. */
  readonly supportsIpv6?: boolean;
  /** Why there is no snapshot. */
  readonly error?: unknown;
}

/** Reads what `show` reads. Throws nothing. */
export function probe(machine: Machine): Probe {
  let family: Family | undefined;
  try {
    using source = machine.openSource();
    return readWhole(source, () => {
      const reader = new Reader(source.transport, source.second);
      family = reader.family;
      const snapshot = collectThrough(reader, source);
      const supportsIpv6 = reader.supportsIpv6();
      return { family, snapshot, ...(supportsIpv6 === undefined ? {} : { supportsIpv6 }) };
    });
  } catch (error) {
    return family === undefined ? { error } : { family, error };
  }
}

/** Whether netlink sockets are not available, for example because of a system call filter. */
export function isNetlinkUnavailable(error: unknown): boolean {
  return error instanceof NetlinkError && error.request === "socket" &&
    error.errno === EAFNOSUPPORT;
}
