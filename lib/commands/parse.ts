/**
 * The parser of the command line. Its errors suggest what to use instead.
 *
 * @module
 */
import {
  type Command,
  COMMANDS,
  type Option,
  type OptionNeed,
  OPTIONS,
  optionsOf,
} from "./options.ts";
import { listWords, nearest } from "./suggest.ts";
import { UsageError } from "./usage_error.ts";
import { checkValue } from "./values.ts";

/** A parsed command line. */
export interface Arguments {
  readonly command: string;
  readonly operands: readonly string[];
  /** Arguments by the name of the option, the last one of each; the empty string for a flag. */
  readonly options: ReadonlyMap<string, string>;
  /** All arguments of each option that may be given several times. */
  readonly lists: ReadonlyMap<string, readonly string[]>;
}

/** The words of a command line, sorted; nothing is checked that depends on the command. */
interface SortedWords {
  /** The command and its operands. */
  readonly plain: string[];
  readonly options: Map<string, string>;
  readonly lists: Map<string, string[]>;
  /** Words that look like options and are not. */
  readonly unknown: string[];
  /** Flags with an argument. */
  readonly overfull: string[];
}

/**
 * Parses a command line, without the name of the program. `COMMAND --help` is `help COMMAND`, and
 * `--version` is `version`, whatever else the command line contains.
 *
 * @throws {UsageError} if it cannot be run.
 */
export function parseArguments(args: readonly string[]): Arguments {
  const words = sortWords(args);
  const { plain, options, lists, unknown, overfull } = words;
  const command = findCommand(words);
  const [word, ...operands] = plain;
  if (options.has("help")) {
    const isNamed = word === command.name;
    return { command: "help", operands: isNamed ? [word] : [], options, lists };
  }
  if (options.has("version")) return { command: "version", operands: [], options, lists };
  if (unknown.length > 0) throw unknownOption(unknown[0]!, command);
  if (overfull.length > 0) throw new UsageError(`Option --${overfull[0]} takes no argument`);
  checkOptions(command, options, lists);
  checkOperands(command, operands);
  return { command: command.name, operands, options, lists };
}

/**
 * The name of the command that a command line means, even if it cannot be run; undefined if its first
 * word is no command.
 */
export function commandName(args: readonly string[]): string | undefined {
  try {
    return findCommand(sortWords(args)).name;
  } catch {
    return undefined;
  }
}

function sortWords(args: readonly string[]): SortedWords {
  const words: SortedWords = {
    plain: [],
    options: new Map(),
    lists: new Map(),
    unknown: [],
    overfull: [],
  };
  for (let i = 0; i < args.length; i++) {
    const word = args[i]!;
    if (word === "--") {
      words.plain.push(...args.slice(i + 1));
      break;
    }
    if (!word.startsWith("-") || word === "-") {
      words.plain.push(word);
      continue;
    }
    const [option, attached] = findOption(word);
    if (option === undefined) {
      words.unknown.push(word);
    } else if (option.argument === undefined) {
      if (attached !== undefined) words.overfull.push(option.name);
      words.options.set(option.name, "");
    } else {
      const isNext = attached === undefined && !isHelpOrVersion(args[i + 1]);
      addArgument(words, option, attached ?? (isNext ? args[++i] : undefined) ?? "");
    }
  }
  return words;
}

function addArgument({ options, lists }: SortedWords, option: Option, value: string): void {
  options.set(option.name, value);
  if (!option.repeatable) return;
  const list = lists.get(option.name);
  if (list === undefined) lists.set(option.name, [value]);
  else list.push(value);
}

/** Finds an option by its spelling, and the argument attached to it. All rows of an option agree. */
function findOption(word: string): [option: Option | undefined, attached: string | undefined] {
  if (word.startsWith("--")) {
    const [, name, attached] = /^--([^=]*)(?:=(.*))?$/s.exec(word)!;
    return [OPTIONS.find((option) => option.name === name), attached];
  }
  // With one dash, the name of an option is a mistake, not letters.
  if (OPTIONS.some(({ name }) => name === word.slice(1).split("=")[0])) {
    return [undefined, undefined];
  }
  const attached = word.length > 2 ? word.slice(word[2] === "=" ? 3 : 2) : undefined;
  return [OPTIONS.find((option) => option.short === word[1]), attached];
}

