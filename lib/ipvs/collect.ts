/**
 * Collects a snapshot, while other programs may change the table.
 *
 * @module
 */
import { ENOENT, isMissingFamily, NetlinkError } from "../netlink/errors.ts";
import type { Transport } from "../netlink/transport.ts";
import { parsePerCpu, parseStats } from "../procfs/ip_vs_stats.ts";
import { parseStatus } from "../procfs/ip_vs_status.ts";
import { readSettings } from "../procfs/settings.ts";
import { Reader } from "./reader.ts";
import { toInfo, toSyncDaemon, toTimeouts } from "./replies.ts";
import { identityRows, type ServiceIdentity } from "./service_identity.ts";
import type { Snapshot } from "./snapshot.ts";
import { TableReader } from "./table_reader.ts";

/** Where a snapshot comes from: a live kernel or a recording. */
export interface Source {
  /** Transport of the requests. */
  readonly transport: Transport;
  /**
   * Transport of every second read of a list, with datagrams of another size. A list can be torn
   * only between two datagrams, so two reads that are cut in different places are torn differently.
   * Absent in a replay.
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
   * Checks that IPVS is available, without making the kernel load it. Absent in a replay.
   *
   * @throws {NetlinkError} if it is not.
   */
  checkIpvs?(): void;
  /**
   * Prepares for a new read from the start. Absent in a replay.
   *
   * @throws {NetlinkError} if IPVS is no longer loaded.
   */
  restart?(): void;
}

const MAXIMUM_ATTEMPTS = 5;
const ENOBUFS = 105;

/**
 * Reads everything that the kernel reports about IPVS in one network namespace.
 *
 * @param only The virtual servers to read, as far as they exist; by default all. A replay has to
 * contain a request for each.
 * @throws {NetlinkError} with errno ENOENT if IPVS is not loaded, EPERM without CAP_NET_ADMIN.
 * @throws {DecodeError} if a reply is malformed.
 * @throws {NotRecordedError} if a recording has no list of services, or not all destinations.
 */
export function collect(source: Source, only?: readonly ServiceIdentity[]): Snapshot {
  return readWhole(source, () => {
    return collectThrough(new Reader(source.transport, source.second), source, only);
  });
}

/**
 * Reads, if IPVS is available. Starts over if ip_vs was reloaded during the read, which gives its
 * family another number, or if the socket's buffer overflowed.
 *
 * @throws the error of the last attempt.
 */
export function readWhole<T>(source: Source, read: () => T): T {
  source.checkIpvs?.();
  for (let attempt = 1;; attempt++) {
    try {
      return read();
    } catch (error) {
      if (source.restart === undefined || attempt === MAXIMUM_ATTEMPTS || !isTransient(error)) {
        throw error;
      }
      source.restart();
    }
  }
}

/** Except for the lookup of the family, ENOENT means that no family has this number. */
function isTransient(error: unknown): boolean {
  if (!(error instanceof NetlinkError)) return false;
  return error.errno === ENOBUFS || (error.errno === ENOENT && !isMissingFamily(error));
}

/** Like {@linkcode collect}, with an existing reader of the source. */
export function collectThrough(
  reader: Reader,
  source: Source,
  only?: readonly ServiceIdentity[],
): Snapshot {
  const time = source.now();
  const info = reader.info();
  const timeouts = reader.config();
  const daemons = reader.daemons();
  const files = readProcFiles(source);
  const table = new TableReader(reader);
  const virtualServers = only === undefined ? table.read() : table.readOnly(identityRows(only));
  return {
    time,
    info: info === undefined ? null : toInfo(info),
    timeouts: timeouts === undefined ? null : toTimeouts(timeouts),
    ...files,
    syncDaemons: daemons === undefined ? null : daemons.map(toSyncDaemon),
    statsWidth: table.statsWidth,
    consistency: table.consistency,
    unknownAttributes: reader.unknownAttributes,
    virtualServers,
  };
}

/** Reads the files of /proc that a snapshot consists of, whatever the source of its servers. */
export function readProcFiles(
  source: Pick<Source, "readProc">,
): Pick<Snapshot, "settings" | "kernelStatus" | "totals" | "cpus"> {
  return {
    settings: readSettings((path) => source.readProc(path)),
    kernelStatus: parseProc(source, "ip_vs_status", parseStatus),
    totals: parseProc(source, "ip_vs_stats", parseStats),
    cpus: parseProc(source, "ip_vs_stats_percpu", parsePerCpu),
  };
}

/** What a file of /proc contains; null if it cannot be read. */
export function parseProc<T>(
  source: Pick<Source, "readProc">,
  name: string,
  parse: (text: string) => T,
): T | null {
  const text = source.readProc(name);
  return text === undefined ? null : parse(text);
}
