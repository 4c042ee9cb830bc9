/**
 * The values of operands and of options: their syntax and their limits.
 *
 * @module
 */
import type { Argument, Values } from "./options.ts";
import { listWords, nearest } from "./suggest.ts";
import { UsageError } from "./usage_error.ts";

const MAX_SECONDS = 86_400;
const MAX_BYTES = 2 ** 31;

/** The number of bytes of a size such as `512M` or `2G`; NaN if it is not a size. */
function parseSize(size: string): number {
  const [, digits = "", unit = ""] = /^([1-9]\d{0,9})([KMG]?)$/.exec(size) ?? [];
  return digits === "" ? NaN : Number(digits) * 1024 ** ["", "K", "M", "G"].indexOf(unit);
}

/** Milliseconds of each unit of time. */
const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** The seconds of a time such as `5`, `5s`, `500ms` or `2m`; NaN if it is none. */
export function parseSeconds(time: string): number {
  const [, number = "", unit = "s"] = /^(\d*\.?\d+)(ms|s|m|h)?$/.exec(time) ?? [];
  return number === "" ? NaN : Number(number) * UNITS[unit]! / 1000;
}

/** The number that an option has; undefined if it is not given, as for the next two. */
export function numberOf(options: ReadonlyMap<string, string>, name: string): number | undefined {
  const value = options.get(name);
  return value === undefined ? undefined : Number(value);
}

/** The time that an option has, in seconds. */
export function secondsOf(options: ReadonlyMap<string, string>, name: string): number | undefined {
  const value = options.get(name);
  return value === undefined ? undefined : parseSeconds(value);
}

/** The size that an option has, in bytes. */
export function sizeOf(options: ReadonlyMap<string, string>, name: string): number | undefined {
  const value = options.get(name);
  return value === undefined ? undefined : parseSize(value);
}

/**
 * Checks the value of an operand or of an option.
 *
 * @param owner what takes it, such as `--round` or `completions`
 * @throws {UsageError} with the values that are valid.
 */
export function checkValue(argument: Argument, value: string | undefined, owner: string): void {
  const { name, values } = argument;
  if (value === undefined || value === "") {
    throw new UsageError(`Missing ${name} for ${owner}: use ${describe(values)}`);
  }
  if (isValid(values, value)) return;
  if (typeof values === "string") {
    throw new UsageError(`Invalid ${name} "${value}" for ${owner}: use ${describe(values)}`);
  }
  const near = nearest(value, values);
  const hint = near === undefined ? `use ${listWords(values)}` : `did you mean ${near}?`;
  throw new UsageError(`Unknown ${name} "${value}" for ${owner}; ${hint}`);
}

function isValid(values: Values, value: string): boolean {
  switch (values) {
    case "file":
    case "text":
      return true;
    case "count":
    case "width":
      return /^[1-9]\d{0,5}$/.test(value);
    case "number":
      return /^[1-9]\d{0,8}$/.test(value);
    case "seconds":
      return parseSeconds(value) <= MAX_SECONDS;
    case "size":
      return parseSize(value) <= MAX_BYTES;
    default:
      return values.includes(value);
  }
}

function describe(values: Values): string {
  switch (values) {
    case "file":
      return "a file name or -";
    case "text":
      return "a value, see help";
    case "count":
    case "width":
      return "a number from 1 to 999999";
    case "number":
      return "a number from 1 to 999999999";
    case "seconds":
      return `seconds from 0 to ${MAX_SECONDS}, or a time such as 500ms or 2m`;
    case "size":
      return "a size such as 512M, at most 2G";
    default:
      return listWords(values);
  }
}
