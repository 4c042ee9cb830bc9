/**
 * The parts of a snapshot as objects: what a program reads that does not encode them itself.
 *
 * @module
 */
import type { Totals } from "../procfs/ip_vs_stats.ts";
import {
  addressText,
  daemonStateName,
  familyName,
  forwardingMethodName,
  ipv4Text,
  nameText,
  prefixLength,
  protocolName,
  schedFlagNames,
  tunnelChecksumName,
  tunnelTypeName,
} from "./names.ts";
import type { RecordCursor } from "./records.ts";
import type { Rows } from "./rows.ts";
import { CONFIG, DAEMON, DESTINATION, INFO, PRESENT, SERVICE, type StatsSlots } from "./schema.ts";
import type { Info, Snapshot, SyncDaemon, Timeouts } from "./snapshot.ts";
import {
  IP_VS_CONN_F_FWD_MASK,
  IP_VS_CONN_F_TUNNEL,
  IP_VS_SVC_F_ONEPACKET,
  IP_VS_SVC_F_PERSISTENT,
  IPVS_CMD_ATTR,
  IPVS_DAEMON_ATTR,
  IPVS_SVC_ATTR,
} from "./uapi.ts";

/** How a real server behind a tunnel is reached. */
export interface Tunnel {
  /** `ipip`, `gue` or `gre`. */
  readonly type: string;
  /** Outer UDP port of `gue`, else 0. */
  readonly port: number;
  /** `nocsum`, `csum` or `remcsum`. */
  readonly checksum: string;
}

/** A real server (the kernel's destination) of one virtual server. */
export interface RealServer extends Totals {
  /** `inet` or `inet6`; it may differ from the virtual server's. */
  readonly addressFamily: string;
  /** IPv4 in dotted decimal, IPv6 as RFC 5952 has it. */
  readonly address: string;
  /** 0 to 65535; behind a tunnel or direct routing the kernel keeps the virtual server's. */
  readonly port: number;
  /** `masq`, `local`, `tunnel`, `droute` or `bypass`. */
  readonly forwardingMethod: string;
  /** 0 (drained) to 2147483647. */
  readonly weight: number;
  /** Connections above which it gets no new ones; 0 for no limit. */
  readonly upperThreshold: number;
  /** Connections below which it gets new ones again. */
  readonly lowerThreshold: number;
  /** Established connections at this moment. */
  readonly activeConnections: number;
  /** Other connections at this moment. */
  readonly inactiveConnections: number;
  /** Persistence templates at this moment. */
  readonly persistentConnections: number;
  /** Only where the forwarding method is `tunnel`. */
  readonly tunnel?: Tunnel;
}

/** A virtual server (the kernel's service): it has a mark, or protocol, address and port. */
export interface VirtualServer extends Totals {
  /** `inet` or `inet6`. */
  readonly addressFamily: string;
  /** `tcp`, `udp`, `sctp` or a number. */
  readonly protocol?: string;
  /** IPv4 in dotted decimal, IPv6 as RFC 5952 has it. */
  readonly address?: string;
  /** 0 for every port. */
  readonly port?: number;
  /** 1 to 4294967295. */
  readonly fwmark?: number;
  /** The scheduler, or `none`. */
  readonly sched: string;
  /** The scheduler's flags, such as `mh-port`. */
  readonly schedFlags: readonly string[];
  /** The kernel's IP_VS_SVC_F_* bits. */
  readonly flags: number;
  /** Whether every packet is scheduled anew. */
  readonly onePacket: boolean;
  /** Whether a client stays with its real server. */
  readonly persistent: boolean;
  /** Seconds; 0 where it is not persistent. */
  readonly persistenceTimeout: number;
  /** Prefix length of the clients that persistence holds together. */
  readonly netmask: number;
  /** Persistence engine, where there is one. */
  readonly pe?: string;
  /** Its real servers, in the snapshot's order. */
  readonly realServers: readonly RealServer[];
}

/** Makes an object of every virtual server, in the snapshot's order. */
export function virtualServers(snapshot: Snapshot): VirtualServer[] {
  const servers: VirtualServer[] = [];
  const scan = snapshot.servers.scan();
  while (scan.nextVirtual()) {
    const { virtual } = scan;
    const realServers: RealServer[] = [];
    while (scan.nextReal()) realServers.push(toRealServer(scan.real));
    servers.push({ ...toVirtualServer(virtual), realServers });
  }
  return servers;
}

function stats(record: RecordCursor, slots: StatsSlots): Totals {
  return {
    connections: record.wide(slots.connections),
    pktsIn: record.wide(slots.pktsIn),
    pktsOut: record.wide(slots.pktsOut),
    bytesIn: record.wide(slots.bytesIn),
    bytesOut: record.wide(slots.bytesOut),
    cps: record.wide(slots.cps),
    ppsIn: record.wide(slots.ppsIn),
    ppsOut: record.wide(slots.ppsOut),
    bytesInPerSecond: record.wide(slots.bytesInPerSecond),
    bytesOutPerSecond: record.wide(slots.bytesOutPerSecond),
  };
}

function toVirtualServer(record: RecordCursor): Omit<VirtualServer, "realServers"> {
  const family = record.get(SERVICE.addressFamily);
  const fwmark = record.get(SERVICE.fwmark);
  const flags = record.get(SERVICE.flags);
  const sched = nameText((i) => record.get(SERVICE.schedName + i));
  const identity = fwmark !== 0 ? { fwmark } : {
    protocol: protocolName(record.get(SERVICE.protocol)),
    address: addressText(family, (i) => record.get(SERVICE.address + i)),
    port: record.get(SERVICE.port),
  };
  return {
    addressFamily: familyName(family),
    ...identity,
    sched,
    schedFlags: schedFlagNames(sched, flags),
    flags,
    onePacket: (flags & IP_VS_SVC_F_ONEPACKET) !== 0,
    persistent: (flags & IP_VS_SVC_F_PERSISTENT) !== 0,
    persistenceTimeout: record.get(SERVICE.timeout),
    netmask: prefixLength(family, record.get(SERVICE.netmask)),
    ...(hasPe(record) ? { pe: nameText((i) => record.get(SERVICE.peName + i)) } : {}),
    ...stats(record, SERVICE.stats),
  };
}

