/**
 * Prometheus text format 0.0.4 and OpenMetrics 1.0. The labels that identify a virtual server are
 * the same on its own metrics and on those of its real servers. Configuration is in `*_info`
 * metrics of value 1, so that a change makes no new counter series. There are no timestamps.
 *
 * @module
 */
import type { RealServer } from "../ipvs/real_server.ts";
import type { Server } from "../ipvs/server.ts";
import type { VirtualServer } from "../ipvs/virtual_server.ts";
import type { Snapshot } from "../ipvs/snapshot.ts";
import { MEASURED_METRICS, REAL_METRICS, VIRTUAL_METRICS } from "../metrics/catalogue.ts";
import { type Label, REAL_LABELS, VIRTUAL_LABELS } from "../metrics/labels.ts";
import { ByteWriter, type Sink, utf8 } from "./byte_writer.ts";
import { globalMetrics, type MetricFamily } from "./global_metrics.ts";
import { LabelWriter } from "./label_bytes.ts";
import { labelList, labelText } from "./prometheus_labels.ts";
import { statusMetrics } from "./status_metrics.ts";

/** The two text formats, which differ in their comments and in the last line. */
type Dialect = "prometheus" | "openmetrics";

/** Encodes a snapshot in the Prometheus text format 0.0.4. */
export function encodePrometheus(snapshot: Snapshot, sink: Sink): void {
  new MetricsWriter(snapshot, sink, "prometheus").write();
}

/** Encodes a snapshot in OpenMetrics 1.0 text. */
export function encodeOpenMetrics(snapshot: Snapshot, sink: Sink): void {
  new MetricsWriter(snapshot, sink, "openmetrics").write();
}

const LINE_END = utf8("\n");
const END = utf8("} ");
const END_OF_INFO = utf8("} 1\n");

/** The identity labels of servers in one buffer: they are on each of some twenty metrics. */
class LabelBuffer {
  readonly #bytes: Uint8Array;
  readonly #ends: number[] = [0];

