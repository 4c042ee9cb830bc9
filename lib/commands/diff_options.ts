/**
 * `ipvstat diff` as a row of the table of commands, and the options that only it has.
 *
 * @module
 */
import { DIFF_EXIT_CODES } from "./exit_codes.ts";
import type { Command, Option } from "./option_types.ts";

/** The formats of differences. */
export const DIFF_FORMATS = ["table", "json"] as const;

/** One of {@linkcode DIFF_FORMATS}. */
export type DiffFormat = typeof DIFF_FORMATS[number];

/** The row of the command. */
export const DIFF_COMMAND: Command = {
  name: "diff",
  operands: [{ name: "A", values: "file" }, { name: "B", values: "file" }],
  help: "compare the configuration of two tables",
  details: "A and B are recordings or nlmon captures, outputs of show -o json, rules of ipvsadm " +
    "-Sn or show -o ipvsadm, or live for the running kernel; - is standard input. The exit status is that " +
    "of diff(1): 0 if they are the same, 1 if they are different, 2 for any error. Of a recording " +
    "with several snapshots, the last complete one is used.",
  exitCodes: DIFF_EXIT_CODES,
};

/** The rows of the options. */
export const DIFF_OPTIONS: readonly Option[] = [
  {
    name: "output",
    short: "o",
    argument: { name: "FORMAT", values: DIFF_FORMATS },
    commands: ["diff"],
    help: "print as table (default) or json",
    details: "The format table prints nothing if there are no differences.",
  },
  {
    name: "counters",
    commands: ["diff"],
    help: "compare counters, too",
    details: "A counter that went back is marked as reset. Rules have no counters.",
  },
  {
    name: "max-size",
    argument: { name: "SIZE", values: "size" },
    commands: ["diff"],
    help: "refuse files larger than SIZE, such as 512M (default 1G)",
    details: "See show.",
  },
];
