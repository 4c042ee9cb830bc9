/**
 * Parses `/proc/net/ip_vs_status`: the use of the hash tables of a network namespace, and the
 * capacity of its estimator. The file exists since Linux 7.1, and only root can read it.
 *
 * @module
 */
import { DecodeError } from "../netlink/errors.ts";

/** A hash table that grows and shrinks with its number of entries. */
export interface HashTable {
  /** Number of buckets; 0 if the table does not exist yet. */
  readonly buckets: number;
  /**
   * The load factor that determines the size, -8 to 8: the table grows when it has more than
   * 2^loadFactor entries per bucket. null if the table does not exist yet.
   */
  readonly loadFactor: number | null;
  /**
   * Number of buckets with 0, 1, 2, … 6 entries, and with 7 or more. While the table is resized,
   * this covers the old and the new one. null if the kernel does not report it: the table is empty,
   * or it was replaced too often while it was read.
   */
  readonly bucketsByLength: readonly number[] | null;
}

/** The kernel threads of the estimator, which exist since Linux 6.2. */
export interface EstimatorStatus {
  /** Slots allocated for threads. The first one exists even if no thread runs. */
  readonly threadSlots: number;
  /** Maximum number of slots; null before the first virtual server is added. */
  readonly threadSlotsLimit: number | null;
  /** Maximum length of a chain of estimators; null until the kernel has measured it. */
  readonly chainLengthLimit: number | null;
  /** Number of estimators that one thread can handle; null until the kernel has measured it. */
  readonly threadCapacity: number | null;
}

/** The contents of `/proc/net/ip_vs_status`. */
export interface KernelStatus {
  /** Number of connections, including persistence templates. */
  readonly connections: number;
  /** The connection table. A connection of forwarding method masq has two entries. */
  readonly connectionTable: HashTable;
  /** Number of virtual servers. */
  readonly virtualServers: number;
  /** The table of virtual servers. */
  readonly serviceTable: HashTable;
  /** The estimator. */
  readonly estimator: EstimatorStatus;
}

const FILE = "ip_vs_status";
const COUNT = /^(\d{1,15})$/;
const SIZE = /^(\d{1,15}) \(\d+ bits, lfactor (-?\d{1,3})\)$/;
const COUNT_AND_PERCENT = /^(\d{1,15}) \(\d+%\)$/;
const SLOTS = /^(\d{1,15}) \(max (\d{1,15})\)$/;
/** The last of the reported lengths: 7 or more. */
const MAX_LENGTH = 7;
/** Every number in the file has 32 bits in the kernel. */
const MAX_VALUE = 2 ** 32 - 1;

/** The value of each line by its name. */
type Lines = ReadonlyMap<string, string>;

/**
 * Parses `/proc/net/ip_vs_status`. Lines with an unknown name are skipped, as newer kernels may add
 * some.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseStatus } from "./ip_vs_status.ts";
 *
 * const status = parseStatus(`Conns:\t0
 * Conn buckets:\t256 (8 bits, lfactor -4)
 * Services:\t0
 * Service buckets:\t0 (0 bits, lfactor 0)
 * Stats thread slots:\t1 (max 4)
 * Stats chain max len:\t3958
 * Stats thread ests:\t9499200
 * `);
 * assert(status.connectionTable.buckets === 256 && status.serviceTable.loadFactor === null);
 * ```
 *
 * @throws {DecodeError} if a line is missing, occurs twice or is malformed, or a number exceeds 32
 * bits.
 */
export function parseStatus(text: string): KernelStatus {
  const lines = readLines(text);
  const [connections] = read(lines, "Conns", COUNT);
  const [virtualServers] = read(lines, "Services", COUNT);
  const [threadSlots, threadSlotsLimit] = read(lines, "Stats thread slots", SLOTS);
  const [chainLengthLimit] = read(lines, "Stats chain max len", COUNT);
  const [threadCapacity] = read(lines, "Stats thread ests", COUNT);
  return {
    connections,
    connectionTable: readTable(lines, "Conn"),
    virtualServers,
    serviceTable: readTable(lines, "Service"),
    estimator: {
      threadSlots,
      threadSlotsLimit: knownOrNull(threadSlotsLimit),
      chainLengthLimit: knownOrNull(chainLengthLimit),
      threadCapacity: knownOrNull(threadCapacity),
    },
  };
}

function readLines(text: string): Lines {
  const lines = new Map<string, string>();
  for (const [i, line] of text.replace(/\n$/, "").split("\n").entries()) {
    const [, name, value] = /^([^:]+):\t(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) {
      throw new DecodeError(
        `Cannot parse ${FILE} line ${i + 1}: a name, a colon and a tab are expected`,
      );
    }
    if (lines.has(name)) {
      throw new DecodeError(`Cannot parse ${FILE} line ${i + 1}: "${name}" occurs twice`);
    }
    lines.set(name, value);
  }
  return lines;
}

/** Reads the numbers in the value of a line; `pattern` has a group for each. */
function read(lines: Lines, name: string, pattern: RegExp): [number, number] {
  const value = lines.get(name);
  if (value === undefined) {
    throw new DecodeError(`Cannot parse ${FILE}: the line "${name}" is missing`);
  }
  const match = pattern.exec(value);
  if (match === null) {
    throw new DecodeError(`Cannot parse ${FILE}: "${name}" has the unknown value "${value}"`);
  }
  const numbers: [number, number] = [Number(match[1]), Number(match[2])];
  if (numbers.some((number) => number > MAX_VALUE)) {
    throw new DecodeError(`Cannot parse ${FILE}: "${name}" exceeds 32 bits: "${value}"`);
  }
  return numbers;
}

function readTable(lines: Lines, name: string): HashTable {
  const [buckets, loadFactor] = read(lines, `${name} buckets`, SIZE);
  return {
    buckets,
    loadFactor: buckets === 0 ? null : loadFactor,
    bucketsByLength: readLengths(lines, `${name} buckets`),
  };
}

/**
 * Reads the numbers of buckets by length. The kernel omits a length, except 0, that no bucket has.
 */
function readLengths(lines: Lines, name: string): number[] | null {
  if (!lines.has(`${name} empty`)) return null;
  const counts = [read(lines, `${name} empty`, COUNT_AND_PERCENT)[0]];
  for (let length = 1; length <= MAX_LENGTH; length++) {
    const line = `${name} len-${length}`;
    counts.push(lines.has(line) ? read(lines, line, COUNT_AND_PERCENT)[0] : 0);
  }
  return counts;
}

/** The kernel prints 0 for a value that it has not determined yet. */
function knownOrNull(value: number): number | null {
  return value === 0 ? null : value;
}
