/**
 * Numbers for people, in decimal steps: 1k is 1000.
 *
 * @module
 */

const PREFIXES = ["", "k", "M", "G", "T", "P", "E"] as const;
/** Counts below this are shown exactly. */
const EXACT_COUNT = 100_000;

/** A count: exact up to `99999`, then `100k`, `1.2M` and so on. */
export function humanCount(value: number | bigint): string {
  return value < EXACT_COUNT ? String(value) : scale(Number(value)).join("");
}

/**
 * A rate or an amount: `0.05`, `3.3`, whole numbers exactly up to `999`, then `1.0k`, `20.9k`, `123k`,
 * `1.2M` and so on.
 */
export function humanAmount(value: number | bigint): string {
  return scale(Number(value)).join("");
}

/** An amount with its unit: `850 B`, `20.9 kB`. */
export function humanUnit(value: number | bigint, unit: string): string {
  const [digits, prefix] = scale(Number(value));
  return `${digits} ${prefix}${unit}`;
}

function scale(value: number): [digits: string, prefix: string] {
  if (value < 1000 && Number.isInteger(value)) return [String(value), ""];
  if (value < 0.095) return [value.toFixed(2), ""];
  let step = 0;
  // 999.6k would be rounded to 1000k, which is 1.0M.
  for (; value >= 999.5; step++) value /= 1000;
  return [value.toFixed(value < 99.95 ? 1 : 0), PREFIXES[step]!];
}

/** A number from 0 to 1 in percent with one decimal: `33.3`. */
export function humanPercent(value: number | bigint): string {
  return (100 * Number(value)).toFixed(1);
}

/** A number with its noun, in the plural unless it is 1: `2 connections`. */
export function countOf(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
