/**
 * The readings of a stream that plays a recording.
 *
 * @module
 */
import { recordedError } from "../capture/error.ts";
import { openRecording, type Round } from "../capture/recording.ts";
import type { Snapshot } from "../ipvs/snapshot.ts";
import { nameCapture } from "./capture_error.ts";
import { captureName, readCapture } from "./capture_file.ts";
import type { Read, Readings } from "./readings.ts";
import { selectSnapshot } from "./replay.ts";

/** Nanoseconds from a single snapshot to its repetition. */
const DEFAULT_STEP = 2_000_000_000n;

/** How to play a recording. */
export interface RecordedOptions {
  /** Whether to start over at the end. */
  readonly loop: boolean;
  readonly read: Read;
  /** Size limit of the recording, in bytes. */
  readonly maxSize?: number | undefined;
  /** Reports a snapshot that is incomplete and will be skipped. */
  readonly onIncomplete: (message: string) => void;
}

/** Plays the complete snapshots of a recording. Their times keep increasing in a loop. */
export class RecordedReadings implements Readings {
  readonly #name: string;
  readonly #rounds: readonly Round[];
  readonly #options: RecordedOptions;
  #next = 0;

  /**
   * Reads and parses a file, a pipe or standard input (`-`).
   *
   * @throws {CaptureFileError} if it cannot be read, is not a capture, is too large, or has no
   * complete snapshot.
   */
  constructor(file: string | URL, options: RecordedOptions) {
    const name = this.#name = captureName(file);
    this.#options = options;
    try {
      const recording = openRecording(readCapture(file, options.maxSize));
      selectSnapshot(recording, file);
      const { rounds } = recording;
      rounds.forEach(({ incompleteReason: reason }, i) => {
        if (reason === undefined) return;
        options.onIncomplete(`Skipped snapshot ${i + 1} of ${rounds.length} in ${name}: ${reason}`);
      });
      this.#rounds = rounds.filter(({ complete }) => complete);
    } catch (error) {
      throw nameCapture(name, error);
    }
  }

  /** Whether all snapshots were played; never in a loop. */
  get hasEnded(): boolean {
    return !this.#options.loop && this.#next >= this.#rounds.length;
  }

  /**
   * Nanoseconds from the first reading to another one, counted from 0. From the last snapshot to the
   * repetition of the first one it is the mean interval, or 2 seconds.
   */
  offset(reading: number): bigint {
    const rounds = this.#rounds, count = rounds.length;
    const since = (round: Round) => round.time - rounds[0]!.time;
    const length = since(rounds.at(-1)!);
    const step = length > 0n ? length / BigInt(count - 1) : DEFAULT_STEP;
    const repetition = BigInt(Math.floor(reading / count));
    return repetition * (length + step) + since(rounds[reading % count]!);
  }

  /**
   * @inheritdoc
   *
   * @throws {CaptureFileError} if the snapshot cannot be decoded.
   */
  async next(): Promise<Snapshot> {
    const reading = this.#next++;
    const source = this.#rounds[reading % this.#rounds.length]!.play();
    const time = this.#rounds[0]!.time + this.offset(reading);
    try {
      return await this.#options.read({ ...source, now: () => time });
    } catch (error) {
      throw nameCapture(this.#name, recordedError(error));
    }
  }

  /** Does nothing: the recording is in memory. */
  [Symbol.dispose](): void {}
}
