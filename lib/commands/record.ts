/**
 * `ipvstat record`: records the kernel's replies, to be replayed anywhere, or anonymizes what was
 * recorded.
 *
 * @module
 */
import { Recorder } from "../capture/recorder.ts";
import type { RecordingRewriter } from "../capture/recording_rewriter.ts";
import { collect, readWhole, type Source } from "../ipvs/collect.ts";
import type { Consistency } from "../ipvs/snapshot.ts";
import type { Sink } from "../output/byte_writer.ts";
import { nameCapture } from "./capture_error.ts";
import { captureName, readCapture } from "./capture_file.ts";
import { SignalBlocker } from "./signal_blocker.ts";

/** How much to record. */
export interface RecordOptions {
  /** Number of snapshots, at least 1. */
  readonly rounds: number;
  /** Seconds from the start of one snapshot to the start of the next. */
  readonly interval: number;
  /** Whether to replace addresses and names of interfaces. */
  readonly anonymize?: boolean;
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
  const recorder = options.anonymize ? await anonymizingRecorder(sink) : new Recorder(sink);
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

/**
 * Writes an anonymized copy of a recording or of a capture of another program.
 *
 * @param maxSize size limit of the capture, in bytes
 * @throws {CaptureFileError} if it cannot be read, is not a capture, is too large, or has no traffic
 * of IPVS.
 */
export async function anonymizeCapture(file: string, sink: Sink, maxSize?: number): Promise<void> {
  const capture = readCapture(file, maxSize);
  const recorder = await anonymizingRecorder(sink);
  try {
    recorder.addCapture(capture);
  } catch (error) {
    throw nameCapture(captureName(file), error);
  }
}

/** Loads the cryptography on demand. */
async function anonymizingRecorder(sink: Sink): Promise<RecordingRewriter> {
  const { Anonymizer } = await import("../capture/anonymizer.ts");
  const { RecordingRewriter } = await import("../capture/recording_rewriter.ts");
  return new RecordingRewriter(sink, new Anonymizer());
}