/** Whether a service has a persistence engine. */
export function hasPe(record: RecordCursor): boolean {
  return (record.get(PRESENT) & (1 << IPVS_SVC_ATTR.IPVS_SVC_ATTR_PE_NAME)) !== 0;
}

/** Whether a destination is behind a tunnel. */
export function isTunnelled(record: RecordCursor): boolean {
  const method = record.get(DESTINATION.forwardingMethod) & IP_VS_CONN_F_FWD_MASK;
  return method === IP_VS_CONN_F_TUNNEL;
}

function toRealServer(record: RecordCursor): RealServer {
  const family = record.get(DESTINATION.addressFamily);
  const tunnel: Tunnel = {
    type: tunnelTypeName(record.get(DESTINATION.tunnelType)),
    port: record.get(DESTINATION.tunnelPort),
    checksum: tunnelChecksumName(record.get(DESTINATION.tunnelFlags)),
  };
  return {
    addressFamily: familyName(family),
    address: addressText(family, (i) => record.get(DESTINATION.address + i)),
    port: record.get(DESTINATION.port),
    forwardingMethod: forwardingMethodName(record.get(DESTINATION.forwardingMethod)),
    weight: record.get(DESTINATION.weight),
    upperThreshold: record.get(DESTINATION.upperThreshold),
    lowerThreshold: record.get(DESTINATION.lowerThreshold),
    activeConnections: record.get(DESTINATION.activeConnections),
    inactiveConnections: record.get(DESTINATION.inactiveConnections),
    persistentConnections: record.get(DESTINATION.persistentConnections),
    ...(isTunnelled(record) ? { tunnel } : {}),
    ...stats(record, DESTINATION.stats),
  };
}

/** Names a service in a message: `tcp 10.0.0.1:80`, `tcp [2001:db8::1]:80` or `fwmark 7 inet6`. */
export function serviceName(rows: Rows, row: number): string {
  const slot = (index: number) => rows.words[row * rows.stride + index]!;
  const family = slot(SERVICE.addressFamily);
  const mark = slot(SERVICE.fwmark);
  if (mark !== 0) return `fwmark ${mark} ${familyName(family)}`;
  const address = addressText(family, (i) => slot(SERVICE.address + i));
  const host = address.includes(":") ? `[${address}]` : address;
  return `${protocolName(slot(SERVICE.protocol))} ${host}:${slot(SERVICE.port)}`;
}

/** Interprets a record of GET_INFO. */
export function toInfo(record: Uint32Array): Info {
  const version = record[INFO.version]!;
  return {
    version: `${(version >>> 16) & 0xff}.${(version >>> 8) & 0xff}.${version & 0xff}`,
    connectionTableSize: record[INFO.connTabSize]!,
  };
}

/** Interprets a record of GET_CONFIG. */
export function toTimeouts(record: Uint32Array): Timeouts {
  const has = (attribute: number) => (record[PRESENT]! & (1 << attribute)) !== 0;
  return {
    ...(has(IPVS_CMD_ATTR.IPVS_CMD_ATTR_TIMEOUT_TCP) ? { tcp: record[CONFIG.timeoutTcp]! } : {}),
    ...(has(IPVS_CMD_ATTR.IPVS_CMD_ATTR_TIMEOUT_TCP_FIN)
      ? { tcpFin: record[CONFIG.timeoutTcpFin]! }
      : {}),
    ...(has(IPVS_CMD_ATTR.IPVS_CMD_ATTR_TIMEOUT_UDP) ? { udp: record[CONFIG.timeoutUdp]! } : {}),
  };
}

/** Interprets a record of GET_DAEMON. */
export function toSyncDaemon(record: Uint32Array): SyncDaemon {
  const has = (attribute: number) => (record[PRESENT]! & (1 << attribute)) !== 0;
  const group6 = has(IPVS_DAEMON_ATTR.IPVS_DAEMON_ATTR_MCAST_GROUP6);
  const group = group6
    ? addressText(0, (i) => record[DAEMON.mcastGroup6 + i]!)
    : ipv4Text(record[DAEMON.mcastGroup]!);
  return {
    state: daemonStateName(record[DAEMON.state]!),
    interface: nameText((i) => record[DAEMON.mcastIfn + i]!),
    syncId: record[DAEMON.syncId]!,
    ...(has(IPVS_DAEMON_ATTR.IPVS_DAEMON_ATTR_SYNC_MAXLEN)
      ? { syncMaxlen: record[DAEMON.syncMaxlen]! }
      : {}),
    ...(group6 || has(IPVS_DAEMON_ATTR.IPVS_DAEMON_ATTR_MCAST_GROUP) ? { mcastGroup: group } : {}),
    ...(has(IPVS_DAEMON_ATTR.IPVS_DAEMON_ATTR_MCAST_PORT)
      ? { mcastPort: record[DAEMON.mcastPort]! }
      : {}),
    ...(has(IPVS_DAEMON_ATTR.IPVS_DAEMON_ATTR_MCAST_TTL)
      ? { mcastTtl: record[DAEMON.mcastTtl]! }
      : {}),
  };
}
