/**
 * The command line: one table of commands and options, and its parser.
 *
 * @module
 */

/** What a command line may say wrong. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The formats of `-o`. */
export const FORMATS = ["table", "json", "influx", "prometheus", "openmetrics"] as const;

/** One of {@linkcode FORMATS}. */
export type Format = typeof FORMATS[number];

/** A command: its word, its operands and what it does. */
export interface Command {
  readonly name: string;
  readonly operands: readonly string[];
  readonly help: string;
}

/** An option: a flag, or one with an argument, with the commands that take it. */
export interface Option {
  readonly name: string;
  readonly short?: string;
  readonly argument?: string;
  readonly choices?: readonly string[];
  readonly commands: readonly string[];
  readonly help: string;
}

/** Every command; the first is the default. */
export const COMMANDS: readonly Command[] = [
  { name: "show", operands: [], help: "print one snapshot (the default)" },
  { name: "record", operands: ["FILE"], help: "capture what the kernel answers to a pcap file" },
  { name: "schema", operands: [], help: "print the JSON Schema of -o json" },
];

/** Every option. */
export const OPTIONS: readonly Option[] = [
  {
    name: "output",
    short: "o",
    argument: "FORMAT",
    choices: FORMATS,
    commands: ["show"],
    help: "table (the default), json, influx, prometheus or openmetrics",
  },
  { name: "extended", commands: ["show"], help: "influx: tags and fields that telegraf has not" },
  {
    name: "replay",
    argument: "FILE",
    commands: ["show"],
    help: "read a recording or an nlmon capture, not the kernel",
  },
  {
    name: "round",
    argument: "N",
    commands: ["show"],
    help: "which reading of the capture, from 1 (default: the last whole one)",
  },
  { name: "demo", commands: ["show"], help: "read the recording that ships with the program" },
  {
    name: "rounds",
    argument: "N",
    commands: ["record"],
    help: "how many readings to record (default 1)",
  },
  {
    name: "interval",
    argument: "SECONDS",
    commands: ["record"],
    help: "time between two readings (default 2)",
  },
  { name: "debug", commands: ["show", "record"], help: "say on stderr what was skipped" },
  { name: "help", short: "h", commands: ["show", "record", "schema"], help: "print this" },
  { name: "version", commands: ["show", "record", "schema"], help: "print the version" },
];

/** A parsed command line. */
export interface Arguments {
  readonly command: string;
  readonly operands: readonly string[];
  /** By name: the argument, or the empty text of a flag. */
  readonly options: ReadonlyMap<string, string>;
}

/**
 * Parses a command line without the program's name.
 *
 * @throws {UsageError} naming the nearest word that would be right.
 */
export function parseArguments(words: readonly string[]): Arguments {
  const options = new Map<string, string>();
  const plain: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (word === "--") {
      plain.push(...words.slice(i + 1));
      break;
    }
    if (!word.startsWith("-") || word === "-") {
      plain.push(word);
      continue;
    }
    const [option, attached] = findOption(word);
    if (option.argument === undefined) {
      if (attached !== undefined) throw new UsageError(`--${option.name} takes no argument`);
      options.set(option.name, "");
      continue;
    }
    const argument = attached ?? words[++i];
    if (argument === undefined || argument === "") {
      throw new UsageError(`--${option.name} needs its ${option.argument}`);
    }
    checkChoice(option, argument);
    options.set(option.name, argument);
  }
  return toCommand(plain, options);
}

function findOption(word: string): [Option, attached: string | undefined] {
  if (!word.startsWith("--")) {
    const option = OPTIONS.find((option) => option.short === word[1]);
    if (option === undefined) throw new UsageError(`Unknown option ${word}${hintHelp}`);
    const attached = word.length > 2 ? word.slice(word[2] === "=" ? 3 : 2) : undefined;
    return [option, attached];
  }
  const equals = word.indexOf("=");
  const name = word.slice(2, equals < 0 ? undefined : equals);
  const option = OPTIONS.find((option) => option.name === name);
  if (option === undefined) {
    throw new UsageError(
      `Unknown option --${name}${suggest(name, OPTIONS.map((o) => o.name), "--")}`,
    );
  }
  return [option, equals < 0 ? undefined : word.slice(equals + 1)];
}

function checkChoice(option: Option, argument: string): void {
  if (option.choices === undefined || option.choices.includes(argument)) return;
  throw new UsageError(
    `Unknown ${option.argument} "${argument}" of --${option.name}${
      suggest(argument, option.choices)
    }`,
  );
}

function toCommand(plain: readonly string[], options: ReadonlyMap<string, string>): Arguments {
  const [word = COMMANDS[0]!.name, ...operands] = plain;
  const command = COMMANDS.find((command) => command.name === word);
  if (command === undefined) {
    throw new UsageError(`Unknown command "${word}"${suggest(word, COMMANDS.map((c) => c.name))}`);
  }
  if (!options.has("help") && !options.has("version")) {
    checkOperands(command, operands);
    checkOptions(command, options);
  }
  return { command: command.name, operands, options };
}

function checkOperands(command: Command, operands: readonly string[]): void {
  const missing = command.operands[operands.length];
  if (missing !== undefined) throw new UsageError(`${command.name} needs its ${missing}`);
  const extra = operands[command.operands.length];
  if (extra !== undefined) throw new UsageError(`${command.name} takes no "${extra}"`);
}

function checkOptions(command: Command, options: ReadonlyMap<string, string>): void {
  for (const name of options.keys()) {
    const option = OPTIONS.find((option) => option.name === name);
    if (!option?.commands.includes(command.name)) {
      throw new UsageError(`${command.name} takes no --${name}${hintHelp}`);
    }
  }
}

const hintHelp = "; see ipvstat --help";

/** The nearest of the right words, where one is near at all. */
function suggest(wrong: string, right: readonly string[], prefix = ""): string {
  let nearest = "";
  let least = Math.max(2, Math.ceil(wrong.length / 2)) + 1;
  for (const word of right) {
    const steps = word.startsWith(wrong) && wrong !== "" ? 0 : distance(wrong, word);
    if (steps < least) [nearest, least] = [word, steps];
  }
  return nearest === ""
    ? `; it is one of ${right.map((word) => prefix + word).join(", ")}`
    : `; did you mean ${prefix}${nearest}?`;
}

/** Levenshtein distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
