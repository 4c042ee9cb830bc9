/**
 * A capture as a source: what `--replay` and `--demo` read.
 *
 * @module
 */
import { CaptureError, RECORDED_WITHOUT_IPVS, recordedError } from "../capture/error.ts";
import { openRecording, type Recording, type Round } from "../capture/recording.ts";
import type { Source } from "../ipvs/collect.ts";
import { CaptureFileError, nameCapture } from "./capture_error.ts";
import { captureName, readCapture } from "./capture_file.ts";

/** Which snapshot of a capture to replay, and how large the capture may be. */
export interface ReplayOptions {
  /** Which snapshot, from 1; by default the last complete one. */
  readonly round?: number | undefined;
  /** Size limit of the capture, in bytes. */
  readonly maxSize?: number | undefined;
}

/** A source that reads from a capture. */
export interface ReplaySource extends Source, Disposable {
  /** Translates an error of reading the source: what the recorded kernel refused, this one did not. */
  explain(error: unknown): unknown;
  /**
   * The last complete snapshot that is at least this many seconds older, or the first of all.
   *
   * @throws {CaptureFileError} if there is no earlier one.
   */
  earlier(seconds: number): Source;
}

/**
 * Opens a file, a pipe or standard input (`-`) as the source that it recorded.
 *
 * @throws {CaptureFileError} if it cannot be read, is not a capture, is too large, or does not
 * contain the snapshot.
 */
export function openReplay(file: string | URL, options: ReplayOptions = {}): ReplaySource {
  return openCapture(readCapture(file, options.maxSize), file, options);
}

/**
 * Like {@linkcode openReplay}, with the bytes of the file.
 *
 * @throws {CaptureFileError} if it is not a capture, or does not contain the snapshot.
 */
export function openCapture(
  bytes: Uint8Array,
  file: string | URL,
  options: ReplayOptions = {},
): ReplaySource {
  const name = captureName(file);
  try {
    const recording = openRecording(bytes);
    const round = selectSnapshot(recording, file, options.round);
    return {
      ...round.play(),
      earlier: (seconds) => findEarlier(recording, name, round, seconds).play(),
      explain: (error) => nameCapture(name, recordedError(error)),
      [Symbol.dispose]() {},
    };
  } catch (error) {
    throw nameCapture(name, error);
  }
}

function findEarlier(recording: Recording, name: string, round: Round, seconds: number): Round {
  const limit = round.time - BigInt(Math.ceil(seconds * 1e9));
  const earlier = recording.rounds.filter(({ complete, time }) => complete && time < round.time);
  const found = earlier.findLast(({ time }) => time <= limit) ?? earlier[0];
  if (found !== undefined) return found;
  throw new CaptureFileError(`Rates need two snapshots; ${name} has no earlier one`);
}

/**
 * Selects a snapshot, by default the last complete one.
 *
 * @throws {CaptureFileError} or {@linkcode CaptureError} if there is none; see {@linkcode nameCapture}.
 */
export function selectSnapshot(
  recording: Recording,
  file: string | URL,
  number?: number,
): Round {
  const name = captureName(file);
  const count = recording.rounds.length;
  try {
    return recording.selectRound(number);
  } catch (cause) {
    if (!(cause instanceof CaptureError)) throw cause;
    if (count === 0 && !cause.reason.includes(RECORDED_WITHOUT_IPVS)) {
      const advice = "run ipvsadm -Ln while capturing";
      throw new CaptureFileError(`No IPVS listing in ${name}; ${advice}`, { cause });
    }
    if (number !== undefined && count > 0 && number > count) {
      const snapshots = count === 1 ? "1 snapshot" : `${count} snapshots`;
      // What is not a file name begins with a capital letter.
      const subject = name === file ? name : `${name[0]!.toUpperCase()}${name.slice(1)}`;
      throw new CaptureFileError(`${subject} has ${snapshots}, not ${number}`, { cause });
    }
    throw cause;
  }
}
