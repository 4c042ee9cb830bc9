/**
 * `/proc/net/ip_vs_stats` and `/proc/net/ip_vs_stats_percpu`: the totals of one network namespace.
 * They keep the traffic of deleted virtual servers, so they differ from the sum over those that are.
 *
 * @module
 */
import { DecodeError } from "../netlink/errors.ts";

/** The five counters since the module was loaded or they were zeroed. */
export interface Counters {
  /** Connections scheduled. */
  readonly connections: number | bigint;
  /** Packets from clients. */
  readonly pktsIn: number | bigint;
  /** Packets to clients. */
  readonly pktsOut: number | bigint;
  /** Bytes from clients. */
  readonly bytesIn: number | bigint;
  /** Bytes to clients. */
  readonly bytesOut: number | bigint;
}

/** Counters, and the kernel's moving averages per second. */
export interface Totals extends Counters {
  /** Connections per second. */
  readonly cps: number | bigint;
  /** Packets per second from clients. */
  readonly ppsIn: number | bigint;
  /** Packets per second to clients. */
  readonly ppsOut: number | bigint;
  /** Bytes per second, not bits. */
  readonly bytesInPerSecond: number | bigint;
  /** Bytes per second, not bits. */
  readonly bytesOutPerSecond: number | bigint;
}

/** The live counters of one possible CPU; zeroing the totals leaves them as they are. */
export interface CpuCounters extends Counters {
  /** The CPU's number. */
  readonly cpu: number;
}

/** The kernel numbers CPUs with 32 bits. */
const MOST_CPU = 0xffff_ffff;

function parseHex(text: string, file: string, line: number): number | bigint {
  if (!/^[0-9a-f]{1,16}$/i.test(text)) {
    throw new DecodeError(`Cannot parse ${file} line ${line}: "${text}" is not hexadecimal`);
  }
  const value = BigInt(`0x${text}`);
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}

function parseLine(text: string, columns: number, file: string, line: number) {
  const words = text.trim().split(/\s+/);
  if (words.length !== columns) {
    throw new DecodeError(
      `Cannot parse ${file} line ${line}: ${words.length} columns, not ${columns}`,
    );
  }
  return words.map((word) => parseHex(word, file, line));
}

type Five = [number | bigint, number | bigint, number | bigint, number | bigint, number | bigint];

function counters(values: (number | bigint)[]): Counters {
  const [connections, pktsIn, pktsOut, bytesIn, bytesOut] = values as Five;
  return { connections, pktsIn, pktsOut, bytesIn, bytesOut };
}

/**
 * Parses `/proc/net/ip_vs_stats`: the third line has the totals and the sixth the rates, in
 * hexadecimal of up to 64 bits.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseStats } from "./ip_vs_stats.ts";
 *
 * const totals = parseStats("t\nh\n 2A 1 2 FF 0\n\nh\n 1 2 3 4 5\n");
 * assert(totals.connections === 42 && totals.bytesOutPerSecond === 5);
 * ```
 *
 * @throws {DecodeError} if a line has other columns or digits.
 */
export function parseStats(text: string): Totals {
  const file = "ip_vs_stats";
  const lines = text.split("\n");
  const totals = parseLine(lines[2] ?? "", 5, file, 3);
  const rates = parseLine(lines[5] ?? "", 5, file, 6);
  const [cps, ppsIn, ppsOut, bytesInPerSecond, bytesOutPerSecond] = rates as Five;
  return { ...counters(totals), cps, ppsIn, ppsOut, bytesInPerSecond, bytesOutPerSecond };
}

/**
 * Parses `/proc/net/ip_vs_stats_percpu`: a line for each possible CPU, up to the line of the
 * estimator's totals, which begins with `~`.
 *
 * @throws {DecodeError} if a line has other columns or digits, or a CPU comes twice.
 */
export function parsePerCpu(text: string): CpuCounters[] {
  const file = "ip_vs_stats_percpu";
  const cpus: CpuCounters[] = [];
  const seen = new Set<number>();
  const lines = text.split("\n");
  for (let i = 2; i < lines.length; i++) {
    const line = lines[i] ?? "";
    if (line.trimStart().startsWith("~")) return cpus;
    const [number, ...values] = parseLine(line, 6, file, i + 1);
    const cpu = Number(number);
    if (cpu > MOST_CPU) {
      const word = line.trim().split(/\s+/)[0];
      throw new DecodeError(`Cannot parse ${file} line ${i + 1}: "${word}" is no CPU's number`);
    }
    if (seen.has(cpu)) {
      throw new DecodeError(`Cannot parse ${file} line ${i + 1}: CPU ${cpu} for the second time`);
    }
    seen.add(cpu);
    cpus.push({ cpu, ...counters(values) });
  }
  throw new DecodeError(`Cannot parse ${file}: no line of totals`);
}