  /** Formats the labels of all servers. */
  constructor(write: (out: ByteWriter, next: () => void) => void) {
    const chunks: Uint8Array[] = [];
    const out = new ByteWriter((chunk) => chunks.push(chunk.slice()));
    write(out, () => this.#ends.push(out.position));
    out.flush();
    this.#bytes = new Uint8Array(out.position);
    let at = 0;
    for (const chunk of chunks) {
      this.#bytes.set(chunk, at);
      at += chunk.length;
    }
  }

  /** Copies the labels of the server at an index. */
  write(out: ByteWriter, index: number): void {
    out.raw(this.#bytes, this.#ends[index], this.#ends[index + 1]);
  }

  /** The labels of the server at an index, to be copied many times. */
  at(index: number): Uint8Array {
    return this.#bytes.subarray(this.#ends[index], this.#ends[index + 1]);
  }
}

class MetricsWriter {
  readonly #snapshot: Snapshot;
  readonly #out: ByteWriter;
  readonly #dialect: Dialect;
  readonly #virtual: LabelBuffer;
  readonly #real: LabelBuffer;
  /** Name of the samples of the current family. */
  #sample = "";
  /** The same with the opening brace. */
  #begin: Uint8Array = utf8("");

  constructor(snapshot: Snapshot, sink: Sink, dialect: Dialect) {
    this.#snapshot = snapshot;
    this.#out = new ByteWriter(sink);
    this.#dialect = dialect;
    const { virtualServers } = snapshot;
    this.#virtual = new LabelBuffer((out, next) => {
      for (const virtual of virtualServers) {
        out.text(virtualLabels(virtual));
        next();
      }
    });
    const labels = writers(REAL_LABELS, "identity");
    this.#real = new LabelBuffer((out, next) => {
      for (const { realServers } of virtualServers) {
        for (const real of realServers) {
          for (const label of labels) label.write(out, real);
          next();
        }
      }
    });
  }

  write(): void {
    const out = this.#out;
    const families = [...globalMetrics(this.#snapshot), ...statusMetrics(this.#snapshot)];
    for (const family of families) this.#family(family);
    for (const metric of VIRTUAL_METRICS) {
      this.#head(`ipvs_virtual_server_${metric.prometheus}`, metric);
      this.#eachVirtual((server) => this.#value(metric.read(server)));
    }
    this.#virtualRates();
    const virtualInfo = writers(VIRTUAL_LABELS, "info");
    this.#head("ipvs_virtual_server", { help: "Virtual server configuration.", kind: "info" });
    this.#eachVirtual((server) => this.#info(virtualInfo, server));
    for (const metric of REAL_METRICS) {
      this.#head(`ipvs_real_server_${metric.prometheus}`, metric);
      this.#eachReal((server) => this.#value(metric.read(server)));
    }
    this.#realRates();
    const realInfo = writers(REAL_LABELS, "info");
    this.#head("ipvs_real_server", { help: "Real server configuration.", kind: "info" });
    this.#eachReal((server) => this.#info(realInfo, server));
    if (this.#dialect === "openmetrics") out.text("# EOF\n");
    out.flush();
  }

  #family({ name, samples, ...rest }: MetricFamily): void {
    this.#head(name, rest);
    for (const { labels, value } of samples) {
      const list = labels.length === 0 ? "" : `{${labelList(labels)}}`;
      this.#out.text(`${this.#sample}${list} ${value}\n`);
    }
  }

  /** Begins a family with its comments. */
  #head(
    family: string,
    { help, kind, unit = "" }: {
      readonly help: string;
      readonly kind: "counter" | "gauge" | "info";
      readonly unit?: string;
    },
  ): void {
    const suffix = kind === "counter" ? "_total" : kind === "info" ? "_info" : "";
    this.#sample = `${family}${suffix}`;
    this.#begin = utf8(`${this.#sample}{`);
    const open = this.#dialect === "openmetrics";
    const name = open ? family : this.#sample;
    const type = kind === "info" && !open ? "gauge" : kind;
    const hasUnit = open && unit !== "" && family.endsWith(`_${unit}`);
    const unitLine = hasUnit ? `# UNIT ${name} ${unit}\n` : "";
    this.#out.text(`# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${unitLine}`);
  }

  /** Writes a sample of each virtual server, or of those that `has` selects. */
  #eachVirtual(end: (server: VirtualServer) => void, has?: (server: Server) => boolean): void {
    let index = 0;
    for (const virtual of this.#snapshot.virtualServers) {
      const number = index++;
      if (has !== undefined && !has(virtual)) continue;
      this.#out.raw(this.#begin);
      this.#virtual.write(this.#out, number);
      end(virtual);
    }
  }

  /** Writes a sample of each real server, or of those that `has` selects. */
  #eachReal(end: (server: RealServer) => void, has?: (server: Server) => boolean): void {
    let virtual = 0, index = 0;
    for (const { realServers } of this.#snapshot.virtualServers) {
      const labels = this.#virtual.at(virtual++);
      for (const real of realServers) {
        const number = index++;
        if (has !== undefined && !has(real)) continue;
        this.#out.raw(this.#begin);
        this.#out.raw(labels);
        this.#real.write(this.#out, number);
        end(real);
      }
    }
  }

  #virtualRates(): void {
    if (this.#snapshot.measured === undefined) return;
    for (const metric of MEASURED_METRICS) {
      this.#head(`ipvs_virtual_server_${metric.prometheus}`, metric);
      this.#eachVirtual((server) => this.#double(metric.read(server.measured!)), isMeasured);
    }
  }

  #realRates(): void {
    if (this.#snapshot.measured === undefined) return;
    for (const metric of MEASURED_METRICS) {
      this.#head(`ipvs_real_server_${metric.prometheus}`, metric);
      this.#eachReal((server) => this.#double(metric.read(server.measured!)), isMeasured);
    }
  }

  #double(value: number): void {
    this.#out.text(`} ${value}\n`);
  }

  #value(value: number | bigint): void {
    this.#out.raw(END);
    this.#out.number(value);
    this.#out.raw(LINE_END);
  }

  #info<S extends Server>(labels: readonly LabelWriter<S>[], server: S): void {
    for (const label of labels) label.write(this.#out, server);
    this.#out.raw(END_OF_INFO);
  }
}

function isMeasured({ measured }: Server): boolean {
  return measured !== undefined;
}

/** What identifies a virtual server, on its own metrics and on those of its real servers. */
function virtualLabels(server: VirtualServer): string {
  const identity = VIRTUAL_LABELS.filter(({ prometheus }) => prometheus === "identity");
  return labelList(
    identity.map(({ name, read }) => [`virtual_${name}`, labelText(read(server) ?? "")]),
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
