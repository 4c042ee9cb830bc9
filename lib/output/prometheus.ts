/**
 * Prometheus text format 0.0.4 and OpenMetrics 1.0. The labels that identify a virtual server are
 * the same on its own metrics and on those of its real servers. Configuration is in `*_info`
 * metrics of value 1, so that a change makes no new counter series. There are no timestamps. Samples
 * of a network namespace with a label have it as the label `netns`.
 *
 * @module
 */
import { REAL_SERVER_STATES, type RealServer } from "../ipvs/real_server.ts";
import type { Server } from "../ipvs/server.ts";
import type { VirtualServer } from "../ipvs/virtual_server.ts";
import { type Snapshot, snapshotList, type Snapshots } from "../ipvs/snapshot.ts";
import { countStates } from "../metrics/aggregates.ts";
import { MEASURED_METRICS, type Metric } from "../metrics/catalogue.ts";
import { type KnownMetrics, knownMetrics } from "../metrics/known.ts";
import { type Label, REAL_LABELS, VIRTUAL_IDENTITY, VIRTUAL_LABELS } from "../metrics/labels.ts";
import { type Sink, utf8 } from "./byte_writer.ts";
import { FamilyWriter } from "./family_writer.ts";
import { buildFamily, globalMetrics, mergeFamilies, type MetricFamily } from "./global_metrics.ts";
import { LabelBuffer } from "./label_buffer.ts";
import { LabelWriter } from "./label_bytes.ts";
import { labelList, labelText, nameLabels } from "./prometheus_labels.ts";
import { settingsMetrics } from "./settings_metrics.ts";
import { statusMetrics } from "./status_metrics.ts";

/** How to write metrics. */
export interface PrometheusOptions {
  /** `virtual`: one set of metrics per virtual server, and none for each real server. */
  readonly aggregate?: "virtual" | undefined;
}

/** Encodes snapshots in the Prometheus text format 0.0.4. */
export function encodePrometheus(
  snapshots: Snapshots,
  sink: Sink,
  options: PrometheusOptions = {},
): void {
  new MetricsWriter(snapshotList(snapshots), new FamilyWriter(sink, "prometheus")).write(options);
}

/** Encodes snapshots in OpenMetrics 1.0 text. */
export function encodeOpenMetrics(
  snapshots: Snapshots,
  sink: Sink,
  options: PrometheusOptions = {},
): void {
  new MetricsWriter(snapshotList(snapshots), new FamilyWriter(sink, "openmetrics")).write(options);
}

/** A snapshot, and the labels that identify each of its virtual servers. */
interface Part {
  readonly snapshot: Snapshot;
  readonly virtual: LabelBuffer;
}

class MetricsWriter {
  readonly #parts: readonly Part[];
  readonly #writer: FamilyWriter;
  readonly #isMeasured: boolean;
  readonly #known: KnownMetrics;

  constructor(snapshots: readonly Snapshot[], writer: FamilyWriter) {
    this.#known = knownMetrics(snapshots.find(({ source }) => source !== undefined) ?? {});
    this.#parts = snapshots.map((snapshot) => ({ snapshot, virtual: virtualBuffer(snapshot) }));
    this.#writer = writer;
    this.#isMeasured = snapshots.some(({ measured }) => measured !== undefined);
  }

