/**
 * What makes a stream take a reading: a clock, a line on standard input, or a signal.
 *
 * @module
 */
import type { Alarm } from "./alarm.ts";
import type { Schedule } from "./schedule.ts";
import { systemReason } from "./system_error.ts";

/** Starts each reading of a stream. */
export interface Trigger extends Disposable {
  /** Waits for the next reading; false if there is none, or if the alarm was stopped. */
  next(): Promise<boolean>;
}

/** A clock, and what to do if it is not kept to. */
export interface TimerOptions {
  /** A monotonic clock in milliseconds. */
  readonly now: () => number;
  /** Reports that readings were skipped. */
  readonly onSkip: (count: number) => void;
}

/** Triggers readings at the times of a schedule, which starts with the first one. */
export class TimerTrigger implements Trigger {
  readonly #alarm: Alarm;
  readonly #schedule: Schedule;
  readonly #options: TimerOptions;
  #start: number | undefined;

  /** Stopping the alarm ends the readings. */
  constructor(alarm: Alarm, schedule: Schedule, options: TimerOptions) {
    this.#alarm = alarm;
    this.#schedule = schedule;
    this.#options = options;
  }

  /** @inheritdoc */
  async next(): Promise<boolean> {
    const now = this.#options.now();
    this.#start ??= now;
    const { wait, skipped } = this.#schedule.next(now - this.#start);
    if (skipped > 0) this.#options.onSkip(skipped);
    if (wait > 0) await this.#alarm.wait(wait);
    return !this.#alarm.isStopped;
  }

  /** Does nothing: a timer exists only during {@linkcode next}. */
  [Symbol.dispose](): void {}
}

/** What lines are read from, such as `Deno.stdin`. */
export interface LineInput {
  /** Reads some bytes and returns their number; null at the end. */
  read(bytes: Uint8Array): Promise<number | null>;
}

const LINE_FEED = 10;

/** Triggers one reading for each line, and none after the last line. */
export class LineTrigger implements Trigger {
  readonly #alarm: Alarm;
  readonly #input: LineInput;
  readonly #buffer = new Uint8Array(4096);
  /** Complete lines that were read and have had no reading. */
  #lines = 0;
  #hasPartialLine = false;
  #hasEnded = false;
  #error: unknown;

  /** Stopping the alarm ends the readings. */
  constructor(alarm: Alarm, input: LineInput) {
    this.#alarm = alarm;
    this.#input = input;
  }

  /**
   * @inheritdoc
   *
   * @throws {Error} if the lines cannot be read.
   */
  async next(): Promise<boolean> {
    while (this.#lines === 0 && !this.#hasEnded && !this.#alarm.isStopped) {
      this.#input.read(this.#buffer)
        .then((count) => this.#take(count), (error) => this.#fail(error))
        .finally(() => this.#alarm.ring());
      await this.#alarm.wait();
    }
    if (this.#error !== undefined) throw this.#error;
    if (this.#lines === 0 || this.#alarm.isStopped) return false;
    this.#lines--;
    return true;
  }

  /** Does nothing: the program ends with a read in progress. */
  [Symbol.dispose](): void {}

  #take(count: number | null): void {
    if (count === null) {
      if (this.#hasPartialLine) this.#lines++;
      this.#hasEnded = true;
      return;
    }
    for (const byte of this.#buffer.subarray(0, count)) {
      if (byte === LINE_FEED) this.#lines++;
      this.#hasPartialLine = byte !== LINE_FEED;
    }
  }

  #fail(cause: unknown): void {
    this.#hasEnded = true;
    this.#error = new Error(`Cannot read standard input: ${systemReason(cause)}`, { cause });
  }
}

/** Triggers one reading for a signal, and one more for all signals that arrive during a reading. */
export class SignalTrigger implements Trigger {
  readonly #alarm: Alarm;
  readonly #signal: Deno.Signal;
  #isPending = false;
  readonly #listener = () => {
    this.#isPending = true;
    this.#alarm.ring();
  };

  /** Starts listening for the signal. Stopping the alarm ends the readings. */
  constructor(alarm: Alarm, signal: Deno.Signal) {
    this.#alarm = alarm;
    this.#signal = signal;
    Deno.addSignalListener(signal, this.#listener);
  }

  /** @inheritdoc */
  async next(): Promise<boolean> {
    while (!this.#isPending && !this.#alarm.isStopped) await this.#alarm.wait();
    this.#isPending = false;
    return !this.#alarm.isStopped;
  }

  /** Stops listening. */
  [Symbol.dispose](): void {
    Deno.removeSignalListener(this.#signal, this.#listener);
  }
}
