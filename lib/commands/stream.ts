/**
 * `ipvstat stream`: one reading after the other.
 *
 * @module
 */
import { type Consistency, snapshotList, type Snapshots } from "../ipvs/snapshot.ts";
import { DecodeError, NetlinkError } from "../netlink/errors.ts";
import type { Sink } from "../output/byte_writer.ts";
import { CaptureFileError } from "./capture_error.ts";
import { DONE, NOT_PERMITTED } from "./exit_codes.ts";
import type { Readings } from "./readings.ts";
import type { Encode } from "./show.ts";
import type { Trigger } from "./triggers.ts";

/** How to stream. */
export interface StreamOptions {
  readonly readings: Readings;
  readonly trigger: Trigger;
  /** Encodes all readings of the stream, so it may keep state from one to the next. */
  readonly encode: Encode;
  /** Replaces each reading before it is encoded; it may keep state, too. */
  readonly transform?: ((reading: Snapshots) => Snapshots) | undefined;
  /** Number of readings, including failed ones; undefined for no limit. */
  readonly count?: number | undefined;
  /** Whether a failed reading ends the stream. */
  readonly failFast: boolean;
  /** Reports a failed reading; returns its exit code. */
  readonly report: (error: unknown) => Promise<number>;
  /** Reports an inconsistent snapshot. */
  readonly verdict: (consistency: Consistency, netns?: string) => void;
}

/**
 * Takes readings until the trigger or the readings end. Each is collected as a whole before any of
 * it is written. A failed reading is reported, and the next one is tried unless the kernel refused. A
 * reading of network namespaces has failed if none of them could be read; with `failFast`, if any could
 * not.
 *
 * Returns the exit code: 0 if a reading succeeded or none failed, else that of the last failure.
 *
 * @throws whatever the sink and the trigger throw, and any error that is not about a reading.
 */
export async function stream(sink: Sink, options: StreamOptions): Promise<number> {
  const { readings, trigger, encode, transform, count = Infinity } = options;
  let hasSucceeded = false, failure = DONE;
  for (let taken = 0; taken < count && !readings.hasEnded; taken++) {
    await eventLoopTurn();
    if (!await trigger.next()) break;
    const result = await read(options);
    if (result.snapshots !== undefined) {
      encode(transform?.(result.snapshots) ?? result.snapshots, sink);
      for (const { consistency, netns } of snapshotList(result.snapshots)) {
        options.verdict(consistency, netns);
      }
      hasSucceeded = true;
    }
    if (result.failure === DONE) continue;
    failure = result.failure;
    const isRefused = result.snapshots === undefined && failure === NOT_PERMITTED;
    if (options.failFast || isRefused) return failure;
  }
  return hasSucceeded ? DONE : failure;
}

/** What a reading has read, if anything, and the exit code of a failure. */
interface Result {
  readonly snapshots?: Snapshots;
  readonly failure: number;
}

async function read({ readings, report }: StreamOptions): Promise<Result> {
  try {
    const snapshots = await readings.next();
    const { failure = DONE } = readings;
    return snapshotList(snapshots).length === 0 ? { failure } : { snapshots, failure };
  } catch (error) {
    if (!isFailedReading(error)) throw error;
    return { failure: await report(error) };
  }
}

/** Whether the next reading may succeed. Others, such as a missing permission, will not go away. */
function isFailedReading(error: unknown): boolean {
  return error instanceof NetlinkError || error instanceof DecodeError ||
    error instanceof CaptureFileError;
}

/** Lets the runtime deliver signals, which a stream that never waits would not receive. */
function eventLoopTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
