/**
 * The options that only `ipvstat record` has, as rows of the table of options.
 *
 * @module
 */
import type { Option, OptionNeed } from "./option_types.ts";
import { QUERY_OPTIONS } from "./query_options.ts";

const SELECTING = QUERY_OPTIONS.filter(({ commands }) => commands.includes("record"));

/** What changes a copy. */
const NEEDS_CHANGE: readonly OptionNeed[] = ["anonymize", ...SELECTING.map(({ name }) => name)]
  .map((option) => ({ option }));

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
      "Equal addresses are replaced by equal ones in the whole file, and addresses that share a " +
      "prefix still share one of the same length. Without the key, which is random and not stored, " +
      "the original addresses cannot be computed. Ports, fwmarks, counters, weights and " +
      "times stay as they are. The file replays to the same output except for addresses and names. " +
      "Attributes that ipvstat does not know are overwritten by zeros.",
  },
  {
    name: "replay",
    argument: { name: "FILE", values: "file" },
    commands: ["record"],
    help: "copy a recording or an nlmon capture instead of reading the kernel",
    details:
      "The copy is anonymized, or has only the selected virtual servers, with all their real " +
      "servers. Of a capture, only the traffic of programs that read IPVS is copied.",
    needs: NEEDS_CHANGE,
  },
  {
    name: "names",
    argument: { name: "FILE", values: "file" },
    commands: ["record"],
    help: "the names of virtual servers in FILE, which --service can use",
    details: "See show. The names are not recorded.",
    needs: [{ option: "service" }],
  },
  {
    name: "max-size",
    argument: { name: "SIZE", values: "size" },
    commands: ["record"],
    help: "refuse captures larger than SIZE, such as 512M (default 1G)",
    needs: [{ option: "replay" }],
  },
];
