/**
 * `ipvstat show`: one snapshot in one format.
 *
 * @module
 */
import { collect, type Source } from "../ipvs/collect.ts";
import { type Snapshot, snapshotList, type Snapshots } from "../ipvs/snapshot.ts";
import type { Sink } from "../output/byte_writer.ts";
import { encodeJson } from "../output/json.ts";
import { FAILED } from "./exit_codes.ts";
import type { NamespaceEnvironment, NamespaceReading } from "./namespaces.ts";
import type { Format } from "./options.ts";
import type { Collect } from "./source.ts";
import type { Query } from "./query.ts";
import type { AGGREGATES, COMPAT_PROGRAMS } from "./prometheus_options.ts";

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
  /** Table, CSV: names of the columns to print; undefined for all that fit. */
  readonly columns?: readonly string[] | undefined;
  /** Table, CSV: print virtual servers only, with sums over their real servers. */
  readonly rollup?: boolean;
  /** Measure the rates over at least this many seconds. */
  readonly rates?: number | undefined;
  /** How to collect a snapshot; undefined for netlink. */
  readonly collect?: Collect | undefined;
  /** Which servers to print, and in which order. */
  readonly query?: Query | undefined;
}

/** A source that may have earlier snapshots. */
export interface ShowSource extends Source {
  /**
   * The last snapshot that is at least this many seconds older, or the first of all. Absent if the
   * source is the running kernel.
   */
  earlier?(seconds: number): Source;
}

/** Encodes one snapshot, or those of several network namespaces. */
export type Encode = (snapshots: Snapshots, sink: Sink) => void;

/**
 * Loads the encoder of a format on demand. The json encoder is small and often used, so it is loaded
 * with this module.
 */
export async function encoder(options: ShowOptions): Promise<Encode> {
  switch (options.format) {
    case "json":
      return encodeJson;
    case "ndjson":
      return (await import("../output/ndjson.ts")).encodeNdjson;
    case "csv": {
      const { encodeCsv } = await import("../output/csv.ts");
      return (snapshots, sink) => encodeCsv(snapshots, sink, options);
    }
    case "ipvsadm": {
      const { encodeIpvsadm } = await import("../output/ipvsadm.ts");
      return eachAlone(encodeIpvsadm);
    }
    case "influx": {
      const { encodeInflux } = await import("../output/influx.ts");
      return (snapshots, sink) => encodeInflux(snapshots, sink, options);
    }
    case "prometheus":
    case "openmetrics":
      return await metricsEncoder(options.format, options);
    case "table":
    case "wide": {
      const { encodeTable } = await import("../output/table.ts");
      return (snapshots, sink) => encodeTable(snapshots, sink, options);
    }
  }
}

async function metricsEncoder(
  dialect: "prometheus" | "openmetrics",
  { compat, aggregate }: ShowOptions,
): Promise<Encode> {
  if (compat === "node_exporter") {
    const { encodeNodeExporter } = await import("../output/node_exporter.ts");
    return eachAlone((snapshot, sink) =>
      encodeNodeExporter(snapshot, sink, { dialect, aggregate })
    );
  }
  const { encodeOpenMetrics, encodePrometheus } = await import("../output/prometheus.ts");
  const encode = dialect === "prometheus" ? encodePrometheus : encodeOpenMetrics;
  return (snapshots, sink) => encode(snapshots, sink, { aggregate });
}

/** For a format that has no place for a label: the command line allows one snapshot only. */
function eachAlone(encode: (snapshot: Snapshot, sink: Sink) => void): Encode {
  return (snapshots, sink) => {
    for (const snapshot of snapshotList(snapshots)) encode(snapshot, sink);
  };
}

/** Reads a snapshot; writes it after all of it was read. */
export async function show(
  source: ShowSource,
  sink: Sink,
  options: ShowOptions,
): Promise<Snapshot> {
  const encode = await encoder(options);
  const { rates, query } = options;
  const read = (from: Source) => (options.collect ?? collect)(from, query?.identities(from));
  const whole = await readSnapshot(source, rates, read);
  const snapshot = query?.apply(whole) ?? whole;
  encode(snapshot, sink);
  return snapshot;
}

/** Reads a snapshot; with `rates`, the rates are measured over at least so many seconds. */
export async function readSnapshot(
  source: ShowSource,
  rates: number | undefined,
  read: (source: Source) => Snapshot = collect,
): Promise<Snapshot> {
  return rates === undefined ? read(source) : await measure(source, rates, read);
}

/** Reads a snapshot with the rates since an earlier one. */
async function measure(
  source: ShowSource,
  seconds: number,
  read: (source: Source) => Snapshot,
): Promise<Snapshot> {
  const { measuringTime } = await import("../ipvs/rate_history.ts");
  const { withRates } = await import("../ipvs/rates.ts");
  const previous = read(source.earlier?.(seconds) ?? source);
  if (source.earlier === undefined) await pause(measuringTime(seconds));
  return withRates(read(source), previous);
}

/** Reads network namespaces, with rates if asked for, and writes those that could be read. */
export async function showNamespaces(
  environment: NamespaceEnvironment,
  sink: Sink,
  options: ShowOptions,
): Promise<NamespaceReading> {
  const encode = await encoder(options);
  const { readNamespaces } = await import("./namespaces.ts");
  const { rates, query } = options;
  const measure = rates === undefined ? undefined : await startMeasuring(environment, rates);
  const { snapshots, failure } = await readNamespaces(environment);
  const shown = snapshots.map(measure ?? ((snapshot) => snapshot))
    .map((snapshot) => query?.apply(snapshot) ?? snapshot);
  if (shown.length > 0) encode(shown, sink);
  return { snapshots: shown, failure };
}

/** Takes the first readings; returns what adds the rates to the second ones. */
async function startMeasuring(
  environment: NamespaceEnvironment,
  seconds: number,
): Promise<(snapshot: Snapshot) => Snapshot> {
  const { readNamespaces } = await import("./namespaces.ts");
  const { measuringTime } = await import("../ipvs/rate_history.ts");
  const { withRates } = await import("../ipvs/rates.ts");
  // What fails now is reported when it fails again.
  const report = () => Promise.resolve(FAILED);
  const { snapshots } = await readNamespaces({ ...environment, report });
  await pause(measuringTime(seconds));
  const before = new Map(snapshots.map((snapshot) => [snapshot.netns, snapshot]));
  return (snapshot) => {
    const previous = before.get(snapshot.netns);
    return previous === undefined ? snapshot : withRates(snapshot, previous);
  };
}

function pause(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
}
