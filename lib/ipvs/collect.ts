/**
 * Collects a snapshot of a table that others may change meanwhile.
 *
 * @module
 */
import { ENOENT, isMissingFamily, NetlinkError } from "../netlink/errors.ts";
import type { Transport } from "../netlink/transport.ts";
import { parsePerCpu, parseStats } from "../procfs/ip_vs_stats.ts";
import { parseStatus } from "../procfs/ip_vs_status.ts";
import { readSettings } from "../procfs/settings.ts";
import { toInfo, toSyncDaemon, toTimeouts } from "./model.ts";
import { Reader } from "./reader.ts";
import type { Snapshot } from "./snapshot.ts";
import { TableReader } from "./table_reader.ts";

/** Where a snapshot comes from: a live kernel or a recording. */
export interface Source {
  /** Carries the requests. */
  readonly transport: Transport;
  /**
   * Carries every second reading of a list, in datagrams of another size. A list is torn where one
   * datagram ends, so two that end elsewhere are never torn alike. A replay needs none.
   */
  readonly second?: Transport | undefined;
  /** The time in nanoseconds since 1970. */
  now(): bigint;
  /**
   * The text of `/proc/net/<name>`, or of `/proc/<name>` for a name that begins with `sys/`;
   * undefined if it cannot be read.
   */
  readProc(name: string): string | undefined;
  /**
   * Makes ready for reading everything from the start. A recording cannot, and does without.
   *
   * @throws {NetlinkError} if there is no IPVS any more.
   */
  restart?(): void;
}

/** How often a reading is begun at the most. */
const MOST_ATTEMPTS = 5;
const ENOBUFS = 105;

/**
 * Reads everything that the kernel tells of IPVS in one network namespace.
 *
 * @throws {NetlinkError} if the kernel refuses: ENOENT without IPVS, EPERM without CAP_NET_ADMIN.
 * @throws {DecodeError} if an answer cannot be understood.
 * @throws {NotRecordedError} if a recording lacks the services or the destinations of one.
 */
export function collect(source: Source): Snapshot {
  return readWhole(source, () => {
    return collectThrough(new Reader(source.transport, source.second), source);
  });
}

/**
 * Reads, and from the start again where ip_vs was loaded anew meanwhile, so that its family has
 * another number, or where the kernel found no room for an answer.
 *
 * @throws whatever the last attempt throws.
 */
export function readWhole<T>(source: Source, read: () => T): T {
  for (let attempt = 1;; attempt++) {
    try {
      return read();
    } catch (error) {
      if (source.restart === undefined || attempt === MOST_ATTEMPTS || !mayPass(error)) throw error;
      source.restart();
    }
  }
}

/** ENOENT is what the kernel says of a family's number that it does not have, and of nothing else here. */
function mayPass(error: unknown): boolean {
  if (!(error instanceof NetlinkError)) return false;
  return error.errno === ENOBUFS || (error.errno === ENOENT && !isMissingFamily(error));
}

/** The same with a reader of the source that is there already. */
export function collectThrough(reader: Reader, source: Source): Snapshot {
  const time = source.now();
  const info = reader.info();
  const timeouts = reader.config();
  const daemons = reader.daemons();
  const settings = readSettings((path) => source.readProc(path));
  const kernelStatus = parseProc(source, "ip_vs_status", parseStatus);
  const totals = parseProc(source, "ip_vs_stats", parseStats);
  const cpus = parseProc(source, "ip_vs_stats_percpu", parsePerCpu);
  const table = new TableReader(reader);
  const servers = table.read();
  return {
    time,
    info: info === undefined ? null : toInfo(info),
    timeouts: timeouts === undefined ? null : toTimeouts(timeouts),
    settings,
    kernelStatus,
    syncDaemons: daemons === undefined ? null : daemons.map(toSyncDaemon),
    totals,
    cpus,
    statsWidth: table.statsWidth,
    consistency: table.consistency,
    unknownAttributes: reader.unknownAttributes,
    servers,
  };
}

function parseProc<T>(source: Source, name: string, parse: (text: string) => T): T | null {
  const text = source.readProc(name);
  return text === undefined ? null : parse(text);
}
