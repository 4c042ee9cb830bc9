/**
 * Interprets the replies that are not about servers.
 *
 * @module
 */
import { CONFIG, DAEMON, INFO, PRESENT } from "./columns.ts";
import { addressText, daemonStateName, ipv4Text, nameText } from "./names.ts";
import type { Info, SyncDaemon, Timeouts } from "./snapshot.ts";
import { AF_INET6, IPVS_CMD_ATTR, IPVS_DAEMON_ATTR } from "./uapi.ts";

/** Interprets a decoded reply to GET_INFO. */
export function toInfo(row: Uint32Array): Info {
  const version = row[INFO.version]!;
  return {
    version: `${(version >>> 16) & 0xff}.${(version >>> 8) & 0xff}.${version & 0xff}`,
    connectionTableSize: row[INFO.connTabSize]!,
  };
}

/** Interprets a decoded reply to GET_CONFIG. */
export function toTimeouts(row: Uint32Array): Timeouts {
  return {
    ...optional(row, "tcp", IPVS_CMD_ATTR.IPVS_CMD_ATTR_TIMEOUT_TCP, CONFIG.timeoutTcp),
    ...optional(row, "tcpFin", IPVS_CMD_ATTR.IPVS_CMD_ATTR_TIMEOUT_TCP_FIN, CONFIG.timeoutTcpFin),
    ...optional(row, "udp", IPVS_CMD_ATTR.IPVS_CMD_ATTR_TIMEOUT_UDP, CONFIG.timeoutUdp),
  };
}

/** Interprets a decoded reply to GET_DAEMON. */
export function toSyncDaemon(row: Uint32Array): SyncDaemon {
  const mcastGroup = groupText(row);
  return {
    state: daemonStateName(row[DAEMON.state]!),
    interface: nameText(row, DAEMON.mcastIfn),
    syncId: row[DAEMON.syncId]!,
    ...optional(
      row,
      "syncMaxlen",
      IPVS_DAEMON_ATTR.IPVS_DAEMON_ATTR_SYNC_MAXLEN,
      DAEMON.syncMaxlen,
    ),
    ...(mcastGroup === undefined ? {} : { mcastGroup }),
    ...optional(row, "mcastPort", IPVS_DAEMON_ATTR.IPVS_DAEMON_ATTR_MCAST_PORT, DAEMON.mcastPort),
    ...optional(row, "mcastTtl", IPVS_DAEMON_ATTR.IPVS_DAEMON_ATTR_MCAST_TTL, DAEMON.mcastTtl),
  };
}

function isPresent(row: Uint32Array, attribute: number): boolean {
  return (row[PRESENT]! & (1 << attribute)) !== 0;
}

/** A member with the value of a column, if the kernel sent the attribute. */
function optional<Name extends string>(
  row: Uint32Array,
  name: Name,
  attribute: number,
  column: number,
): { readonly [N in Name]?: number } {
  return (isPresent(row, attribute) ? { [name]: row[column]! } : {}) as { [N in Name]?: number };
}

/** The multicast group of a sync daemon, of either family. */
function groupText(row: Uint32Array): string | undefined {
  if (isPresent(row, IPVS_DAEMON_ATTR.IPVS_DAEMON_ATTR_MCAST_GROUP6)) {
    return addressText(AF_INET6, row, DAEMON.mcastGroup6);
  }
  const isIpv4 = isPresent(row, IPVS_DAEMON_ATTR.IPVS_DAEMON_ATTR_MCAST_GROUP);
  return isIpv4 ? ipv4Text(row[DAEMON.mcastGroup]!) : undefined;
}
