/**
 * ipvstat as a library: read Linux IP Virtual Server from the running kernel or from a capture, and
 * encode what was read.
 *
 * @example Count the connections of a replayed capture
 * ```ts
 * import assert from "node:assert/strict";
 * import { replay } from "./mod.ts";
 *
 * const file = new URL("./testdata/demo/capture.pcap", import.meta.url);
 * const { virtualServers } = replay(Deno.readFileSync(file));
 * let active = 0;
 * for (const virtual of virtualServers) {
 *   for (const real of virtual.realServers) active += real.activeConnections;
 * }
 * assert.equal(active, 48);
 * ```
 *
 * @module
 */
import { openLive } from "./ffi/live_source.ts";
import { recordedError } from "./lib/capture/error.ts";
import { openRecording } from "./lib/capture/recording.ts";
import { collect, type Source } from "./lib/ipvs/collect.ts";
import type { Snapshot } from "./lib/ipvs/snapshot.ts";

/** IPVS in the network namespace of the thread that opened it. */
export class Kernel implements Disposable {
  readonly #source: Source & Disposable;

  /** Made by {@linkcode openKernel}. */
  constructor(source: Source & Disposable) {
    this.#source = source;
  }

  /**
   * Reads a snapshot. Several can be read one after another.
   *
   * @throws {NetlinkError} see {@linkcode isIpvsMissing} and {@linkcode isNotPermitted}.
   * @throws {DecodeError} if a reply of the kernel is malformed.
   */
  collect(): Snapshot {
    return collect(this.#source);
  }

  /** Closes the sockets; more than once is allowed. */
  [Symbol.dispose](): void {
    this.#source[Symbol.dispose]();
  }
}

/**
 * Opens IPVS of the running kernel. It needs the capability CAP_NET_ADMIN and the permissions
 * `--allow-ffi` and `--allow-read`.
 *
 * @throws {NetlinkError} if IPVS is not loaded ({@linkcode isIpvsMissing}) or a socket is refused.
 *
 * @example Print the real servers that still have connections at weight 0
 * ```ts ignore
 * import { openKernel } from "./mod.ts";
 *
 * using kernel = openKernel();
 * for (const virtual of kernel.collect().virtualServers) {
 *   for (const real of virtual.realServers) {
 *     if (real.state === "draining") console.log(virtual.key, real.key, real.activeConnections);
 *   }
 * }
 * ```
 */
export function openKernel(): Kernel {
  return new Kernel(openLive());
}

/**
 * Reads a snapshot of a capture: a recording of `ipvstat record`, or a pcap or pcapng file of a
 * netlink monitor device in which some program listed IPVS.
 *
 * @param bytes The whole capture.
 * @param number Which snapshot, from 1 on; by default the last complete one.
 * @throws {CaptureError} if the bytes are no such capture, or it does not have the snapshot.
 */
export function replay(bytes: Uint8Array, number?: number): Snapshot {
  try {
    return collect(openRecording(bytes).selectRound(number).play());
  } catch (error) {
    throw recordedError(error);
  }
}

export { CaptureError } from "./lib/capture/error.ts";
export { Recorder } from "./lib/capture/recorder.ts";
export { openRecording, Recording, Round } from "./lib/capture/recording.ts";
export { collect, type Source } from "./lib/ipvs/collect.ts";
export { type Address, Network, parseAddress, parseNetwork } from "./lib/ipvs/network.ts";
export { collectProc } from "./lib/ipvs/collect_proc.ts";
export { UnknownValueError } from "./lib/ipvs/unknown_value.ts";
export { withRates } from "./lib/ipvs/rates.ts";
export { REAL_SERVER_STATES, RealServer, type RealServerState } from "./lib/ipvs/real_server.ts";
export { type Additions, type Rates, Server, type ServerName } from "./lib/ipvs/server.ts";
export {
  VIRTUAL_SERVER_STATES,
  VirtualServer,
  type VirtualServerState,
} from "./lib/ipvs/virtual_server.ts";
export type { ServiceIdentity } from "./lib/ipvs/service_identity.ts";
export { ServerList, withPrevious } from "./lib/ipvs/server_list.ts";
export type {
  Consistency,
  Info,
  Measured,
  Snapshot,
  Snapshots,
  SyncDaemon,
  Timeouts,
} from "./lib/ipvs/snapshot.ts";
export {
  DecodeError,
  isMissingFamily as isIpvsMissing,
  isPermissionDenied as isNotPermitted,
  NetlinkError,
} from "./lib/netlink/errors.ts";
export { Datagram, NotRecordedError, type Transport } from "./lib/netlink/transport.ts";
export {
  parseTable,
  type ProcDestination,
  type ProcEndpoint,
  type ProcService,
  type ProcTable,
} from "./lib/procfs/ip_vs.ts";
export type { Counters, CpuCounters, Totals } from "./lib/procfs/ip_vs_stats.ts";
export type { EstimatorStatus, HashTable, KernelStatus } from "./lib/procfs/ip_vs_status.ts";
export type { Settings } from "./lib/procfs/settings.ts";
export { Shares } from "./lib/metrics/shares.ts";
export {
  type KnownNames,
  type SelectableReal,
  type SelectableVirtual,
  Selection,
  type SelectionText,
} from "./lib/query/selection.ts";
export { type NameEntry, Names, parseNames, withNames } from "./lib/query/names.ts";
export { SelectionError } from "./lib/query/selection_error.ts";
export {
  firstServers,
  parseSortKey,
  type SortKey,
  sortServers,
  type SortValue,
} from "./lib/query/sort.ts";
export type { Sink } from "./lib/output/byte_writer.ts";
export { type CsvOptions, encodeCsv } from "./lib/output/csv.ts";
export { encodeIpvsadm } from "./lib/output/ipvsadm.ts";
export { encodeInflux, type InfluxOptions } from "./lib/output/influx.ts";
export { encodeJson } from "./lib/output/json.ts";
export { encodeNdjson } from "./lib/output/ndjson.ts";
export { encodeNodeExporter, type NodeExporterOptions } from "./lib/output/node_exporter.ts";
export { netdataEncoder, type NetdataOptions } from "./lib/output/netdata.ts";
export {
  encodeOpenMetrics,
  encodePrometheus,
  type PrometheusOptions,
} from "./lib/output/prometheus.ts";
export { encodeTable, type TableOptions } from "./lib/output/table.ts";
