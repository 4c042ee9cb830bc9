/**
 * The metrics of node_exporter's `ipvs` collector, with its names and labels. Real servers of a
 * fwmark have two more labels, which are those of the `ipvs_*` metrics: `virtual_address_family`
 * keeps the same fwmark in IPv4 and IPv6 apart, and `virtual_fwmark` is the fwmark in decimal.
 *
 * @module
 */
import type { RealServer } from "../ipvs/real_server.ts";
import type { Snapshot } from "../ipvs/snapshot.ts";
import type { VirtualServer } from "../ipvs/virtual_server.ts";
import { sumOf } from "../metrics/aggregates.ts";
import { COUNTERS } from "../metrics/catalogue.ts";
import type { Sink } from "./byte_writer.ts";
import { FamilyWriter } from "./family_writer.ts";
import { totalFamilies } from "./global_metrics.ts";
import { LabelBuffer } from "./label_buffer.ts";
import { labelList, type NamedValue } from "./prometheus_labels.ts";
import type { PrometheusOptions } from "./prometheus.ts";

const PREFIX = "node_ipvs_";

/** A metric of real servers. */
interface BackendMetric {
  readonly name: string;
  readonly help: string;
  /** Whether the sum over the real servers of a virtual server means something. */
  readonly sums: boolean;
  readonly read: (server: RealServer) => number;
}

const BACKEND_METRICS: readonly BackendMetric[] = [
  {
    name: "backend_connections_active",
    help: "Established connections.",
    sums: true,
    read: (on) => on.activeConnections,
  },
  {
    name: "backend_connections_inactive",
    help: "Connections that are not established.",
    sums: true,
    read: (on) => on.inactiveConnections,
  },
  {
    name: "backend_weight",
    help: "Weight; 0 for a server that is draining or drained.",
    sums: false,
    read: (on) => on.weight,
  },
];

/** How to write the metrics of node_exporter. */
export interface NodeExporterOptions extends PrometheusOptions {
  /** Text format 0.0.4, which is the default, or OpenMetrics 1.0. */
  readonly dialect?: "prometheus" | "openmetrics" | undefined;
}

/**
 * Encodes a snapshot as node_exporter's `ipvs` collector does. With `aggregate` there are sums for
 * each virtual server, and no weights.
 */
export function encodeNodeExporter(
  snapshot: Snapshot,
  sink: Sink,
  { dialect = "prometheus", aggregate }: NodeExporterOptions = {},
): void {
  const writer = new FamilyWriter(sink, dialect);
  for (const family of totalFamilies(snapshot, PREFIX, COUNTERS)) {
    if (family.samples.length > 0) writer.family(family);
  }
  if (aggregate === "virtual") writeVirtualServers(snapshot, writer);
  else writeRealServers(snapshot, writer);
  writer.end();
}

function writeRealServers({ virtualServers }: Snapshot, writer: FamilyWriter): void {
  const labels = new LabelBuffer((out, next) => {
    for (const virtual of virtualServers) {
      for (const real of virtual.realServers) {
        out.text(labelsOf(virtual, real));
        next();
      }
    }
  });
  for (const { name, help, read } of BACKEND_METRICS) {
    writer.begin({ name: `${PREFIX}${name}`, help, kind: "gauge" });
    writer.samples(realServersOf(virtualServers), labels, read);
  }
}

function writeVirtualServers({ virtualServers }: Snapshot, writer: FamilyWriter): void {
  const labels = new LabelBuffer((out, next) => {
    for (const virtual of virtualServers) {
      out.text(labelsOf(virtual));
      next();
    }
  });
  for (const { name, help, sums, read } of BACKEND_METRICS) {
    if (!sums) continue;
    const text = `${help} Sum over the real servers.`;
    writer.begin({ name: `${PREFIX}${name}`, help: text, kind: "gauge" });
    writer.samples(virtualServers, labels, (virtual) => sumOf(virtual, read));
  }
}

function* realServersOf(virtualServers: Iterable<VirtualServer>): Generator<RealServer> {
  for (const { realServers } of virtualServers) yield* realServers;
}

/** Labels of a virtual server, and of one of its real servers. */
function labelsOf(virtual: VirtualServer, real?: RealServer): string {
  const remote: NamedValue[] = real === undefined
    ? []
    : [["remote_address", real.address], ["remote_port", String(real.port)]];
  return labelList([...localLabels(virtual), ...remote, ...fwmarkLabels(virtual)]);
}

/** Labels of a virtual server, which node_exporter calls local. */
function localLabels(virtual: VirtualServer): readonly NamedValue[] {
  const { fwmark, protocol = "", address = "", port = 0 } = virtual;
  const mark = fwmark?.toString(16).toUpperCase().padStart(8, "0");
  return [
    ["local_address", address],
    ["local_mark", mark ?? ""],
    ["local_port", String(port)],
    ["proto", mark === undefined ? protocol.toUpperCase() : "FWM"],
  ];
}

/** The labels that node_exporter does not have. */
function fwmarkLabels({ fwmark, addressFamily }: VirtualServer): readonly NamedValue[] {
  if (fwmark === undefined) return [];
  return [["virtual_address_family", addressFamily], ["virtual_fwmark", String(fwmark)]];
}
