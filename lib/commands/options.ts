/**
 * The commands and options as one table: the parser, the help, the man page and the shell completions
 * are made from it.
 *
 * @module
 */
import { CHECK_COMMAND, CHECK_OPTIONS } from "./check_options.ts";
import { DIFF_COMMAND, DIFF_OPTIONS } from "./diff_options.ts";
import { type Argument, type Command, NEEDS_CAPTURE, type Option } from "./option_types.ts";
import { CONNS_OPTIONS } from "./conns_options.ts";
import { NAMESPACE_OPTIONS } from "./namespace_options.ts";
import { PROMETHEUS_OPTIONS } from "./prometheus_options.ts";
import { QUERY_OPTIONS } from "./query_options.ts";
import { RECORD_OPTIONS } from "./record_options.ts";
import { SOURCE_OPTIONS } from "./source_options.ts";
import { STREAM_OPTIONS } from "./stream_options.ts";

export type { Argument, Command, Option, OptionNeed, Values } from "./option_types.ts";

/** What the program does. */
export const SUMMARY = "shows what Linux IP Virtual Server is doing";

/** The formats of a snapshot. */
export const FORMATS = [
  "table",
  "wide",
  "json",
  "ndjson",
  "csv",
  "influx",
  "prometheus",
  "openmetrics",
  "ipvsadm",
] as const;

/** One of {@linkcode FORMATS}. */
export type Format = typeof FORMATS[number];

/** The formats of a stream: those whose output can be concatenated. */
export const STREAM_FORMATS = ["ndjson", "influx", "netdata"] as const;

/** One of {@linkcode STREAM_FORMATS}. */
export type StreamFormat = typeof STREAM_FORMATS[number];

/** The formats of the doctor's report. */
export const DOCTOR_FORMATS = ["table", "json"] as const;

/** One of {@linkcode DOCTOR_FORMATS}. */
export type DoctorFormat = typeof DOCTOR_FORMATS[number];

/** When to use colours. */
export const COLORS = ["auto", "always", "never"] as const;

/** The shells with completions. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

/** One of {@linkcode SHELLS}. */
export type Shell = typeof SHELLS[number];

const FILE: Argument = { name: "FILE", values: "file" };

const TASKS: readonly Command[] = [
  {
    name: "show",
    operands: [],
    help: "print one snapshot (the default)",
    details: "Nothing is printed before the whole snapshot was read.",
  },
  {
    name: "stream",
    operands: [{ name: "SECONDS", values: "seconds", optional: true }],
    help: "print one snapshot after another",
    details:
      "Each snapshot is read as a whole before any of it is printed. A failed reading is one " +
      "line on standard error, and the next one is tried. SIGINT and SIGTERM end the stream after " +
      "the current reading. The exit status is 0 if a reading succeeded or none failed, and else " +
      "that of the last failure. SECONDS is the same as --interval SECONDS.",
  },
  {
    name: "record",
    operands: [FILE],
    help: "record the kernel's replies to a pcap file",
    details: "FILE is replaced when the recording is complete; - is standard output. SIGINT and " +
      "SIGTERM end the recording after the current snapshot; the snapshots recorded so far are " +
      "kept.",
  },
  DIFF_COMMAND,
  CHECK_COMMAND,
  {
    name: "doctor",
    operands: [],
    help: "diagnose access problems and suggest fixes",
    details: "The exit status is that of show. Nothing is changed.",
  },
  {
    name: "conns",
    operands: [],
    help: "sum the connection table, and find stale connections",
    details:
      "/proc/net/ip_vs_conn_sync is read and joined to the table of servers. Connections and " +
      "persistence templates are stale if their real server is not in the table or has weight 0. The " +
      "options that select servers select connections here, by their own addresses or by their " +
      "server. Nothing is printed before the whole connection table was read.",
  },
  { name: "schema", operands: [], help: "print the JSON Schema of show -o json" },
  {
    name: "completions",
    operands: [{ name: "SHELL", values: SHELLS }],
    help: "print a completion script for bash, zsh or fish",
    details: "To load it: source <(ipvstat completions bash), source <(ipvstat completions zsh), " +
      "or ipvstat completions fish | source.",
  },
  {
    name: "man",
    operands: [],
    help: "print the man page",
    details: "To read it: ipvstat man | man -l -",
  },
  { name: "version", operands: [], help: "show version, commit, Deno, V8 and target" },
];

/** Every command; the first is the default. */
export const COMMANDS: readonly Command[] = [
  ...TASKS,
  {
    name: "help",
    operands: [{ name: "COMMAND", values: TASKS.map(({ name }) => name), optional: true }],
    help: "show help",
  },
];

const EVERY_COMMAND = COMMANDS.map(({ name }) => name);

