/**
 * Writes metric families in the Prometheus text format 0.0.4 or in OpenMetrics 1.0, which differ in
 * their comments and in the last line.
 *
 * @module
 */
import { ByteWriter, type Sink, utf8 } from "./byte_writer.ts";
import type { MetricFamily } from "./global_metrics.ts";
import type { LabelBuffer } from "./label_buffer.ts";
import { labelList } from "./prometheus_labels.ts";

/** One of the two text formats. */
export type Dialect = "prometheus" | "openmetrics";

const LINE_END = utf8("\n");
const END = utf8("} ");

/** Writes one family after the other; {@linkcode FamilyWriter.end} completes the output. */
export class FamilyWriter {
  /** For labels between {@linkcode FamilyWriter.beginSample} and the end of the sample. */
  readonly out: ByteWriter;
  readonly #dialect: Dialect;
  /** Name of the samples of the current family. */
  #sample = "";
  /** The same with the opening brace. */
  #begin: Uint8Array = utf8("");

  /** Writes to `sink`. */
  constructor(sink: Sink, dialect: Dialect) {
    this.out = new ByteWriter(sink);
    this.#dialect = dialect;
  }

  /** Begins a family with its comments. */
  begin({ name: family, help, kind, unit = "" }: Omit<MetricFamily, "samples">): void {
    const suffix = kind === "counter" ? "_total" : kind === "info" ? "_info" : "";
    this.#sample = `${family}${suffix}`;
    this.#begin = utf8(`${this.#sample}{`);
    const open = this.#dialect === "openmetrics";
    const name = open ? family : this.#sample;
    const type = kind === "info" && !open ? "gauge" : kind;
    const hasUnit = open && unit !== "" && family.endsWith(`_${unit}`);
    const unitLine = hasUnit ? `# UNIT ${name} ${unit}\n` : "";
    this.out.text(`# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${unitLine}`);
  }

  /** Writes a family with its samples. */
  family({ samples, ...rest }: MetricFamily): void {
    this.begin(rest);
    for (const { labels, value } of samples) {
      const list = labels.length === 0 ? "" : `{${labelList(labels)}}`;
      this.out.text(`${this.#sample}${list} ${value}\n`);
    }
  }

  /** Writes a sample of each server; `labels` has their labels in the same order. */
  samples<S>(
    servers: Iterable<S>,
    labels: LabelBuffer,
    read: (server: S) => number | bigint,
  ): void {
    let index = 0;
    for (const server of servers) {
      this.beginSample();
      labels.write(this.out, index++);
      this.endSample(read(server));
    }
  }

  /** Begins a sample of the current family; its labels follow. */
  beginSample(): void {
    this.out.raw(this.#begin);
  }

  /** Ends a sample with its value. */
  endSample(value: number | bigint): void {
    this.out.raw(END);
    this.out.number(value);
    this.out.raw(LINE_END);
  }

  /** Ends a sample with a value that need not be an integer. */
  endSampleWithDouble(value: number): void {
    this.out.text(`} ${value}\n`);
  }

  /** Ends the output. */
  end(): void {
    if (this.#dialect === "openmetrics") this.out.text("# EOF\n");
    this.out.flush();
  }
}
