/** Writes recordings of traffic that is known for every moment. */
import { Recorder } from "../../lib/capture/recorder.ts";
import { collect } from "../../lib/ipvs/collect.ts";
import {
  fakeKernel,
  type FakeService,
  type FakeStats,
  procPerCpu,
  procStats,
} from "../_fake_kernel.ts";

/** What a kernel has at one moment. */
export interface Moment {
  readonly services: readonly FakeService[];
  readonly totals: FakeStats;
}

const SECOND = 1_000_000_000n;

/** Records `count` snapshots, one second apart; the totals are those of a single CPU. */
export function recordMoments(path: string, count: number, momentAt: (second: number) => Moment) {
  using file = Deno.openSync(path, { write: true, create: true, truncate: true });
  const recorder = new Recorder((bytes) => {
    for (let rest = bytes; rest.length > 0;) rest = rest.subarray(file.writeSync(rest));
  });
  const source = fakeKernel();
  for (let second = 0; second < count; second++) {
    const { services, totals } = momentAt(second);
    source.kernel.services = services;
    source.kernel.proc = {
      // The totals lag, as in the kernel.
      ip_vs_stats: procStats({}),
      ip_vs_stats_percpu: procPerCpu([totals]),
    };
    recorder.round(source, collect);
    source.kernel.time += SECOND;
  }
}
