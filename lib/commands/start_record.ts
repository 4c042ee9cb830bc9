/**
 * Starts `ipvstat record` from a command line.
 *
 * @module
 */
import type { Source } from "../ipvs/collect.ts";
import type { Consistency, Snapshot } from "../ipvs/snapshot.ts";
import { DONE } from "./exit_codes.ts";
import type { Output } from "./output.ts";
import type { Arguments } from "./parse.ts";
import { matchVerdict, type Query } from "./query.ts";
import { copyCapture, record } from "./record.ts";
import { numberOf, secondsOf, sizeOf } from "./values.ts";

/** What the command needs from its caller. */
export interface RecordContext {
  /** Which servers to select; undefined for all. */
  readonly query: Query | undefined;
  /** Records the running kernel with a function that gets it as a source. */
  readonly withKernel: <T>(use: (source: Source) => Promise<T>) => Promise<T>;
  /** Reports an inconsistent snapshot; returns the exit code. */
  readonly verdict: (consistency: Consistency) => number;
}

/**
 * Records the kernel, or copies what --replay names; returns the exit code.
 *
 * @throws {CaptureFileError} if the capture cannot be copied.
 * @throws {NetlinkError} if the kernel refuses.
 * @throws {WriteError} if the file cannot be written.
 */
export async function startRecord(
  args: Arguments,
  output: Output,
  { query, withKernel, verdict }: RecordContext,
): Promise<number> {
  const { options } = args;
  let last: Snapshot | undefined;
  const select = query && ((snapshot: Snapshot) => last = query.apply(snapshot));
  const changes = { anonymize: options.has("anonymize"), select };
  const capture = options.get("replay");
  let code = DONE;
  if (capture !== undefined) {
    await copyCapture(capture, output.sink, { ...changes, maxSize: sizeOf(options, "max-size") });
  } else {
    const rounds = numberOf(options, "rounds") ?? 1;
    const interval = secondsOf(options, "interval") ?? 2;
    code = verdict(
      await withKernel((from) => record(from, output.sink, { ...changes, rounds, interval })),
    );
  }
  output.commit();
  if (query !== undefined && last !== undefined) matchVerdict(args, query, last);
  return code;
}
