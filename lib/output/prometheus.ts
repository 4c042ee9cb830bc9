/**
 * Prometheus text format 0.0.4 and OpenMetrics 1.0. The labels that identify a virtual server are
 * the same on its own metrics and on those of its real servers. Configuration is in `*_info`
 * metrics of value 1, so that a change makes no new counter series. There are no timestamps.
 *
 * @module
 */
import { REAL_SERVER_STATES, type RealServer } from "../ipvs/real_server.ts";
import type { Server } from "../ipvs/server.ts";
import type { VirtualServer } from "../ipvs/virtual_server.ts";
import type { Snapshot } from "../ipvs/snapshot.ts";
import { countStates, SUM_METRICS } from "../metrics/aggregates.ts";
import {
  MEASURED_METRICS,
  type Metric,
  REAL_METRICS,
  VIRTUAL_METRICS,
} from "../metrics/catalogue.ts";
import { type Label, REAL_LABELS, VIRTUAL_IDENTITY, VIRTUAL_LABELS } from "../metrics/labels.ts";
import { type Sink, utf8 } from "./byte_writer.ts";
import { FamilyWriter } from "./family_writer.ts";
import { globalMetrics } from "./global_metrics.ts";
import { LabelBuffer } from "./label_buffer.ts";
import { LabelWriter } from "./label_bytes.ts";
import { labelList, labelText } from "./prometheus_labels.ts";
import { settingsMetrics } from "./settings_metrics.ts";
import { statusMetrics } from "./status_metrics.ts";

/** How to write metrics. */
export interface PrometheusOptions {
  /** `virtual`: one set of metrics per virtual server, and none for each real server. */
  readonly aggregate?: "virtual" | undefined;
}

/** Encodes a snapshot in the Prometheus text format 0.0.4. */
export function encodePrometheus(
  snapshot: Snapshot,
  sink: Sink,
  options: PrometheusOptions = {},
): void {
  new MetricsWriter(snapshot, new FamilyWriter(sink, "prometheus")).write(options);
}

/** Encodes a snapshot in OpenMetrics 1.0 text. */
export function encodeOpenMetrics(
  snapshot: Snapshot,
  sink: Sink,
  options: PrometheusOptions = {},
): void {
  new MetricsWriter(snapshot, new FamilyWriter(sink, "openmetrics")).write(options);
}

class MetricsWriter {
  readonly #snapshot: Snapshot;
  readonly #writer: FamilyWriter;
  readonly #virtual: LabelBuffer;

  constructor(snapshot: Snapshot, writer: FamilyWriter) {
    this.#snapshot = snapshot;
    this.#writer = writer;
    this.#virtual = new LabelBuffer((out, next) => {
      for (const virtual of snapshot.virtualServers) {
        out.text(virtualLabels(virtual));
        next();
      }
    });
  }

  write({ aggregate }: PrometheusOptions): void {
    const families = [globalMetrics, statusMetrics, settingsMetrics]
      .flatMap((metricsOf) => metricsOf(this.#snapshot));
    for (const family of families) this.#writer.family(family);
    this.#virtualServers(VIRTUAL_METRICS);
    if (this.#snapshot.measured !== undefined) this.#virtualRates();
    this.#virtualInfo();
    if (aggregate === "virtual") this.#aggregates();
    else this.#realServers();
    this.#writer.end();
  }

  #virtualServers(metrics: readonly Metric<VirtualServer>[]): void {
    const { virtualServers } = this.#snapshot;
    for (const metric of metrics) {
      this.#writer.begin({ ...metric, name: `ipvs_virtual_server_${metric.prometheus}` });
      this.#writer.samples(virtualServers, this.#virtual, metric.read);
    }
  }

  /** The rates of virtual servers that have any. */
  #virtualRates(): void {
    for (const metric of MEASURED_METRICS) {
      this.#writer.begin({ ...metric, name: `ipvs_virtual_server_${metric.prometheus}` });
      let index = 0;
      for (const { measured } of this.#snapshot.virtualServers) {
        const own = index++;
        if (measured === undefined) continue;
        this.#writer.beginSample();
        this.#virtual.write(this.#writer.out, own);
        this.#writer.endSampleWithDouble(metric.read(measured));
      }
    }
  }

  #virtualInfo(): void {
    const labels = writers(VIRTUAL_LABELS, "info");
    const help = "Virtual server configuration.";
    this.#writer.begin({ name: "ipvs_virtual_server", help, kind: "info" });
    let index = 0;
    for (const virtual of this.#snapshot.virtualServers) {
      this.#writer.beginSample();
      this.#virtual.write(this.#writer.out, index++);
      for (const label of labels) label.write(this.#writer.out, virtual);
      this.#writer.endSample(1);
    }
  }

  /** The real servers of each virtual server together. */
  #aggregates(): void {
    const help = "Number of real servers in each state.";
    this.#writer.begin({ name: "ipvs_virtual_server_real_servers", help, kind: "gauge" });
    const endings = REAL_SERVER_STATES.map((state) => [state, utf8(`,state="${state}"`)] as const);
    let index = 0;
    for (const virtual of this.#snapshot.virtualServers) {
      const counts = countStates(virtual);
      for (const [state, ending] of endings) {
        this.#writer.beginSample();
        this.#virtual.write(this.#writer.out, index);
        this.#writer.out.raw(ending);
        this.#writer.endSample(counts[state]);
      }
      index++;
    }
    this.#virtualServers(SUM_METRICS);
  }

  #realServers(): void {
    const identity = writers(REAL_LABELS, "identity");
    const own = new LabelBuffer((out, next) => {
      for (const { realServers } of this.#snapshot.virtualServers) {
        for (const real of realServers) {
          for (const label of identity) label.write(out, real);
          next();
        }
      }
    });
    for (const metric of REAL_METRICS) {
      this.#writer.begin({ ...metric, name: `ipvs_real_server_${metric.prometheus}` });
      this.#eachReal(own, (server) => this.#writer.endSample(metric.read(server)));
    }
    if (this.#snapshot.measured !== undefined) this.#realRates(own);
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
    const isMeasured = ({ measured }: RealServer) => measured !== undefined;
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
    let virtual = 0, index = 0;
    for (const { realServers } of this.#snapshot.virtualServers) {
      const labels = this.#virtual.at(virtual++);
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

/** What identifies a virtual server, on its own metrics and on those of its real servers. */
function virtualLabels(server: VirtualServer): string {
  return labelList(
    VIRTUAL_IDENTITY.map(({ name, read }) => [`virtual_${name}`, labelText(read(server) ?? "")]),
  );
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
