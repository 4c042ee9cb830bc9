/**
 * The times at which the readings of a stream are due.
 *
 * @module
 */

/** The next reading of a schedule. */
export interface Due {
  /** Milliseconds until it is due; 0 if it is late. */
  readonly wait: number;
  /** Number of readings that were left out before it. */
  readonly skipped: number;
}

/** Determines when each reading is due. */
export interface Schedule {
  /** Proceeds to the next reading; `elapsed` is the time since the start, in milliseconds. */
  next(elapsed: number): Due;
}

/**
 * Reading k, from 0, is due k intervals after the start, however long the readings before it took. A
 * reading that would be late by an interval or more is skipped.
 */
export class SteadySchedule implements Schedule {
  readonly #interval: number;
  #next = 0;

  /** The interval is in milliseconds; with 0, every reading is due at once. */
  constructor(interval: number) {
    this.#interval = interval;
  }

  /** Proceeds to the next reading that is not late by an interval or more. */
  next(elapsed: number): Due {
    const first = this.#next;
    const latest = this.#interval === 0 ? first : Math.floor(elapsed / this.#interval);
    const reading = Math.max(first, latest);
    this.#next = reading + 1;
    return {
      wait: Math.max(0, reading * this.#interval - elapsed),
      skipped: reading - first,
    };
  }
}

/** Readings at given times after the start. None is skipped. */
export class RecordedSchedule implements Schedule {
  readonly #timeOf: (reading: number) => number;
  #next = 0;

  /** `timeOf` returns when a reading, counted from 0, is due: milliseconds after the start. */
  constructor(timeOf: (reading: number) => number) {
    this.#timeOf = timeOf;
  }

  /** Proceeds to the next reading. */
  next(elapsed: number): Due {
    return { wait: Math.max(0, this.#timeOf(this.#next++) - elapsed), skipped: 0 };
  }
}
