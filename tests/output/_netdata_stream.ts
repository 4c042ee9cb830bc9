/** Encodes snapshots of a fake kernel for netdata, and parses what netdata would read. */
import { collect } from "../../lib/ipvs/collect.ts";
import { netdataEncoder, type NetdataOptions } from "../../lib/output/netdata.ts";
import { type FakeSource, type FakeStats, procPerCpu, procStats } from "../_fake_kernel.ts";
import { textOf } from "../_output_parsers.ts";
import { PluginOutput, type PluginReading } from "./_plugins_d.ts";

const SECOND = 1_000_000_000n;

/** One stream to netdata. */
export class NetdataStream {
  readonly output = new PluginOutput();
  readonly source: FakeSource;
  readonly #encode;

  constructor(source: FakeSource, options: NetdataOptions) {
    this.source = source;
    this.#encode = netdataEncoder(options);
  }

  /** What netdata gets for a snapshot. */
  text(): string {
    return textOf((sink) => this.#encode(collect(this.source), sink));
  }

  /** Reads a snapshot some seconds after the last one. */
  read(seconds = 0): PluginReading[] {
    this.source.kernel.time += BigInt(seconds) * SECOND;
    this.output.add(this.text());
    return this.output.take();
  }

  /** Sets the totals, and the counters of the CPUs if there are any. */
  set(totals: FakeStats, cpus?: readonly FakeStats[]): void {
    this.source.kernel.proc = {
      ip_vs_stats: procStats(totals),
      ...(cpus === undefined ? {} : { ip_vs_stats_percpu: procPerCpu(cpus) }),
    };
  }

  /** Ids of the charts that are or are not obsolete. */
  charts(isObsolete: boolean): string[] {
    return [...this.output.charts].filter(([, chart]) => chart.isObsolete === isObsolete)
      .map(([id]) => id);
  }
}
