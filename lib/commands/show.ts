/**
 * `ipvstat show`: one snapshot in one format.
 *
 * @module
 */
import { collect, type Source } from "../ipvs/collect.ts";
import type { Snapshot } from "../ipvs/snapshot.ts";
import type { Sink } from "../output/byte_writer.ts";
import { encodeJson } from "../output/json.ts";
import type { AGGREGATES, COMPAT_PROGRAMS, Format } from "./options.ts";

/** How to print a snapshot. */
export interface ShowOptions {
  readonly format: Format;
  /** Line protocol: add tags and fields that telegraf does not provide. */
  readonly extended: boolean;
  /** Prometheus, OpenMetrics: the program whose metric names to use; undefined for ipvstat's. */
  readonly compat?: typeof COMPAT_PROGRAMS[number] | undefined;
  /** Prometheus, OpenMetrics: what to aggregate real servers by; undefined for none. */
  readonly aggregate?: typeof AGGREGATES[number] | undefined;
  /** Table: whether to use colours. */
  readonly color: boolean;
  /** Table: maximum width in characters; undefined for no limit. */
  readonly width?: number | undefined;
}

/** Encodes a snapshot. */
export type Encode = (snapshot: Snapshot, sink: Sink) => void;

/**
 * Loads the encoder of a format on demand. The json encoder is small and often used, so it is loaded
 * with this module.
 */
export async function encoder(options: ShowOptions): Promise<Encode> {
  switch (options.format) {
    case "json":
      return encodeJson;
    case "influx": {
      const { encodeInflux } = await import("../output/influx.ts");
      return (snapshot, sink) => encodeInflux(snapshot, sink, options);
    }
    case "prometheus":
    case "openmetrics":
      return await metricsEncoder(options.format, options);
    case "table":
    case "wide": {
      const { encodeTable } = await import("../output/table.ts");
      return (snapshot, sink) => encodeTable(snapshot, sink, options);
    }
  }
}

async function metricsEncoder(
  dialect: "prometheus" | "openmetrics",
  { compat, aggregate }: ShowOptions,
): Promise<Encode> {
  if (compat === "node_exporter") {
    const { encodeNodeExporter } = await import("../output/node_exporter.ts");
    return (snapshot, sink) => encodeNodeExporter(snapshot, sink, { dialect, aggregate });
  }
  const { encodeOpenMetrics, encodePrometheus } = await import("../output/prometheus.ts");
  const encode = dialect === "prometheus" ? encodePrometheus : encodeOpenMetrics;
  return (snapshot, sink) => encode(snapshot, sink, { aggregate });
}

/** Reads a snapshot; writes it after all of it was read. */
export async function show(source: Source, sink: Sink, options: ShowOptions): Promise<Snapshot> {
  const encode = await encoder(options);
  const snapshot = collect(source);
  encode(snapshot, sink);
  return snapshot;
}