/** Every option. */
export const OPTIONS: readonly Option[] = [
  {
    name: "output",
    short: "o",
    argument: { name: "FORMAT", values: FORMATS },
    commands: ["show"],
    help: formatHelp(FORMATS),
    details: "The format table fits the terminal; wide shows all columns, as does table into a " +
      "pipe or a file; json is one document, described by ipvstat schema; ndjson has a line for " +
      "the snapshot and one for each server; csv has a row for each server; influx is line " +
      "protocol with the measurements, tags and fields of telegraf's inputs.ipvs; prometheus is " +
      "the text format 0.0.4; openmetrics is OpenMetrics 1.0; ipvsadm prints the rules as " +
      "ipvsadm -Sn does, for ipvsadm -R.",
    default: FORMATS[0],
  },
  {
    name: "output",
    short: "o",
    argument: { name: "FORMAT", values: STREAM_FORMATS },
    commands: ["stream"],
    help: formatHelp(STREAM_FORMATS),
    details: "See show. netdata is the protocol of its plugins: netdata passes SECONDS, and " +
      "NETDATA_UPDATE_EVERY is the shortest interval. A failure that repeats is reported once; if " +
      "the kernel does not permit reading IPVS, the stream tells netdata not to start it again, " +
      "and ends.",
    default: STREAM_FORMATS[0],
  },
  {
    name: "output",
    short: "o",
    argument: { name: "FORMAT", values: DOCTOR_FORMATS },
    commands: ["doctor"],
    help: formatHelp(DOCTOR_FORMATS),
  },
  {
    name: "color",
    argument: { name: "WHEN", values: COLORS },
    commands: ["show", "doctor", "conns", "diff"],
    help: "use colours: auto (default; in a terminal), always or never",
  },
  {
    name: "width",
    argument: { name: "COLUMNS", values: "width" },
    commands: ["show"],
    help: "width of the table (default: the terminal's)",
    details:
      "Columns that have no room are left out, the least important ones first: thresholds, " +
      "bytes, packets, connections, persistent connections, packets per second, bytes per second, " +
      "inactive connections, connections per second, weight. Into a pipe or a file there is no " +
      "limit.",
  },
  {
    name: "output-file",
    argument: FILE,
    commands: ["show", "doctor", "conns", "diff"],
    help: "write to FILE, which is replaced atomically",
    details: "The data is written to a temporary file beside FILE, .ipvstat-*, which is then " +
      "renamed. FILE keeps its mode, and its owner if the program may set it; a new FILE has mode " +
      "0644. Symbolic links are followed. If anything fails, FILE is unchanged. An inconsistent " +
      "snapshot (exit status 5) is written as it would be printed. - is standard output.",
  },
  {
    name: "extended",
    commands: ["show", "stream"],
    help: "with influx: add tags and fields that telegraf does not provide",
    details: "They are weight, thresholds, persistence, bytes per second, forwarding method and " +
      "flags, and the counters of each CPU.",
    needs: [{ option: "output", value: "influx" }],
  },
  {
    name: "rates",
    argument: { name: "SECONDS", values: "seconds" },
    commands: ["show", "stream", "check"],
    help: "measure rates between two snapshots",
    details:
      "With show, the kernel is read twice and the second snapshot is printed; with stream, each " +
      "snapshot is compared with an earlier one. The rates over SECONDS are printed " +
      "beside the kernel's moving averages, or in the table in place of them. The kernel updates the counters of servers every 2 seconds, so " +
      "SECONDS is rounded up to an even number. A server that is new, or whose counters were " +
      "zeroed, has no rates. With show --replay and --demo, the earlier snapshot is the last one " +
      "that is at least SECONDS older, or else the first.",
  },
  ...SOURCE_OPTIONS,
  ...PROMETHEUS_OPTIONS,
  ...QUERY_OPTIONS,
  ...NAMESPACE_OPTIONS,
  {
    name: "replay",
    argument: FILE,
    commands: ["show", "stream", "check"],
    help: "read a recording or an nlmon capture instead of the kernel",
    details: "Both pcap and pcapng are supported. - is standard input; a pipe is read to its end.",
    excludes: "demo",
  },
  {
    name: "round",
    argument: { name: "N", values: "count" },
    commands: ["show", "check"],
    help: "which snapshot to replay, from 1 (default: the last complete one)",
    needs: NEEDS_CAPTURE,
  },
  {
    name: "max-size",
    argument: { name: "SIZE", values: "size" },
    commands: ["show", "stream", "check"],
    help: "refuse captures larger than SIZE, such as 512M (default 1G)",
    details: "SIZE is in bytes, or with K, M or G in KiB, MiB or GiB; at most 2G.",
    needs: NEEDS_CAPTURE,
  },
  { name: "demo", commands: ["show", "stream", "check"], help: "read the built-in recording" },
  ...RECORD_OPTIONS,
  ...STREAM_OPTIONS,
  ...CONNS_OPTIONS,
  ...DIFF_OPTIONS,
  ...CHECK_OPTIONS,
  {
    name: "debug",
    commands: ["show", "stream", "record", "conns"],
    help: "log requests, datagrams, retries and times to standard error",
  },
  {
    name: "help",
    short: "h",
    commands: EVERY_COMMAND,
    help: "show help for the program or the command",
  },
  {
    name: "version",
    short: "V",
    commands: EVERY_COMMAND,
    help: "show version, commit, Deno, V8 and target",
  },
];

/** The options of a command. */
export function optionsOf(command: string): Option[] {
  return OPTIONS.filter(({ commands }) => commands.includes(command));
}

function formatHelp([first, ...others]: readonly string[]): string {
  return [`print as ${first} (default)`, ...others].join(", ").replace(/, (\w+)$/, " or $1");
}
