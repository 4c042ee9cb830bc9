/**
 * A capture as a source: what `--replay` and `--demo` read.
 *
 * @module
 */
import { recordedError } from "../capture/error.ts";
import { openRecording } from "../capture/recording.ts";
import type { Source } from "../ipvs/collect.ts";
import { readCapture } from "./capture_file.ts";

/** What is read of a capture, and how much. */
export interface ReplayOptions {
  /** Which snapshot, from 1 on; without it the last complete one. */
  readonly round?: number | undefined;
  /** How many bytes the capture may have. */
  readonly maxSize?: number | undefined;
}

/** A source whose errors are those of a recording. */
export interface ReplaySource extends Source, Disposable {
  /** What an error of reading the source means: what a kernel said then is not this one's word. */
  explain(error: unknown): unknown;
}

/**
 * Opens a file, a pipe or standard input (`-`) as the source that it recorded.
 *
 * @throws {CaptureError} if it holds no such snapshot, is no capture, or is too large.
 * @throws {Deno.errors.NotFound} and the like if it cannot be read.
 */
export function openReplay(file: string | URL, options: ReplayOptions = {}): ReplaySource {
  const recording = openRecording(readCapture(file, options.maxSize));
  return {
    ...recording.selectRound(options.round).play(),
    explain: recordedError,
    [Symbol.dispose]() {},
  };
}
