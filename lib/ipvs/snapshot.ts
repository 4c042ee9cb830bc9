/**
 * A snapshot: one moment of one network namespace.
 *
 * @module
 */
import type { CpuCounters, Totals } from "../procfs/ip_vs_stats.ts";
import type { KernelStatus } from "../procfs/ip_vs_status.ts";
import type { Settings } from "../procfs/settings.ts";
import type { Rates } from "./server.ts";
import type { VirtualServer } from "./virtual_server.ts";
import type { ServerList } from "./server_list.ts";

/** The reply to GET_INFO. */
export interface Info {
  /** The version of IPVS, such as `1.2.1`. */
  readonly version: string;
  /** Buckets of the connection table. */
  readonly connectionTableSize: number;
}

/** Connection timeouts in seconds; absent for a protocol that the kernel was built without. */
export interface Timeouts {
  /** Established TCP connections. */
  readonly tcp?: number;
  /** TCP connections after a FIN. */
  readonly tcpFin?: number;
  /** UDP. */
  readonly udp?: number;
}

/** One connection sync daemon. */
export interface SyncDaemon {
  /** `master` or `backup`. */
  readonly state: string;
  /** The network interface that it sends or listens on. */
  readonly interface: string;
  /** 0 to 255; a backup accepts messages of its own ID, or all messages if its ID is 0. */
  readonly syncId: number;
  /** Maximum length of a sync message in bytes; absent before Linux 4.3, as are the next three. */
  readonly syncMaxlen?: number;
  /** The multicast group, of either family. */
  readonly mcastGroup?: string;
  /** The UDP port. */
  readonly mcastPort?: number;
  /** The time to live, or hop limit. */
  readonly mcastTtl?: number;
}

/** Whether the snapshot has every server exactly once. */
export interface Consistency {
  /**
   * `verified`: all lists were read twice and agree, or the differences were resolved;
   * `unverified`: a list was read only once, as in a capture of another program;
   * `inconsistent`: the table kept changing during the read, or servers in /proc cannot be told apart,
   * see `doubts`.
   */
  readonly state: "verified" | "unverified" | "inconsistent";
  /** How many times the virtual servers were listed; 0 if each was asked for by itself. */
  readonly listings: number;
  /** Differences that could not be resolved, in words. */
  readonly doubts: readonly string[];
}

/** How the rates of a snapshot were measured. */
export interface Measured {
  /** Time between the starts of the two reads, in nanoseconds. */
  readonly interval: bigint;
  /**
   * What the totals were measured on: the live counters of the CPUs, or, where those cannot be read,
   * the totals, which the kernel updates every 2 seconds.
   */
  readonly source: "cpus" | "totals";
  /** All traffic of the namespace; null if a counter went back or does not move. */
  readonly totals: Rates | null;
  /** Whether the counters of servers do not move, because the kernel's estimator was stopped. */
  readonly frozen: boolean;
}

/**
 * One moment of one network namespace. A part is null if the kernel does not report it, the
 * permissions do not suffice, or the capture does not contain it.
 */
export interface Snapshot {
  /**
   * `proc` if it was read from /proc alone, without privilege. Its servers have no counters, rates,
   * thresholds and tunnels; getters of such values throw an {@linkcode UnknownValueError}.
   */
  readonly source?: "proc";
  /** The label of the network namespace; absent if it is the process's own and has no label. */
  readonly netns?: string;
  /** Start of the read, in nanoseconds since 1970-01-01 UTC. */
  readonly time: bigint;
  /** Version and size. */
  readonly info: Info | null;
  /** Connection timeouts. */
  readonly timeouts: Timeouts | null;
  /** The settings of net.ipv4.vs that affect the numbers. */
  readonly settings: Settings | null;
  /** How full the tables of IPVS are; since Linux 7.1, and for root only. */
  readonly kernelStatus: KernelStatus | null;
  /** Sync daemons that run. */
  readonly syncDaemons: readonly SyncDaemon[] | null;
  /** All traffic of the namespace, including that of deleted virtual servers. */
  readonly totals: Totals | null;
  /** Live counters of each CPU. */
  readonly cpus: readonly CpuCounters[] | null;
  /** Present if the rates since an earlier snapshot were measured. */
  readonly measured?: Measured;
  /** Bits of the counters: 64, or 32 before Linux 4.1, where packets and connections wrap. */
  readonly statsWidth: 64 | 32;
  /** Whether every server is present exactly once. */
  readonly consistency: Consistency;
  /** Number of attributes that were skipped because this version does not know them. */
  readonly unknownAttributes: number;
  /** The virtual servers with their real servers. */
  readonly virtualServers: ServerList<VirtualServer>;
}

/** One snapshot, or those of several network namespaces, each with another label. */
export type Snapshots = Snapshot | readonly Snapshot[];

/** The snapshots as a list. */
export function snapshotList(snapshots: Snapshots): readonly Snapshot[] {
  return "virtualServers" in snapshots ? [snapshots] : snapshots;
}

/** What `convert` makes of each snapshot, in the same form. */
export function mapSnapshots(
  snapshots: Snapshots,
  convert: (snapshot: Snapshot) => Snapshot,
): Snapshots {
  return "virtualServers" in snapshots ? convert(snapshots) : snapshots.map(convert);
}

/** Number of real servers of all virtual servers. */
export function countRealServers(virtualServers: Iterable<VirtualServer>): number {
  let count = 0;
  for (const { realServers } of virtualServers) count += realServers.length;
  return count;
}
