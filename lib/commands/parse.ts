/**
 * The parser of the command line. What it refuses, it answers with the nearest right word.
 *
 * @module
 */
import {
  type Argument,
  type Command,
  COMMANDS,
  type Option,
  OPTIONS,
  optionsOf,
} from "./options.ts";

/** What a command line may say wrong. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** A parsed command line. */
export interface Arguments {
  readonly command: string;
  readonly operands: readonly string[];
  /** By name: the argument, or the empty text of a flag. */
  readonly options: ReadonlyMap<string, string>;
}

/**
 * Parses a command line without the program's name. `COMMAND --help` is `help COMMAND`.
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
    const [{ name, argument }, attached] = findOption(word, plain[0]);
    if (argument === undefined) {
      if (attached !== undefined) throw new UsageError(`--${name} takes no argument`);
      options.set(name, "");
      continue;
    }
    const value = attached ?? words[++i];
    if (value === undefined || value === "") {
      throw new UsageError(`--${name} needs its ${argument.name}`);
    }
    options.set(name, value);
  }
  return toCommand(plain, options);
}

/** Any row of the option will do: they agree in whether it has an argument. */
function findOption(word: string, command?: string): [Option, attached: string | undefined] {
  const isLong = word.startsWith("--");
  const equals = isLong ? word.indexOf("=") : -1;
  const name = word.slice(isLong ? 2 : 1, equals < 0 ? undefined : equals);
  const long = OPTIONS.find((option) => option.name === name);
  if (isLong && long !== undefined) {
    return [long, equals < 0 ? undefined : word.slice(equals + 1)];
  }
  const short = OPTIONS.find((option) => option.short === word[1]);
  if (!isLong && long === undefined && short !== undefined) {
    const attached = word.length > 2 ? word.slice(word[2] === "=" ? 3 : 2) : undefined;
    return [short, attached];
  }
  const known = COMMANDS.some((each) => each.name === command) ? optionsOf(command!) : OPTIONS;
  const right = isLong || name.length > 1
    ? known.map((option) => `--${option.name}`)
    : known.flatMap((option) => option.short === undefined ? [] : [`-${option.short}`]);
  const written = isLong ? `--${name}` : word;
  throw new UsageError(`Unknown option ${written}${suggest(written, right)}`);
}

function toCommand(plain: readonly string[], options: ReadonlyMap<string, string>): Arguments {
  const [word = COMMANDS[0]!.name, ...operands] = plain;
  const command = COMMANDS.find((command) => command.name === word);
  if (command === undefined) {
    const right = COMMANDS.map(({ name }) => name);
    throw new UsageError(`Unknown command "${word}"${suggest(word, right)}`);
  }
  // Who asks for help or the version is not to be told what else is wrong.
  if (options.has("help")) return { command: "help", operands: plain.slice(0, 1), options };
  if (!options.has("version")) {
    checkOptions(command, options);
    checkOperands(command, operands);
  }
  return { command: command.name, operands, options };
}

function checkOperands(command: Command, operands: readonly string[]): void {
  const missing = command.operands[operands.length];
  if (missing !== undefined && !missing.optional) {
    throw new UsageError(`${command.name} needs its ${missing.name}`);
  }
  const extra = operands[command.operands.length];
  if (extra !== undefined) throw new UsageError(`${command.name} takes no "${extra}"`);
  operands.forEach((operand, i) => checkValue(command.operands[i]!, operand, command.name));
}

function checkOptions(command: Command, options: ReadonlyMap<string, string>): void {
  const right = optionsOf(command.name);
  for (const [name, value] of options) {
    const option = right.find((option) => option.name === name);
    if (option === undefined) throw new UsageError(misplaced(command, name, right));
    if (option.argument !== undefined) checkValue(option.argument, value, `--${name}`);
  }
}

function misplaced(command: Command, name: string, right: readonly Option[]): string {
  const near = nearest(`--${name}`, right.map((option) => `--${option.name}`));
  const takers = OPTIONS.filter((option) => option.name === name).flatMap((o) => o.commands);
  const hint = near === undefined ? `it goes with ${takers.join(", ")}` : `did you mean ${near}?`;
  return `${command.name} takes no --${name}; ${hint}`;
}

const MOST_SECONDS = 86_400;
const MOST_BYTES = 2 ** 31;

/** How many bytes a size such as `512M` or `2G` is; NaN where it is no size. */
export function bytesOf(size: string): number {
  const [, digits = "", unit = ""] = /^([1-9]\d{0,9})([KMG]?)$/.exec(size) ?? [];
  return digits === "" ? NaN : Number(digits) * 1024 ** ["", "K", "M", "G"].indexOf(unit);
}

function checkValue({ name, values }: Argument, value: string, of: string): void {
  if (values === "file") return;
  if (values === "count") {
    if (/^[1-9]\d{0,5}$/.test(value)) return;
    throw new UsageError(`${of} takes a number from 1 to 999999, not "${value}"`);
  }
  if (values === "seconds") {
    if (/^\d*\.?\d+$/.test(value) && Number(value) <= MOST_SECONDS) return;
    throw new UsageError(`${of} takes seconds, from 0 to ${MOST_SECONDS}, not "${value}"`);
  }
  if (values === "size") {
    if (bytesOf(value) <= MOST_BYTES) return;
    throw new UsageError(`${of} takes a size such as 512M, from 1 to 2G, not "${value}"`);
  }
  if (values.includes(value)) return;
  throw new UsageError(`Unknown ${name} "${value}" of ${of}${suggest(value, values)}`);
}

/** The nearest of the right words, or all of them where none is near. */
function suggest(wrong: string, right: readonly string[]): string {
  const near = nearest(wrong, right);
  if (near !== undefined) return `; did you mean ${near}?`;
  return `; it is one of ${[...new Set(right)].join(", ")}`;
}

function nearest(wrong: string, right: readonly string[]): string | undefined {
  const [bare, dashes] = [wrong.replace(/^-+/, ""), /^-*/.exec(right[0] ?? "")![0].length];
  let near: string | undefined;
  // Of a single letter nothing but its other case, or what begins with it, is near.
  let least = bare.length < 2 ? 1 : Math.max(2, Math.ceil(bare.length / 2)) + 1;
  for (const word of right) {
    const steps = distance(bare, word.slice(dashes));
    if (steps < least) [near, least] = [word, steps];
  }
  return near;
}

/** Levenshtein distance without regard to case; none at all to what begins with the word. */
function distance(wrong: string, word: string): number {
  const a = wrong.toLowerCase();
  if (a !== "" && word.startsWith(a)) return 0;
  let row = Array.from({ length: word.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= word.length; j++) {
      const swap = row[j - 1]! + (a[i - 1] === word[j - 1] ? 0 : 1);
      next.push(Math.min(swap, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[word.length]!;
}
