/**
 * Measures rates in a sequence of snapshots.
 *
 * @module
 */
import { ESTIMATOR_SECONDS } from "../procfs/settings.ts";
import { withRates } from "./rates.ts";
import { mapSnapshots, type Snapshot, type Snapshots } from "./snapshot.ts";

/** Seconds by which a snapshot may be too young, as no clock is exact. */
const TOLERANCE = 0.1;

/** A time in which each counter is updated equally often: a multiple of the estimator's period. */
export function measuringTime(seconds: number): number {
  return Math.max(1, Math.ceil(seconds / ESTIMATOR_SECONDS)) * ESTIMATOR_SECONDS;
}

/** Keeps as many snapshots as needed to measure rates over a time. */
export class RateHistory {
  readonly #nanoseconds: bigint;
  /** In the order of their times; all but the first are too young for the last snapshot. */
  #snapshots: Snapshot[] = [];

  /** Measures over at least these seconds, rounded up to a multiple of the estimator's period. */
  constructor(seconds: number) {
    this.#nanoseconds = BigInt(Math.round((measuringTime(seconds) - TOLERANCE) * 1e9));
  }

  /**
   * Adds the rates since the youngest snapshot that is old enough. The snapshots before there is one
   * have no rates. If the clock was set back, the measurement starts over.
   */
  measure(snapshot: Snapshot): Snapshot {
    if (snapshot.time < (this.#snapshots.at(-1)?.time ?? 0n)) this.#snapshots = [];
    const limit = snapshot.time - this.#nanoseconds;
    const index = this.#snapshots.findLastIndex(({ time }) => time <= limit);
    const previous = this.#snapshots[index];
    if (index > 0) this.#snapshots.splice(0, index);
    this.#snapshots.push(snapshot);
    return previous === undefined ? snapshot : withRates(snapshot, previous);
  }
}

/** Keeps a history for each network namespace. One that is not in a reading starts over. */
export class RateHistories {
  readonly #seconds: number;
  #histories = new Map<string | undefined, RateHistory>();

  /** Measures over at least these seconds, as {@linkcode RateHistory}. */
  constructor(seconds: number) {
    this.#seconds = seconds;
  }

  /** Adds the rates to the snapshots of a reading. */
  measure(snapshots: Snapshots): Snapshots {
    const before = this.#histories;
    this.#histories = new Map();
    return mapSnapshots(snapshots, (snapshot) => {
      const history = before.get(snapshot.netns) ?? new RateHistory(this.#seconds);
      this.#histories.set(snapshot.netns, history);
      return history.measure(snapshot);
    });
  }
}
