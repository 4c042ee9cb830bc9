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
import { SUM_METRICS } from "../metrics/aggregates.ts";
import { COUNTERS, type Metric, REAL_METRICS } from "../metrics/catalogue.ts";
import type { Sink } from "./byte_writer.ts";
import { FamilyWriter } from "./family_writer.ts";
import { totalFamilies } from "./global_metrics.ts";
import { LabelBuffer } from "./label_buffer.ts";
import { labelList, type NamedValue } from "./prometheus_labels.ts";
import type { PrometheusOptions } from "./prometheus.ts";

const PREFIX = "node_ipvs_";

/** node_exporter's names of metrics of real servers. */
const BACKEND_METRICS: ReadonlyMap<string, string> = new Map([
  ["active_connections", "backend_connections_active"],
  ["inactive_connections", "backend_connections_inactive"],
  ["weight", "backend_weight"],
]);

/** The families that node_exporter has, in its order. */
function familiesOf<Source>(metrics: readonly Metric<Source>[]) {
  return [...BACKEND_METRICS].flatMap(([name, backend]) => {
    const metric = metrics.find((metric) => metric.name === name);
    return metric === undefined ? [] : [{ ...metric, name: `${PREFIX}${backend}` }];
  });
}

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
  for (const family of familiesOf(REAL_METRICS)) {
    writer.begin(family);
    writer.samples(realServersOf(virtualServers), labels, family.read);
  }
}

function writeVirtualServers({ virtualServers }: Snapshot, writer: FamilyWriter): void {
  const labels = new LabelBuffer((out, next) => {
    for (const virtual of virtualServers) {
      out.text(labelsOf(virtual));
      next();
    }
  });
  for (const family of familiesOf(SUM_METRICS)) {
    writer.begin(family);
    writer.samples(virtualServers, labels, family.read);
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
