/**
 * The command line as one table, from which the parser, the help, the manual and the completions of
 * shells are made.
 *
 * @module
 */

/** What the program does. */
export const SUMMARY = "shows what Linux IP Virtual Server is doing";

/** The formats of a snapshot. */
export const FORMATS = ["table", "json", "influx", "prometheus", "openmetrics"] as const;

/** One of {@linkcode FORMATS}. */
export type Format = typeof FORMATS[number];

/** The formats of what `doctor` finds. */
export const DOCTOR_FORMATS = ["table", "json"] as const;

/** One of {@linkcode DOCTOR_FORMATS}. */
export type DoctorFormat = typeof DOCTOR_FORMATS[number];

/** The shells that there are completions for. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

/** One of {@linkcode SHELLS}. */
export type Shell = typeof SHELLS[number];

/** What can be given: the name of a file, a number from 1 on, seconds, bytes, or one of some words. */
export type Values = "file" | "count" | "seconds" | "size" | readonly string[];

/** An operand, or the argument of an option. */
export interface Argument {
  /** What the help calls it, such as `FILE`. */
  readonly name: string;
  readonly values: Values;
  /** Of an operand: whether it can be left out. */
  readonly optional?: boolean;
}

/** A command. */
export interface Command {
  readonly name: string;
  readonly operands: readonly Argument[];
  /** What it does, in a few words. */
  readonly help: string;
  /** What the manual has to say besides, in sentences. */
  readonly more?: string;
}

/** An option of some commands. One that differs by command has a row for each kind of command. */
export interface Option {
  /** Without its dashes. */
  readonly name: string;
  /** Its letter. */
  readonly short?: string;
  /** Absent of a flag. */
  readonly argument?: Argument;
  /** The names of the commands that take it. */
  readonly commands: readonly string[];
  /** What it does, in a few words. */
  readonly help: string;
  /** What the manual has to say besides, in sentences. */
  readonly more?: string;
}

const FILE: Argument = { name: "FILE", values: "file" };

const TASKS: readonly Command[] = [
  {
    name: "show",
    operands: [],
    help: "print one snapshot (the default)",
    more: "Data is printed only when all of it has been read.",
  },
  {
    name: "record",
    operands: [FILE],
    help: "capture what the kernel answers to a pcap file",
    more: "FILE is replaced when the recording is complete; - is standard output. SIGINT and " +
      "SIGTERM end a recording early: what has been read until then is kept.",
  },
  {
    name: "doctor",
    operands: [],
    help: "say what can be read and what not, and why",
    more: "It names the command that mends what is wrong, and exits as show would. It changes " +
      "nothing.",
  },
  { name: "schema", operands: [], help: "print the JSON Schema of show -o json" },
  {
    name: "completions",
    operands: [{ name: "SHELL", values: SHELLS }],
    help: "print the completions of bash, zsh or fish",
    more: "They are read by: source <(ipvstat completions bash), source <(ipvstat completions " +
      "zsh), or ipvstat completions fish | source.",
  },
  {
    name: "man",
    operands: [],
    help: "print the manual page",
    more: "It is read by: ipvstat man | man -l -",
  },
];

/** Every command; the first is the default. */
export const COMMANDS: readonly Command[] = [
  ...TASKS,
  {
    name: "help",
    operands: [{ name: "COMMAND", values: TASKS.map(({ name }) => name), optional: true }],
    help: "print the help, of all or of one command",
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
    help: oneOf(FORMATS),
    more: "As json it is one document, which ipvstat schema describes; influx is line protocol " +
      "with telegraf's measurements, tags and fields; prometheus is the text format 0.0.4, and " +
      "openmetrics is OpenMetrics 1.0.",
  },
  {
    name: "output",
    short: "o",
    argument: { name: "FORMAT", values: DOCTOR_FORMATS },
    commands: ["doctor"],
    help: oneOf(DOCTOR_FORMATS),
  },
  {
    name: "output-file",
    argument: FILE,
    commands: ["show", "doctor"],
    help: "write to FILE, which is replaced as a whole or not at all",
    more: "It is written beside FILE, under a name that begins with .ipvstat-, and renamed. FILE " +
      "keeps its mode, and its owner where the program may give files away; a new one has mode " +
      "0644. Of a symbolic link, the file that it points to is replaced. When anything fails, " +
      "FILE stays as it is; a snapshot that could not be made consistent (exit status 5) is " +
      "written, as it would be printed. - is standard output.",
  },
  {
    name: "extended",
    commands: ["show"],
    help: "with influx: tags and fields that telegraf has not",
    more: "They are weight, thresholds, persistence, bytes per second, forwarding method, flags, " +
      "and the counters of each CPU.",
  },
  {
    name: "replay",
    argument: FILE,
    commands: ["show"],
    help: "read a recording or an nlmon capture, not the kernel",
    more: "Both pcap and pcapng are read. - is standard input; a pipe is read to its end.",
  },
  {
    name: "round",
    argument: { name: "N", values: "count" },
    commands: ["show"],
    help: "which reading of the capture, from 1 (default: the last whole one)",
  },
  {
    name: "max-size",
    argument: { name: "SIZE", values: "size" },
    commands: ["show"],
    help: "refuse a capture larger than SIZE, such as 512M (default 1G)",
    more: "SIZE is in bytes, or with K, M or G in KiB, MiB or GiB; at most 2G.",
  },
  { name: "demo", commands: ["show"], help: "read the recording that ships with the program" },
  {
    name: "rounds",
    argument: { name: "N", values: "count" },
    commands: ["record"],
    help: "how many readings to record (default 1)",
  },
  {
    name: "interval",
    argument: { name: "SECONDS", values: "seconds" },
    commands: ["record"],
    help: "time between two readings (default 2)",
  },
  { name: "debug", commands: ["show", "record"], help: "say on standard error what was skipped" },
  {
    name: "help",
    short: "h",
    commands: EVERY_COMMAND,
    help: "print the help, of COMMAND where one is given",
  },
  {
    name: "version",
    commands: EVERY_COMMAND,
    help: "print version, commit, Deno, V8 and target",
  },
];

/** The options that a command takes. */
export function optionsOf(command: string): Option[] {
  return OPTIONS.filter(({ commands }) => commands.includes(command));
}

function oneOf(words: readonly string[]): string {
  const [first, ...rest] = words;
  return [`print as ${first} (the default)`, ...rest].join(", ").replace(/, (\w+)$/, " or $1");
}
