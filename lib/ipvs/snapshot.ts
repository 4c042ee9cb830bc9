/**
 * A snapshot: one moment of one network namespace.
 *
 * @module
 */
import type { CpuCounters, Totals } from "../procfs/ip_vs_stats.ts";
import type { KernelStatus } from "../procfs/ip_vs_status.ts";
import type { Settings } from "../procfs/settings.ts";
import { type RecordCursor, Records } from "./records.ts";
import type { Rows } from "./rows.ts";

/** The answer to GET_INFO. */
export interface Info {
  /** IPVS's version, such as `1.2.1`. */
  readonly version: string;
  /** Buckets of the connection table. */
  readonly connectionTableSize: number;
}

/** Connection timeouts in seconds; a kernel built without a protocol tells none of it. */
export interface Timeouts {
  /** Of an established TCP connection. */
  readonly tcp?: number;
  /** Of a TCP connection after its first FIN. */
  readonly tcpFin?: number;
  /** Of UDP. */
  readonly udp?: number;
}

/** One connection sync daemon. */
export interface SyncDaemon {
  /** `master` or `backup`. */
  readonly state: string;
  /** The interface that it sends or listens on. */
  readonly interface: string;
  /** 0 to 255; a backup takes what comes from its own number, or everything with 0. */
  readonly syncId: number;
  /** The longest sync message in bytes; absent before Linux 4.3, as are the ones below. */
  readonly syncMaxlen?: number;
  /** The multicast group, of either family. */
  readonly mcastGroup?: string;
  /** The UDP port. */
  readonly mcastPort?: number;
  /** The time to live, or hop limit. */
  readonly mcastTtl?: number;
}

/** How sure it is that the snapshot has every server once. */
export interface Consistency {
  /**
   * `verified`: what was read twice agreed, and the kernel settled what did not. `unverified`: it
   * was read once, as in a capture of another program. `inconsistent`: see the doubts.
   */
  readonly state: "verified" | "unverified" | "inconsistent";
  /** How often the services were listed. */
  readonly listings: number;
  /** What could not be made consistent, in words. */
  readonly doubts: readonly string[];
}

/** One moment of one network namespace. */
export interface Snapshot {
  /** Nanoseconds since 1970 at which the reading began. */
  readonly time: bigint;
  /** IPVS itself; null, here and below, where the kernel or the capture did not tell. */
  readonly info: Info | null;
  /** The connection timeouts. */
  readonly timeouts: Timeouts | null;
  /** The settings that the numbers depend on. */
  readonly settings: Settings | null;
  /** How full IPVS's tables are; null before Linux 7.1, and for all but root. */
  readonly kernelStatus: KernelStatus | null;
  /** The sync daemons that run. */
  readonly syncDaemons: readonly SyncDaemon[] | null;
  /** All traffic of the namespace, of deleted virtual servers too. */
  readonly totals: Totals | null;
  /** The live counters of each CPU. */
  readonly cpus: readonly CpuCounters[] | null;
  /** 64, or 32 before Linux 4.1, where packets and connections wrap at 2^32. */
  readonly statsWidth: 64 | 32;
  /** How sure it is that every server is there once. */
  readonly consistency: Consistency;
  /** Attributes that this program does not know and skipped. */
  readonly unknownAttributes: number;
  /** The virtual servers with their real servers. */
  readonly servers: ServerTable;
}

/** A virtual server's real servers in the table: the place of the first, and how many. */
export interface Group {
  /** Place of the first in the store. */
  readonly place: number;
  /** How many there are. */
  readonly count: number;
}

/** The virtual servers in their order, each with its real servers in theirs. */
export class ServerTable {
  readonly #services = new Records();
  readonly #destinations = new Records();
  readonly #groups: Group[] = [];

  /** How many virtual servers there are. */
  get virtualServers(): number {
    return this.#services.length;
  }

  /** How many real servers there are in all. */
  get realServers(): number {
    return this.#groups.reduce((sum, group) => sum + group.count, 0);
  }

  /** Stores destinations, to be named in {@linkcode addService}. */
  addDestinations(rows: Rows, order: Uint32Array): Group {
    const place = this.#destinations.end;
    for (const row of order) {
      this.#destinations.append(rows.words, row * rows.stride, rows.stride);
    }
    return { place, count: order.length };
  }

  /** Stores the service that comes next, with destinations that are stored already. */
  addService(rows: Rows, row: number, group: Group): void {
    this.#services.append(rows.words, row * rows.stride, rows.stride);
    this.#groups.push(group);
  }

  /** Reads the table from its beginning. */
  scan(): ServerScan {
    return new ServerScan(this.#services, this.#destinations, this.#groups);
  }
}

/**
 * Walks a table: `while (scan.nextVirtual()) { …scan.virtual…; while (scan.nextReal()) …scan.real… }`.
 * The cursors are the same objects all the way.
 */
export class ServerScan {
  /** The record of the virtual server, by the slots of `SERVICE`. */
  readonly virtual: RecordCursor;
  /** The record of the real server, by the slots of `DESTINATION`. */
  readonly real: RecordCursor;
  readonly #groups: readonly Group[];
  #group = 0;
  #left = 0;

  /** Made by {@linkcode ServerTable.scan}. */
  constructor(
    services: Records,
    destinations: Records,
    groups: readonly Group[],
  ) {
    this.virtual = services.cursor();
    this.virtual.seek(0);
    this.real = destinations.cursor();
    this.#groups = groups;
  }

  /** Goes to the next virtual server, if there is one. */
  nextVirtual(): boolean {
    const group = this.#groups[this.#group++];
    if (group === undefined) return false;
    this.virtual.next();
    this.real.seek(group.place);
    this.#left = group.count;
    return true;
  }

  /** Goes to the virtual server's next real server, if there is one. */
  nextReal(): boolean {
    if (this.#left === 0) return false;
    this.#left--;
    this.real.next();
    return true;
  }
}
