/**
 * ipvstat as a library: read what Linux IP Virtual Server is doing from a source of netlink
 * datagrams, and encode it.
 *
 * @example Replay a recording and count its real servers
 * ```ts
 * import assert from "node:assert/strict";
 * import { collect, openRecording, virtualServers } from "./mod.ts";
 *
 * const file = new URL("./testdata/demo/capture.pcap", import.meta.url);
 * const source = openRecording(Deno.readFileSync(file)).selectRound().play();
 * const servers = virtualServers(collect(source));
 * assert(servers.some((server) => server.realServers.length > 0));
 * ```
 *
 * @module
 */
export { CaptureError } from "./lib/capture/error.ts";
export { Recorder } from "./lib/capture/recorder.ts";
export { openRecording, Recording, Round } from "./lib/capture/recording.ts";
export { collect, type Source } from "./lib/ipvs/collect.ts";
export {
  type RealServer,
  type Tunnel,
  type VirtualServer,
  virtualServers,
} from "./lib/ipvs/model.ts";
export type { RecordCursor, Records } from "./lib/ipvs/records.ts";
export type { Rows } from "./lib/ipvs/rows.ts";
export type {
  Consistency,
  Group,
  Info,
  ServerScan,
  ServerTable,
  Snapshot,
  SyncDaemon,
  Timeouts,
} from "./lib/ipvs/snapshot.ts";
export { DecodeError, NetlinkError } from "./lib/netlink/errors.ts";
export { Datagram, NotRecordedError, type Transport } from "./lib/netlink/transport.ts";
export type { Counters, CpuCounters, Totals } from "./lib/procfs/ip_vs_stats.ts";
export type { EstimatorStatus, HashTable, KernelStatus } from "./lib/procfs/ip_vs_status.ts";
export type { Settings } from "./lib/procfs/settings.ts";
export type { Sink } from "./lib/output/byte_writer.ts";
export { encodeInflux, type InfluxOptions } from "./lib/output/influx.ts";
export { encodeJson } from "./lib/output/json.ts";
export { encodeOpenMetrics, encodePrometheus } from "./lib/output/prometheus.ts";
export { encodeTable, type TableOptions } from "./lib/output/table.ts";
