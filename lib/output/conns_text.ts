/**
 * Texts that all formats of the connection table share.
 *
 * @module
 */
import { connectionAddress, connectionFamily } from "../ipvs/connection_names.ts";
import type { ClientNetwork } from "../query/client_sums.ts";
import type { ConnectionsReport } from "../query/connections_report.ts";

/** A client network as formats print it. */
export interface NetworkText {
  /** An address, or address and prefix length: `10.1.0.0/24`. */
  readonly network: string;
  /** `inet` or `inet6`. */
  readonly addressFamily: "inet" | "inet6";
}

/** The text of a client network. */
export function networkText({ isInet6, address, prefix }: ClientNetwork): NetworkText {
  const text = connectionAddress(isInet6, address);
  return {
    network: prefix === (isInet6 ? 128 : 32) ? text : `${text}/${prefix}`,
    addressFamily: connectionFamily(isInet6),
  };
}

/**
 * Why the rows do not cover the whole connection table: `max-rows`, `max-time`, or `memory` if there
 * were too many kinds of rows; null if they do.
 */
export function cutReason({ cutBy, uncounted }: ConnectionsReport): string | null {
  return cutBy ?? (uncounted > 0 ? "memory" : null);
}
