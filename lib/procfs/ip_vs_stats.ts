/**
 * Parses `/proc/net/ip_vs_stats` and `/proc/net/ip_vs_stats_percpu`: the totals of a network
 * namespace. They include the traffic of deleted virtual servers, so they can be larger than the
 * sum of the existing ones.
 *
 * @module
 */
import { DecodeError } from "../netlink/errors.ts";

/** Counters since the module was loaded or the counters were last zeroed; 64 bits each. */
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

/** Counters, and the kernel's moving averages per second; 64 bits each. */
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

/** The live counters of a possible CPU; zeroing the totals does not affect them. */
export interface CpuCounters extends Counters {
  /** The number of the CPU, 0 to 2^32 - 1. */
  readonly cpu: number;
}

/** The counters of all CPUs together, which can exceed 64 bits. */
export function sumCounters(cpus: readonly CpuCounters[]): Counters {
  const sum = (name: keyof Counters) => cpus.reduce((total, cpu) => total + BigInt(cpu[name]), 0n);
  return {
    connections: sum("connections"),
    pktsIn: sum("pktsIn"),
    pktsOut: sum("pktsOut"),
    bytesIn: sum("bytesIn"),
    bytesOut: sum("bytesOut"),
  };
}

/** The kernel uses 32 bits for the number of a CPU. */
const MAX_CPU = 0xffff_ffff;

function parseHex(text: string, file: string, line: number): number | bigint {
  if (!/^[0-9a-f]{1,16}$/i.test(text)) {
    throw new DecodeError(`Cannot parse ${file} line ${line}: "${text}" is not hexadecimal`);
  }
  const value = BigInt(`0x${text}`);
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}

/** Parses a line of hexadecimal columns. */
function parseLine(text: string, count: number, file: string, line: number) {
  const columns = text.trim().split(/\s+/);
  if (columns.length !== count) {
    throw new DecodeError(
      `Cannot parse ${file} line ${line}: ${columns.length} columns, not ${count}`,
    );
  }
  return columns.map((column) => parseHex(column, file, line));
}

type Five = [number | bigint, number | bigint, number | bigint, number | bigint, number | bigint];

function toCounters(values: (number | bigint)[]): Counters {
  const [connections, pktsIn, pktsOut, bytesIn, bytesOut] = values as Five;
  return { connections, pktsIn, pktsOut, bytesIn, bytesOut };
}

/**
 * Parses `/proc/net/ip_vs_stats`. The third line has the totals and the sixth the rates, in
 * hexadecimal, up to 64 bits.
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
 * @throws {DecodeError} if one of these lines does not have five hexadecimal columns.
 */
export function parseStats(text: string): Totals {
  const file = "ip_vs_stats";
  const lines = text.split("\n");
  const totals = parseLine(lines[2] ?? "", 5, file, 3);
  const rates = parseLine(lines[5] ?? "", 5, file, 6);
  const [cps, ppsIn, ppsOut, bytesInPerSecond, bytesOutPerSecond] = rates as Five;
  return { ...toCounters(totals), cps, ppsIn, ppsOut, bytesInPerSecond, bytesOutPerSecond };
}

/**
 * Parses `/proc/net/ip_vs_stats_percpu`: a line for each possible CPU, up to the line with the
 * estimator's totals, which starts with `~`.
 *
 * @throws {DecodeError} if a line does not have six hexadecimal columns, a CPU occurs twice, or the
 * line with the totals is missing.
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
    if (cpu > MAX_CPU) {
      const word = line.trim().split(/\s+/)[0];
      throw new DecodeError(`Cannot parse ${file} line ${i + 1}: "${word}" is not a CPU number`);
    }
    if (seen.has(cpu)) {
      throw new DecodeError(`Cannot parse ${file} line ${i + 1}: CPU ${cpu} occurs twice`);
    }
    seen.add(cpu);
    cpus.push({ cpu, ...toCounters(values) });
  }
  throw new DecodeError(`Cannot parse ${file}: the line with the totals is missing`);
}
