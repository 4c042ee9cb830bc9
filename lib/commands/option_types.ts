/**
 * What the rows of the table of commands and options consist of.
 *
 * @module
 */

/**
 * Valid values: a file name, a number from 1 (a `count` or a `width`; or a `number`, which may be
 * larger), seconds, a size in bytes, text that the command parses itself, or one of some words.
 */
export type Values =
  | "file"
  | "count"
  | "width"
  | "number"
  | "seconds"
  | "size"
  | "text"
  | readonly string[];

/** An operand, or the argument of an option. */
export interface Argument {
  /** Its name in the help, such as `FILE`. */
  readonly name: string;
  readonly values: Values;
  /** For an operand: whether it may be omitted. */
  readonly optional?: boolean;
}

/** A command. */
export interface Command {
  readonly name: string;
  readonly operands: readonly Argument[];
  /** What it does, in a few words. */
  readonly help: string;
  /** More for the man page, in sentences. */
  readonly details?: string;
}

/** Another option that an option needs, if `value` is set with that value. */
export interface OptionNeed {
  readonly option: string;
  readonly value?: string;
}

/** An option of some commands. An option that differs by command has a row for each variant. */
export interface Option {
  /** Without dashes. */
  readonly name: string;
  /** Its letter. */
  readonly short?: string;
  /** Absent for a flag. */
  readonly argument?: Argument;
  /** Whether it may be given several times, each with another value. */
  readonly repeatable?: boolean;
  /** Names of the commands that have the option. */
  readonly commands: readonly string[];
  /** What it does, in a few words. */
  readonly help: string;
  /** More for the man page, in sentences. */
  readonly details?: string;
  /** The option has an effect only together with one of these. */
  readonly needs?: readonly OptionNeed[];
  /** An option that it cannot be combined with. */
  readonly excludes?: string;
  /** Its value if it is not given, where another option needs to know. */
  readonly default?: string;
}

/** A capture is read, from a file or built in. */
export const NEEDS_CAPTURE: readonly OptionNeed[] = [{ option: "replay" }, { option: "demo" }];
