/**
 * ipvstat as a library: read what Linux IP Virtual Server is doing from a source of netlink
 * datagrams, and encode it.
 *
 * @example Replay a recording and count its real servers
 * ```ts
 * import assert from "node:assert/strict";
 * import { collect, openRecording } from "./mod.ts";
 *
 * const file = new URL("./testdata/demo/capture.pcap", import.meta.url);
 * const source = openRecording(Deno.readFileSync(file)).selectRound().play();
 * const { virtualServers } = collect(source);
 * for (const virtual of virtualServers) {
 *   for (const real of virtual.realServers) assert(real.weight >= 0, real.key);
 * }
 * ```
 *
 * @module
 */
export { CaptureError } from "./lib/capture/error.ts";
export { Recorder } from "./lib/capture/record.ts";
export { openRecording, Recording, Round } from "./lib/capture/recording.ts";
export { collect, type Source } from "./lib/ipvs/collect.ts";
export { RealServer, type RealServerState } from "./lib/ipvs/real_server.ts";
export { Server } from "./lib/ipvs/server.ts";
export { VirtualServer, type VirtualServerState } from "./lib/ipvs/virtual_server.ts";
export { ServerList, withPrevious } from "./lib/ipvs/server_list.ts";
export type { Consistency, Info, Snapshot, SyncDaemon, Timeouts } from "./lib/ipvs/snapshot.ts";
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
