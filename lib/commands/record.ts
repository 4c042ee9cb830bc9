/**
 * `ipvstat record`: records the kernel's replies, to be replayed anywhere, or copies what was
 * recorded. Both can anonymize, and select virtual servers.
 *
 * @module
 */
import { Recorder } from "../capture/recorder.ts";
import type { RecordingRewriter } from "../capture/recording_rewriter.ts";
import { collect, readWhole, type Source } from "../ipvs/collect.ts";
import type { Consistency, Snapshot } from "../ipvs/snapshot.ts";
import type { Sink } from "../output/byte_writer.ts";
import { nameCapture } from "./capture_error.ts";
import { captureName, readCapture } from "./capture_file.ts";
import { SignalBlocker } from "./signal_blocker.ts";

/** What to change in a recording. */
export interface CopyOptions {
  /** Whether to replace addresses and names of interfaces. */
  readonly anonymize?: boolean;
  /** Selects virtual servers of a snapshot; by default all of them. */
  readonly select?: ((snapshot: Snapshot) => Snapshot) | undefined;
}

/** How much to record. */
export interface RecordOptions extends CopyOptions {
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
  const isChanged = options.anonymize || options.select !== undefined;
  const recorder = isChanged ? await changingRecorder(sink, options) : new Recorder(sink);
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

/** What to copy, and how. */
export interface CopyCaptureOptions extends CopyOptions {
  /** Size limit of the capture, in bytes. */
  readonly maxSize?: number | undefined;
}

/**
 * Copies a recording, or a capture of another program.
 *
 * @throws {CaptureFileError} if it cannot be read, is not a capture, is too large, or has no traffic
 * of IPVS.
 */
export async function copyCapture(
  file: string,
  sink: Sink,
  options: CopyCaptureOptions,
): Promise<void> {
  const capture = readCapture(file, options.maxSize);
  const recorder = await changingRecorder(sink, options);
  try {
    recorder.addCapture(capture);
  } catch (error) {
    throw nameCapture(captureName(file), error);
  }
}

/** Loads what is seldom needed on demand, such as the cryptography. */
async function changingRecorder(
  sink: Sink,
  { anonymize, select }: CopyOptions,
): Promise<RecordingRewriter> {
  const { RecordingRewriter } = await import("../capture/recording_rewriter.ts");
  if (!anonymize) return new RecordingRewriter(sink, { select });
  const { Anonymizer } = await import("../capture/anonymizer.ts");
  return new RecordingRewriter(sink, { select, anonymizer: new Anonymizer() });
}
