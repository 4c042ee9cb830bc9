/**
 * The options that only `ipvstat record` has, as rows of the table of options.
 *
 * @module
 */
import type { Option } from "./option_types.ts";

/** The rows. */
export const RECORD_OPTIONS: readonly Option[] = [
  {
    name: "rounds",
    argument: { name: "N", values: "count" },
    commands: ["record"],
    help: "how many snapshots to record (default 1)",
    excludes: "replay",
  },
  {
    name: "interval",
    argument: { name: "SECONDS", values: "seconds" },
    commands: ["record"],
    help: "time between snapshots (default 2)",
    excludes: "replay",
  },
  {
    name: "anonymize",
    commands: ["record"],
    help: "replace addresses and names of interfaces",
    details:
      "The same address is replaced by the same one in the whole file, and addresses with a " +
      "common prefix have one of the same length afterwards. Without the key, which is random and " +
      "is not stored, the original addresses cannot be computed. Ports, fwmarks, counters, weights " +
      "and times stay as they are. The file replays to the same output but for addresses and names.",
  },
  {
    name: "replay",
    argument: { name: "FILE", values: "file" },
    commands: ["record"],
    help: "anonymize a recording or an nlmon capture instead of reading the kernel",
    details:
      "Of a capture, only the traffic of programs that read IPVS is copied. Attributes that " +
      "ipvstat does not know are overwritten by zeros.",
    needs: [{ option: "anonymize" }],
  },
  {
    name: "max-size",
    argument: { name: "SIZE", values: "size" },
    commands: ["record"],
    help: "refuse captures larger than SIZE, such as 512M (default 1G)",
    needs: [{ option: "replay" }],
  },
];
