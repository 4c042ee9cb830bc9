/**
 * Prometheus text format 0.0.4 and OpenMetrics 1.0. The labels that name a virtual server are the
 * same on its own metrics and on those of its real servers; what it is set to is in `*_info`
 * metrics of value 1, so that a changed scheduler makes no new counters. No timestamps.
 *
 * @module
 */
import type { RecordCursor } from "../ipvs/records.ts";
import type { Snapshot } from "../ipvs/snapshot.ts";
import { DESTINATION } from "../ipvs/schema.ts";
import { IP_VS_CONN_F_FWD_MASK } from "../ipvs/uapi.ts";
import { CATALOGUE, type Metric } from "../metrics/catalogue.ts";
import { ByteWriter, type Sink, utf8 } from "./byte_writer.ts";
import { writeAddress, writeValue } from "./columns.ts";
import { labelList, realInfoLabels, virtualInfoLabels, virtualLabels } from "./labels.ts";
import { stateFamilies } from "./state_families.ts";
import { statusFamilies } from "./status_families.ts";

/** The two text formats, which differ in their comments and their end. */
export type Dialect = "prometheus" | "openmetrics";

/** Encodes a snapshot in the Prometheus text format 0.0.4. */
export function encodePrometheus(snapshot: Snapshot, sink: Sink): void {
  new MetricsWriter(snapshot, sink, "prometheus").write();
}

/** Encodes a snapshot in OpenMetrics 1.0 text. */
export function encodeOpenMetrics(snapshot: Snapshot, sink: Sink): void {
  new MetricsWriter(snapshot, sink, "openmetrics").write();
}

const LINE_END = utf8("\n");
const ADDRESS = utf8(',address="');
const PORT = utf8('",port="');
const END = utf8("} ");
const END_QUOTED = utf8('"} ');

class MetricsWriter {
  readonly #snapshot: Snapshot;
  readonly #out: ByteWriter;
  readonly #dialect: Dialect;
  /** Labels of every virtual server, in its order. */
  readonly #labels: Uint8Array[] = [];

  constructor(snapshot: Snapshot, sink: Sink, dialect: Dialect) {
    this.#snapshot = snapshot;
    this.#out = new ByteWriter(sink);
    this.#dialect = dialect;
  }

  write(): void {
    const families = [...stateFamilies(this.#snapshot), ...statusFamilies(this.#snapshot)];
    for (const family of families) {
      const name = this.#head(family.name, family.help, family.kind, family.unit);
      for (const { labels, value } of family.samples) {
        const list = labels.length === 0 ? "" : `{${labelList(labels)}}`;
        this.#out.text(`${name}${list} ${value}\n`);
      }
    }
    this.#names();
    for (const metric of CATALOGUE) if (metric.virtual !== undefined) this.#virtual(metric);
    this.#virtualInfo();
    for (const metric of CATALOGUE) if (metric.real !== undefined) this.#real(metric);
    this.#realInfo();
    if (this.#dialect === "openmetrics") this.#out.text("# EOF\n");
    this.#out.flush();
  }

  /** Writes a family's comments and returns the name of its samples. */
  #head(family: string, help: string, kind: "counter" | "gauge" | "info", unit = ""): string {
    const suffix = kind === "counter" ? "_total" : kind === "info" ? "_info" : "";
    const sample = `${family}${suffix}`;
    const open = this.#dialect === "openmetrics";
    const name = open ? family : sample;
    const type = kind === "info" && !open ? "gauge" : kind;
    const unitLine = open && unit !== "" && family.endsWith(`_${unit}`)
      ? `# UNIT ${name} ${unit}\n`
      : "";
    this.#out.text(`# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${unitLine}`);
    return sample;
  }

  #names(): void {
    const scan = this.#snapshot.servers.scan();
    while (scan.nextVirtual()) this.#labels.push(utf8(labelList(virtualLabels(scan.virtual))));
  }

  #virtual(metric: Metric): void {
    const out = this.#out;
    const family = `ipvs_virtual_server_${metric.prometheus}`;
    const before = utf8(`${this.#head(family, metric.help, metric.kind, metric.unit)}{`);
    const scan = this.#snapshot.servers.scan();
    for (let i = 0; scan.nextVirtual(); i++) {
      out.raw(before);
      out.raw(this.#labels[i]!);
      out.raw(END);
      writeValue(out, scan.virtual, metric.virtual!);
      out.raw(LINE_END);
    }
  }

  #virtualInfo(): void {
    const name = this.#head("ipvs_virtual_server", "What a virtual server is set to.", "info");
    const scan = this.#snapshot.servers.scan();
    for (let i = 0; scan.nextVirtual(); i++) {
      this.#out.text(`${name}{`);
      this.#out.raw(this.#labels[i]!);
      this.#out.text(`,${labelList(virtualInfoLabels(scan.virtual))}} 1\n`);
    }
  }

  #real(metric: Metric): void {
    const family = `ipvs_real_server_${metric.prometheus}`;
    const name = this.#head(family, metric.help, metric.kind, metric.unit);
    const place = metric.real!;
    this.#eachReal(name, (record) => {
      this.#out.raw(END_QUOTED);
      writeValue(this.#out, record, place);
      this.#out.raw(LINE_END);
    });
  }

  #realInfo(): void {
    const name = this.#head("ipvs_real_server", "How a real server is reached.", "info");
    const made = new Map<number, Uint8Array>();
    this.#eachReal(name, (record) => {
      const key = settingsKey(record);
      let labels = made.get(key);
      if (labels === undefined) {
        made.set(key, labels = utf8(`",${labelList(realInfoLabels(record))}} 1\n`));
      }
      this.#out.raw(labels);
    });
  }

  /** Writes each real server's sample up to its port; `end` writes the rest. */
  #eachReal(name: string, end: (record: RecordCursor) => void): void {
    const out = this.#out;
    const before = utf8(`${name}{`);
    const scan = this.#snapshot.servers.scan();
    for (let i = 0; scan.nextVirtual(); i++) {
      const begin = join(before, this.#labels[i]!, ADDRESS);
      while (scan.nextReal()) {
        const real = scan.real;
        out.raw(begin);
        writeAddress(out, real, real.get(DESTINATION.addressFamily), DESTINATION.address);
        out.raw(PORT);
        out.u32(real.get(DESTINATION.port));
        end(real);
      }
    }
  }
}

/** A number of 47 bits for what a real server's labels are made of: equal keys, equal labels. */
function settingsKey(record: RecordCursor): number {
  const { addressFamily, forwardingMethod, tunnelType, tunnelPort, tunnelFlags } = DESTINATION;
  const tunnel = (record.get(tunnelType) * 0x10000 + record.get(tunnelFlags)) * 0x10000 +
    record.get(tunnelPort);
  const method = record.get(forwardingMethod) & IP_VS_CONN_F_FWD_MASK;
  return (tunnel * 8 + method) * 16 + record.get(addressFamily);
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
