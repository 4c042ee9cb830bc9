/**
 * A reading as `show` makes it, and what it tells.
 *
 * @module
 */
import { collectThrough, readWhole } from "../ipvs/collect.ts";
import { Reader } from "../ipvs/reader.ts";
import { Rows } from "../ipvs/rows.ts";
import { SERVICE } from "../ipvs/schema.ts";
import type { Snapshot } from "../ipvs/snapshot.ts";
import { AF_INET6 } from "../ipvs/uapi.ts";
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
      return { family, snapshot, ...askIpv6(reader) };
    });
  } catch (error) {
    return family === undefined ? { error } : { family, error };
  }
}

/** Asks for a virtual server of IPv6: the kernel says whether it is there, or that none can be. */
function askIpv6(reader: Reader): { speaksIpv6?: boolean } {
  const rows = new Rows(SERVICE.slots);
  const at = rows.push();
  rows.words[at + SERVICE.addressFamily] = AF_INET6;
  rows.words[at + SERVICE.fwmark] = 1;
  try {
    return reader.hasService(rows, 0) === undefined ? {} : { speaksIpv6: true };
  } catch (error) {
    const errno = error instanceof NetlinkError ? error.errno : undefined;
    return errno === EAFNOSUPPORT ? { speaksIpv6: false } : {};
  }
}

/** Whether there is not even a socket, as a system call filter has it. */
export function isWithoutNetlink(error: unknown): boolean {
  return error instanceof NetlinkError && error.request === "socket" &&
    error.errno === EAFNOSUPPORT;
}
