/**
 * The options that only `ipvstat stream` has, as rows of the table of options.
 *
 * @module
 */
import { NEEDS_CAPTURE, type Option } from "./option_types.ts";

/** What triggers the readings of a stream, other than time. */
export const TRIGGERS = ["stdin", "SIGUSR1"] as const;

/** The rows. */
export const STREAM_OPTIONS: readonly Option[] = [
  {
    name: "loop",
    commands: ["stream"],
    help: "start over at the end of the recording",
    details: "The times keep increasing.",
    needs: NEEDS_CAPTURE,
  },
  {
    name: "interval",
    argument: { name: "SECONDS", values: "seconds" },
    commands: ["stream"],
    help: "time between readings (default 2, or as recorded); 0 does not wait",
    details:
      "Readings are due at multiples of SECONDS after the first one. One that would be late " +
      "by SECONDS or more is skipped, and standard error says how many were.",
  },
  {
    name: "on",
    argument: { name: "EVENT", values: TRIGGERS },
    commands: ["stream"],
    help: "read once for each line on stdin, or for each SIGUSR1",
    details: "The stream ends at the end of standard input. Signals that arrive during a reading " +
      "cause one more.",
    excludes: "interval",
  },
  {
    name: "count",
    argument: { name: "N", values: "count" },
    commands: ["stream"],
    help: "end after N readings, including failed ones",
  },
  {
    name: "changes",
    argument: { name: "N", values: "count" },
    commands: ["stream"],
    help: "with ndjson: print all servers every N readings, else only changes",
    details:
      "The first reading is whole, too. In between there is a line for each server that is " +
      "new or has other values than in the last reading, and one with removed: true for each " +
      "server that no longer exists.",
    needs: [{ option: "output", value: "ndjson" }],
  },
  {
    name: "servers",
    commands: ["stream"],
    help: "with netdata: add charts for each virtual and real server",
    details:
      "There are five charts a server, updated every 2 seconds or at a multiple of that: the " +
      "kernel updates the counters of servers every 2 seconds.",
    needs: [{ option: "output", value: "netdata" }],
  },
  {
    name: "fail-fast",
    commands: ["stream"],
    help: "end at the first failed reading, with its exit code",
  },
];
