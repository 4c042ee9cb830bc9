/**
 * `ipvstat record`: records the kernel's replies, to be replayed anywhere.
 *
 * @module
 */
import { Recorder } from "../capture/recorder.ts";
import { collect, readWhole, type Source } from "../ipvs/collect.ts";
import type { Consistency } from "../ipvs/snapshot.ts";
import type { Sink } from "../output/byte_writer.ts";
import { SignalBlocker } from "./signal_blocker.ts";

/** How much to record. */
export interface RecordOptions {
  /** Number of snapshots, at least 1. */
  readonly rounds: number;
  /** Seconds from the start of one snapshot to the start of the next. */
  readonly interval: number;
}

/**
 * Records snapshots, and writes each to the sink when it is complete. SIGINT and SIGTERM end the
 * recording after the current snapshot, so that the recording is always complete.
 *
 * Returns the consistency of the first inconsistent snapshot, or of the last one.
 *
 * @throws {NetlinkError} if the kernel refuses.
 * @throws whatever the sink throws.
 */
export async function record(
  source: Source,
  sink: Sink,
  options: RecordOptions,
): Promise<Consistency> {
  using blocker = new SignalBlocker();
  const recorder = new Recorder(sink);
  const read = () => readWhole(source, () => recorder.round(source, collect).consistency);
  const begin = performance.now();
  let result = read();
  for (let count = 1; count < options.rounds; count++) {
    const wait = begin + count * options.interval * 1000 - performance.now();
    await blocker.pause(Math.max(0, wait));
    if (blocker.received) break;
    const consistency = read();
    if (result.doubts.length === 0) result = consistency;
  }
  return result;
}
