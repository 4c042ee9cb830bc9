/**
 * `/proc/net/ip_vs_status`, which exists since Linux 7.1 and which only root may read: how full the
 * hash tables of one network namespace are, and how much its estimator can do.
 *
 * @module
 */
import { DecodeError } from "../netlink/errors.ts";

/** A hash table, which grows and shrinks with what it holds. */
export interface HashTable {
  /** Number of buckets; 0 if the table does not exist yet. */
  readonly buckets: number;
  /**
   * The load factor that the table has been sized by, -8 to 8: the table grows when it holds more
   * than 2^loadFactor entries per bucket. null if the table does not exist yet.
   */
  readonly loadFactor: number | null;
  /**
   * Number of buckets with 0, 1, 2, … 6 entries, and with 7 or more. While the table is resized,
   * this covers the old and the new one. null if the kernel reports none: the table is empty, or
   * was replaced too often while it was read.
   */
  readonly bucketsByLength: readonly number[] | null;
}

/** The kernel threads that estimate, since Linux 6.2. */
export interface EstimatorStatus {
  /** Slots allocated for threads. The first one exists even if no thread runs. */
  readonly threadSlots: number;
  /** Maximum number of slots; null before the first virtual server is added. */
  readonly threadSlotsLimit: number | null;
  /** Maximum length of a chain of estimators; null until the kernel has measured its own speed. */
  readonly chainLengthLimit: number | null;
  /** Number of estimators that one thread can handle; null until the kernel has measured. */
  readonly threadCapacity: number | null;
}

/** What the kernel reports about itself. */
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
const SHARE = /^(\d{1,15}) \(\d+%\)$/;
const SLOTS = /^(\d{1,15}) \(max (\d{1,15})\)$/;
const LONGEST = 7;
/** Every number of the file has 32 bits in the kernel. */
const LARGEST = 2 ** 32 - 1;

/** The text behind each line's name. */
type Lines = ReadonlyMap<string, string>;

/**
 * Parses `/proc/net/ip_vs_status`. Lines of an unknown name are skipped: a newer kernel may have
 * more of them.
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
 * @throws {DecodeError} if a line is missing, occurs twice, has another form, or a number beyond 32 bits.
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
      throw new DecodeError(`Cannot parse ${FILE} line ${i + 1}: not a name, a colon and a tab`);
    }
    if (lines.has(name)) {
      throw new DecodeError(`Cannot parse ${FILE} line ${i + 1}: "${name}" occurs twice`);
    }
    lines.set(name, value);
  }
  return lines;
}

/** The numbers in the value of a line, by a pattern with a group for each. */
function read(lines: Lines, name: string, pattern: RegExp): [number, number] {
  const value = lines.get(name);
  if (value === undefined) throw new DecodeError(`Cannot parse ${FILE}: no line "${name}"`);
  const match = pattern.exec(value);
  if (match === null) {
    throw new DecodeError(`Cannot parse ${FILE}: "${name}" has the unknown value "${value}"`);
  }
  const numbers: [number, number] = [Number(match[1]), Number(match[2])];
  if (numbers.some((number) => number > LARGEST)) {
    throw new DecodeError(`Cannot parse ${FILE}: "${name}" has more than 32 bits: "${value}"`);
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

/** The kernel leaves out a length that no bucket has, except that of empty buckets. */
function readLengths(lines: Lines, name: string): number[] | null {
  if (!lines.has(`${name} empty`)) return null;
  const counts = [read(lines, `${name} empty`, SHARE)[0]];
  for (let length = 1; length <= LONGEST; length++) {
    const line = `${name} len-${length}`;
    counts.push(lines.has(line) ? read(lines, line, SHARE)[0] : 0);
  }
  return counts;
}

/** The kernel prints 0 for what it has not determined yet. */
function knownOrNull(value: number): number | null {
  return value === 0 ? null : value;
}
