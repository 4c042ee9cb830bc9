/**
 * A trial reading, the same as that of `show`.
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
      return { family, snapshot, ...probeIpv6(reader) };
    });
  } catch (error) {
    return family === undefined ? { error } : { family, error };
  }
}

/** Requests an IPv6 virtual server: the error of an ip_vs without IPv6 differs from "no such service". */
function probeIpv6(reader: Reader): { supportsIpv6?: boolean } {
  const rows = new Rows(SERVICE.slots);
  const at = rows.push();
  rows.words[at + SERVICE.addressFamily] = AF_INET6;
  rows.words[at + SERVICE.fwmark] = 1;
  try {
    return reader.hasService(rows, 0) === undefined ? {} : { supportsIpv6: true };
  } catch (error) {
    const errno = error instanceof NetlinkError ? error.errno : undefined;
    return errno === EAFNOSUPPORT ? { supportsIpv6: false } : {};
  }
}

/** Whether netlink sockets are not available, for example because of a system call filter. */
export function isNetlinkUnavailable(error: unknown): boolean {
  return error instanceof NetlinkError && error.request === "socket" &&
    error.errno === EAFNOSUPPORT;
}
