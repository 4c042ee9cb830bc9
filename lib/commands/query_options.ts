/**
 * The options that select and sort servers, as rows of the table of options.
 *
 * @module
 */
import { STATES } from "../query/states.ts";
import type { Option, OptionNeed } from "./option_types.ts";

/** The commands that print servers. */
const COMMANDS = ["show", "stream"];
/** Those that can select servers by their states, too, and those that cannot. */
const SELECTING_STATES = [...COMMANDS, "record", "conns"];
const SELECTING = [...SELECTING_STATES, "diff", "check"];

/** Formats that have a row for each server. */
const NEEDS_ROWS: readonly OptionNeed[] = ["table", "wide", "csv"].map((value) => ({
  option: "output",
  value,
}));

/** The rows. */
export const QUERY_OPTIONS: readonly Option[] = [
  {
    name: "service",
    argument: { name: "SERVICE", values: "text" },
    repeatable: true,
    commands: SELECTING,
    help: "only virtual servers such as tcp://10.0.0.1:80, 10.0.0.0/8 or :80",
    details: "SERVICE is [PROTOCOL://][HOST][:PORT], where HOST is an address or a network, in " +
      "brackets if it is IPv6 and a port follows; or fwmark:N; or a name from --names. If an option that " +
      "selects is repeated, servers that match any of its values are selected; if several are used, " +
      "a server has to match all of them. If only virtual servers with protocol, address and port, " +
      "or with an fwmark, are selected, the kernel is asked for those alone.",
  },
  {
    name: "fwmark",
    argument: { name: "N", values: "text" },
    repeatable: true,
    commands: SELECTING,
    help: "only virtual servers with this fwmark",
  },
  {
    name: "real",
    argument: { name: "REAL", values: "text" },
    repeatable: true,
    commands: SELECTING,
    help: "only real servers such as 10.1.0.1:80, 10.1.0.0/16 or :80",
    details:
      "REAL is [HOST][:PORT], see --service. Virtual servers without such a real server are " +
      "left out. States and sums of a virtual server are always those of all its real servers.",
  },
  {
    name: "protocol",
    argument: { name: "PROTOCOL", values: "text" },
    repeatable: true,
    commands: SELECTING,
    help: "only virtual servers of tcp, udp, sctp or a protocol number",
  },
  {
    name: "family",
    argument: { name: "FAMILY", values: ["inet", "inet6"] },
    repeatable: true,
    commands: SELECTING,
    help: "only virtual servers of this address family: inet or inet6",
  },
  {
    name: "scheduler",
    argument: { name: "NAME", values: "text" },
    repeatable: true,
    commands: SELECTING,
    help: "only virtual servers with this scheduler",
  },
  {
    name: "state",
    argument: { name: "STATE", values: STATES },
    repeatable: true,
    commands: SELECTING_STATES,
    help: "only servers in this state, such as draining or down",
    details: `STATE is one of ${STATES.join(", ")}.`,
  },
  {
    name: "names",
    argument: { name: "FILE", values: "file" },
    commands: [...COMMANDS, "check"],
    help: "show the names of servers in FILE, which --service can use",
    details:
      "FILE has a JSON object on each line, with name, and with address, port and protocol " +
      "or with fwmark; port and protocol can be left out, and labels is an object of strings. " +
      "The names appear in the table, in json, ndjson and csv, and in prometheus and openmetrics as " +
      "ipvs_virtual_server_name_info. A stream reads FILE again when it changes.",
  },
  {
    name: "sort",
    argument: { name: "KEY", values: "text" },
    commands: COMMANDS,
    help: "sort by a label or metric such as cps:desc or weight",
    details:
      "KEY is a name as in JSON, followed by :desc for descending order. Virtual servers are " +
      "sorted, and the real servers of each. Servers without a value come last.",
  },
  {
    name: "top",
    argument: { name: "N", values: "count" },
    commands: COMMANDS,
    help: "only the first N virtual servers",
    details: "They are counted after selecting and sorting.",
  },
  {
    name: "columns",
    argument: { name: "NAMES", values: "text" },
    commands: ["show"],
    help: "with table, wide or csv: only these columns, such as weight,cps",
    details:
      "NAMES are separated by commas; they are those of metrics and, with csv, of labels, as " +
      "in JSON. The columns are printed in the order of NAMES, even if the table gets wider than " +
      "the terminal.",
    needs: NEEDS_ROWS,
  },
  {
    name: "rollup",
    commands: ["show"],
    help: "with table, wide or csv: one row for each virtual server",
    details:
      "The rows have the number of real servers in each state, and the sums of their weights " +
      "and connections.",
    needs: NEEDS_ROWS,
  },
  {
    name: "require-match",
    commands: ["show", "conns"],
    help: "fail if no server is selected",
    details: "The exit status is then 1. The output is the same as without the option.",
  },
];