/** Help and version are available everywhere, so they are never the argument of an option. */
function isHelpOrVersion(word: string | undefined): boolean {
  if (word === undefined || !word.startsWith("-")) return false;
  const [option, attached] = findOption(word);
  return attached === undefined && (option?.name === "help" || option?.name === "version");
}

/** The command of a command line; by default the first one. */
function findCommand({ plain, unknown }: SortedWords): Command {
  const find = (word: string) => COMMANDS.find(({ name }) => name === word);
  const first = plain[0] === undefined ? COMMANDS[0] : find(plain[0]);
  if (first !== undefined) return first;
  // The first word may be the argument of the unknown option.
  if (unknown.length > 0) return plain.map(find).find((each) => each !== undefined) ?? COMMANDS[0]!;
  const names = COMMANDS.map(({ name }) => name);
  const near = nearest(plain[0]!, names);
  const hint = near === undefined ? `use ${listWords(names)}` : `did you mean ${near}?`;
  throw new UsageError(`Unknown command "${plain[0]}"; ${hint}`);
}

function unknownOption(word: string, command: Command): UsageError {
  const written = word.startsWith("--") ? word.split("=")[0]! : word;
  const options = optionsOf(command.name);
  const long = options.map(({ name }) => `--${name}`);
  const short = options.flatMap((option) => option.short === undefined ? [] : [`-${option.short}`]);
  const isLong = written.replace(/^-+/, "").length > 1;
  const near = nearest(written, isLong ? long : short);
  const hint = near === undefined
    ? `${command.name} takes ${listWords(isLong ? long : [...short, ...long], "and")}`
    : `did you mean ${near}?`;
  return new UsageError(`Unknown option ${written}; ${hint}`);
}

function checkOperands(command: Command, operands: readonly string[]): void {
  command.operands.forEach((operand, i) => {
    if (operands[i] === undefined && operand.optional) return;
    checkValue(operand, operands[i], command.name);
  });
  const extra = operands[command.operands.length];
  if (extra === undefined) return;
  const names = command.operands.map(({ name }) => name).join(" ");
  const taken = names === "" ? "no arguments" : `only ${names}`;
  throw new UsageError(`Unexpected argument "${extra}"; ${command.name} takes ${taken}`);
}

function checkOptions(
  command: Command,
  given: ReadonlyMap<string, string>,
  lists: ReadonlyMap<string, readonly string[]>,
): void {
  const options = optionsOf(command.name);
  for (const [name, value] of given) {
    const option = options.find((option) => option.name === name);
    if (option === undefined) throw new UsageError(misplaced(command, name, options));
    if (option.argument === undefined) continue;
    for (const one of lists.get(name) ?? [value]) checkValue(option.argument, one, `--${name}`);
  }
  for (const { name, needs, excludes } of options) {
    if (!given.has(name)) continue;
    if (needs !== undefined && !needs.some((need) => isGiven(need, given, options))) {
      throw new UsageError(`Option --${name} requires ${listWords(needs.map(spellNeed))}`);
    }
    if (excludes !== undefined && given.has(excludes)) {
      throw new UsageError(`Options --${name} and --${excludes} cannot be combined`);
    }
  }
}

function isGiven(
  { option, value }: OptionNeed,
  given: ReadonlyMap<string, string>,
  options: readonly Option[],
): boolean {
  if (value === undefined) return given.has(option);
  return value === (given.get(option) ?? options.find(({ name }) => name === option)?.default);
}

/** An option and its value as they are written. */
export function spellNeed({ option, value }: OptionNeed): string {
  return value === undefined ? `--${option}` : `--${option} ${value}`;
}

function misplaced(command: Command, name: string, options: readonly Option[]): string {
  const near = nearest(`--${name}`, options.map((option) => `--${option.name}`));
  const owners = OPTIONS.filter((option) => option.name === name).flatMap((o) => o.commands);
  const hint = near === undefined ? `use it with ${listWords(owners)}` : `did you mean ${near}?`;
  return `Option --${name} does not apply to ${command.name}; ${hint}`;
}
