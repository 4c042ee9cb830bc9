/**
 * `ipvstat record`: captures what the kernel answers, to be replayed anywhere.
 *
 * @module
 */
import { Recorder } from "../capture/recorder.ts";
import { collect, readWhole, type Source } from "../ipvs/collect.ts";
import type { Consistency } from "../ipvs/snapshot.ts";
import type { Sink } from "../output/byte_writer.ts";
import { Interruption } from "./interruption.ts";

/** What is to be recorded. */
export interface RecordOptions {
  /** How many readings, at least 1. */
  readonly rounds: number;
  /** Seconds between the beginnings of two readings. */
  readonly interval: number;
}

/**
 * Records round after round, each handed on when it is over. A SIGINT or SIGTERM ends the recording
 * after the round in which it comes, and what was recorded until then is whole.
 *
 * Returns the consistency of the first round that is in doubt, or of the last one.
 *
 * @throws {NetlinkError} if the kernel refuses.
 * @throws whatever the sink throws.
 */
export async function record(
  source: Source,
  sink: Sink,
  options: RecordOptions,
): Promise<Consistency> {
  using interruption = new Interruption();
  const recorder = new Recorder(sink);
  const read = () => readWhole(source, () => recorder.round(source, collect).consistency);
  const begin = performance.now();
  let result = read();
  for (let round = 1; round < options.rounds; round++) {
    const wait = begin + round * options.interval * 1000 - performance.now();
    await interruption.pause(Math.max(0, wait));
    if (interruption.came) break;
    const consistency = read();
    if (result.doubts.length === 0) result = consistency;
  }
  return result;
}
