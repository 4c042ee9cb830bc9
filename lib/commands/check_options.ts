/**
 * `ipvstat check` as a row of the table of commands, and the options that only it has.
 *
 * @module
 */
import { OPTIONAL_CHECKS } from "../check/check.ts";
import { SYNC_ROLES } from "../check/namespace.ts";
import { CHECK_EXIT_CODES } from "./exit_codes.ts";
import type { Argument, Command, Option } from "./option_types.ts";

/** The row of the command. */
export const CHECK_COMMAND: Command = {
  name: "check",
  operands: [],
  help: "check the table as a monitoring plugin does",
  details: "The first line has the status, the problems or a summary, and performance data; a " +
    "line for each problem follows. A virtual server without a usable real server is critical: one " +
    "is usable if its weight is above 0 and it is not overloaded. A real server that is overloaded " +
    "or near its threshold and a stopped estimator are warnings. If anything cannot be read, or if " +
    "there is no virtual server to check, the status is UNKNOWN. All output goes to standard " +
    "output.",
  exitCodes: CHECK_EXIT_CODES,
};

const MINIMUM: Argument = { name: "MIN", values: "text" };

/** The rows of the options. */
export const CHECK_OPTIONS: readonly Option[] = [
  {
    name: "warning-usable",
    argument: MINIMUM,
    commands: ["check"],
    help: "warning if fewer than MIN real servers of a virtual server are usable",
    details: "MIN is a number such as 2, or a part of all its real servers such as 50%.",
  },
  {
    name: "critical-usable",
    argument: MINIMUM,
    commands: ["check"],
    help: "critical if fewer than MIN are usable (default 1)",
    details: "See --warning-usable.",
  },
  {
    name: "expect",
    argument: { name: "FILE", values: "file" },
    commands: ["check"],
    help: "check that the servers in FILE exist, and no others",
    details: "FILE is a recording, the output of show -o json, rules of ipvsadm -Sn, or a " +
      "names file with a JSON object on each line for a virtual server. A missing virtual server is " +
      "critical. Warnings are an unexpected virtual server, a missing or an unexpected real server, " +
      "and a weight of 0 where FILE has another one. - is standard input.",
  },
  {
    name: "sync",
    argument: { name: "ROLE", values: SYNC_ROLES },
    commands: ["check"],
    help: "critical if other sync daemons run: master, backup, both or none",
  },
  {
    name: "uneven",
    argument: { name: "PERCENT", values: "text" },
    commands: ["check"],
    help: "warning if shares of connections and weights differ by more than PERCENT",
    details:
      "A real server's share of the new connections of its virtual server is compared with " +
      "its share of the weights, in percentage points such as 20%: since the counters started, or " +
      "with --rates between two readings. Virtual servers are left out if they have fewer than 100 " +
      "new connections, have persistence, or use the schedulers sh, mh, dh, lblc or lblcr.",
  },
  {
    name: "ignore",
    argument: { name: "CHECK", values: OPTIONAL_CHECKS },
    repeatable: true,
    commands: ["check"],
    help: "leave out a check: thresholds or estimator",
  },
  {
    name: "none",
    commands: ["check"],
    help: "critical if there is any virtual server or sync daemon",
    details: "For hosts that should not use IPVS any more. Nothing else is checked; it is OK if " +
      "ip_vs is not loaded.",
    excludes: "expect",
  },
];
