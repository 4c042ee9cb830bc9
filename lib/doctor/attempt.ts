/**
 * A reading as `show` makes it, and what it tells.
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

/** How far a reading came. */
export interface Attempt {
  /** IPVS's family, where the kernel told it. */
  readonly family?: Family;
  /** The snapshot, where there is one. */
  readonly snapshot?: Snapshot;
  /** Whether ip_vs speaks IPv6, where it told. */
  readonly speaksIpv6?: boolean;
  /** Why there is no snapshot. */
  readonly error?: unknown;
}

/** Reads all that `show` reads. Nothing is thrown. */
export function attempt(machine: Machine): Attempt {
  let family: Family | undefined;
  try {
    using source = machine.openSource();
    return readWhole(source, () => {
      const reader = new Reader(source.transport, source.second);
      family = reader.family;
      const snapshot = collectThrough(reader, source);
      const speaksIpv6 = reader.supportsIpv6();
      return { family, snapshot, ...(speaksIpv6 === undefined ? {} : { speaksIpv6 }) };
    });
  } catch (error) {
    return family === undefined ? { error } : { family, error };
  }
}

/** Whether there is not even a socket, as a system call filter has it. */
export function isWithoutNetlink(error: unknown): boolean {
  return error instanceof NetlinkError && error.request === "socket" &&
    error.errno === EAFNOSUPPORT;
}
