/**
 * Numbers for people: exact while they are short, else three digits and a decimal prefix.
 *
 * @module
 */

const PREFIXES = ["", "k", "M", "G", "T", "P", "E"] as const;
/** Below these a number is short: five digits of a count, four of an amount of bytes. */
const SHORT_COUNT = 100_000;
const SHORT_BYTES = 10_000;

/** A count: `99999`, then `100k`, `1.23M` and so on in steps of 1000. */
export function humanCount(value: number | bigint): string {
  return value < SHORT_COUNT ? String(value) : scaled(Number(value));
}

/** An amount of bytes: `9999B`, then `10.0kB`, `1.23MB`; a kB has 1000 bytes. */
export function humanBytes(value: number | bigint): string {
  if (value === 0) return "0";
  return value < SHORT_BYTES ? `${value}B` : `${scaled(Number(value))}B`;
}

/** Bytes per second: `9999B/s`, then `10.0kB/s`, `1.23MB/s`. */
export function humanByteRate(value: number | bigint): string {
  return value === 0 ? "0" : `${humanBytes(value)}/s`;
}

function scaled(value: number): string {
  let step = 0;
  // What would round to 1000 of one prefix is 1.00 of the next.
  for (; value >= 999.5; step++) value /= 1000;
  const decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  return `${value.toFixed(decimals)}${PREFIXES[step]}`;
}