  write({ aggregate }: PrometheusOptions): void {
    const families = mergeFamilies(this.#parts.map(({ snapshot }) => familiesOf(snapshot)));
    for (const family of [buildFamily(), ...families]) this.#writer.family(family);
    this.#virtualServers(this.#known.virtual);
    if (this.#isMeasured) this.#virtualRates();
    this.#virtualInfo();
    this.#virtualNames();
    if (aggregate === "virtual") this.#aggregates();
    else this.#realServers();
    this.#writer.end();
  }

  #virtualServers(metrics: readonly Metric<VirtualServer>[]): void {
    for (const metric of metrics) {
      this.#writer.begin({ ...metric, name: `ipvs_virtual_server_${metric.prometheus}` });
      for (const { snapshot, virtual } of this.#parts) {
        this.#writer.samples(snapshot.virtualServers, virtual, metric.read);
      }
    }
  }

  /** The rates of virtual servers that have any. */
  #virtualRates(): void {
    for (const metric of MEASURED_METRICS) {
      this.#writer.begin({ ...metric, name: `ipvs_virtual_server_${metric.prometheus}` });
      this.#eachVirtual(
        ({ measured }) => this.#writer.endSampleWithDouble(metric.read(measured!)),
        isMeasured,
      );
    }
  }

  #virtualInfo(): void {
    const labels = writers(VIRTUAL_LABELS, "info");
    const help = "Virtual server configuration.";
    this.#writer.begin({ name: "ipvs_virtual_server", help, kind: "info" });
    this.#eachVirtual((virtual) => {
      for (const label of labels) label.write(this.#writer.out, virtual);
      this.#writer.endSample(1);
    });
  }

  /** The names of virtual servers, if any: apart, so that a new name makes no new counters. */
  #virtualNames(): void {
    const isNamed = ({ named }: VirtualServer) => named !== undefined;
    if (!this.#parts.some(({ snapshot }) => [...snapshot.virtualServers].some(isNamed))) return;
    this.#writer.begin({
      name: "ipvs_virtual_server_name",
      help: "Name of the virtual server, and its labels.",
      kind: "info",
    });
    this.#eachVirtual(({ named }) => {
      this.#writer.out.text(`,${labelList(nameLabels(named!))}`);
      this.#writer.endSample(1);
    }, isNamed);
  }

  /** Begins a sample of each virtual server, or of those that `has` selects, with its labels. */
  #eachVirtual(
    end: (server: VirtualServer) => void,
    has?: (server: VirtualServer) => boolean,
  ): void {
    for (const { snapshot, virtual: labels } of this.#parts) {
      let index = 0;
      for (const virtual of snapshot.virtualServers) {
        const own = index++;
        if (has !== undefined && !has(virtual)) continue;
        this.#writer.beginSample();
        labels.write(this.#writer.out, own);
        end(virtual);
      }
    }
  }

  /** The real servers of each virtual server together. */
  #aggregates(): void {
    if (this.#known.hasStates) this.#stateCounts();
    this.#virtualServers(this.#known.sums);
  }

  #stateCounts(): void {
    const help = "Number of real servers in each state.";
    this.#writer.begin({ name: "ipvs_virtual_server_real_servers", help, kind: "gauge" });
    const endings = REAL_SERVER_STATES.map((state) => [state, utf8(`,state="${state}"`)] as const);
    for (const { snapshot, virtual: labels } of this.#parts) {
      let index = 0;
      for (const virtual of snapshot.virtualServers) {
        const counts = countStates(virtual);
        for (const [state, ending] of endings) {
          this.#writer.beginSample();
          labels.write(this.#writer.out, index);
          this.#writer.out.raw(ending);
          this.#writer.endSample(counts[state]);
        }
        index++;
      }
    }
  }

  #realServers(): void {
    const identity = writers(REAL_LABELS, "identity");
    const own = new LabelBuffer((out, next) => {
      for (const { snapshot } of this.#parts) {
        for (const { realServers } of snapshot.virtualServers) {
          for (const real of realServers) {
            for (const label of identity) label.write(out, real);
            next();
          }
        }
      }
    });
    for (const metric of this.#known.real) {
      this.#writer.begin({ ...metric, name: `ipvs_real_server_${metric.prometheus}` });
      this.#eachReal(own, (server) => this.#writer.endSample(metric.read(server)));
    }
    if (this.#isMeasured) this.#realRates(own);
    const labels = writers(REAL_LABELS, "info");
    const help = "Real server configuration.";
    this.#writer.begin({ name: "ipvs_real_server", help, kind: "info" });
    this.#eachReal(own, (server) => {
      for (const label of labels) label.write(this.#writer.out, server);
      this.#writer.endSample(1);
    });
  }

  /** The rates of real servers that have any. */
  #realRates(own: LabelBuffer): void {
    for (const metric of MEASURED_METRICS) {
      this.#writer.begin({ ...metric, name: `ipvs_real_server_${metric.prometheus}` });
      this.#eachReal(
        own,
        ({ measured }) => this.#writer.endSampleWithDouble(metric.read(measured!)),
        isMeasured,
      );
    }
  }

  /**
   * Begins a sample of each real server, or of those that `has` selects, with the labels that identify
   * it.
   */
  #eachReal(
    own: LabelBuffer,
    end: (server: RealServer) => void,
    has?: (server: RealServer) => boolean,
  ): void {
    const { out } = this.#writer;
    let index = 0;
    for (const { snapshot, virtual } of this.#parts) {
      let owner = 0;
      for (const { realServers } of snapshot.virtualServers) {
        const labels = virtual.at(owner++);
        for (const real of realServers) {
          const number = index++;
          if (has !== undefined && !has(real)) continue;
          this.#writer.beginSample();
          out.raw(labels);
          own.write(out, number);
          end(real);
        }
      }
    }
  }
}

/** The families of a namespace as a whole. */
function familiesOf(snapshot: Snapshot): MetricFamily[] {
  const families = [globalMetrics, statusMetrics, settingsMetrics]
    .flatMap((metricsOf) => metricsOf(snapshot));
  const { netns } = snapshot;
  if (netns === undefined) return families;
  return families.map((family) => ({
    ...family,
    samples: family.samples.map(({ labels, value }) => ({
      labels: [["netns", netns], ...labels],
      value,
    })),
  }));
}

function isMeasured({ measured }: Server): boolean {
  return measured !== undefined;
}

/** What identifies each virtual server, on its own metrics and on those of its real servers. */
function virtualBuffer({ virtualServers, netns = "" }: Snapshot): LabelBuffer {
  return new LabelBuffer((out, next) => {
    for (const virtual of virtualServers) {
      const identity = VIRTUAL_IDENTITY.map(({ name, read }) =>
        [`virtual_${name}`, labelText(read(virtual) ?? "")] as const
      );
      out.text(labelList([["netns", netns], ...identity]));
      next();
    }
  });
}

/** Writers of labels that follow others. */
function writers<S extends Server>(
  labels: readonly Label<S>[],
  kind: "identity" | "info",
): LabelWriter<S>[] {
  return labels.filter(({ prometheus }) => prometheus === kind).map((label) =>
    new LabelWriter(label, {
      before: ({ name }) => `,${name}="`,
      after: '"',
      whole: ({ name }, value) => {
        const list = labelList([[name, labelText(value)]]);
        return list === "" ? "" : `,${list}`;
      },
    })
  );
}
