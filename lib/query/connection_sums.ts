/**
 * Sums the connection table by everything but the client: protocol, virtual address and port, real
 * server, state and origin. The number of such groups is that of the servers and states, whatever
 * the number of connections.
 *
 * @module
 */
import { type ConnectionLine, DESTINATION, ORIGINS, VIRTUAL } from "../procfs/ip_vs_conn_line.ts";
import { KeyTable, withRoom } from "./key_table.ts";

/** Where the ranges of seconds until expiry begin; the last one has no end. */
export const EXPIRY_STARTS = [0, 10, 60, 120, 300, 600, 900, 3600] as const;

/** Connections to ports of a virtual server of any port can make very many groups. */
const MAXIMUM_GROUPS = 65_536;
const RANGES = EXPIRY_STARTS.length;
/** Two words for what is not an address, then the virtual and the destination address. */
const HEAD = 2, KEY = HEAD + 8;
const INET6 = 1 << 8, DESTINATION_INET6 = 1 << 9, NO_CLIENT_PORT = 1 << 10;
const ORIGIN_SHIFT = 11, STATE_SHIFT = 16;

/** Connections that differ only in the client and in the time until they expire. */
export interface ConnectionGroup {
  /** IANA number; 0 for the persistence templates of a fwmark. */
  readonly protocol: number;
  /** Whether client and virtual address are IPv6. */
  readonly isInet6: boolean;
  /** Whether the destination is IPv6. */
  readonly isDestinationInet6: boolean;
  /** Whether the client port is 0. */
  readonly hasNoClientPort: boolean;
  /** Virtual address in the first four words, destination in the next four. */
  readonly addresses: Uint32Array;
  /** 0 to 65535. */
  readonly virtualPort: number;
  /** 0 to 65535. */
  readonly destinationPort: number;
  /** The kernel's name, such as `ESTABLISHED`. */
  readonly state: string;
  /** One of {@linkcode ORIGINS}; null if the file does not report it. */
  readonly origin: string | null;
  /** Number of connections. */
  readonly count: number;
  /** Longest time until one expires, in seconds. */
  readonly longestExpiry: number;
  /** Number of connections by range of {@linkcode EXPIRY_STARTS}. */
  readonly expiries: readonly number[];
}

/** Adds up connections. */
export class ConnectionSums {
  readonly #table: KeyTable;
  #counts = new Uint32Array(1024);
  #longest = new Uint32Array(1024);
  #expiries = new Uint32Array(1024 * RANGES);
  #ungrouped = 0;

  /** Makes up to `maximum` groups. */
  constructor(maximum: number = MAXIMUM_GROUPS) {
    this.#table = new KeyTable(KEY, maximum);
  }

  /** Number of groups. */
  get size(): number {
    return this.#table.size;
  }

  /** Number of connections that are in no group, because there would be too many groups. */
  get ungrouped(): number {
    return this.#ungrouped;
  }

  /** Adds a connection; returns the number of its group, -1 if it is in none. */
  add(line: ConnectionLine): number {
    this.#setKey(line);
    const group = this.#table.find();
    if (group < 0) {
      this.#ungrouped++;
      return group;
    }
    if (group >= this.#counts.length) this.#grow(group);
    const { expires } = line;
    this.#counts[group]!++;
    if (expires > this.#longest[group]!) this.#longest[group] = expires;
    this.#expiries[group * RANGES + rangeOf(expires)]!++;
    return group;
  }

  /** A group by its number, from 0 on; `states` are those of the parser. */
  group(number: number, states: readonly string[]): ConnectionGroup {
    const key = this.#table.keyAt(number);
    const head = key[0]!, ports = key[1]!;
    return {
      protocol: head & 0xff,
      isInet6: (head & INET6) !== 0,
      isDestinationInet6: (head & DESTINATION_INET6) !== 0,
      hasNoClientPort: (head & NO_CLIENT_PORT) !== 0,
      addresses: key.subarray(HEAD),
      virtualPort: ports >>> 16,
      destinationPort: ports & 0xffff,
      state: states[head >>> STATE_SHIFT]!,
      origin: ORIGINS[(head >>> ORIGIN_SHIFT & 3) - 1] ?? null,
      count: this.#counts[number]!,
      longestExpiry: this.#longest[number]!,
      expiries: [...this.#expiries.subarray(number * RANGES, (number + 1) * RANGES)],
    };
  }

  #setKey(line: ConnectionLine): void {
    const { key } = this.#table, { addresses } = line;
    key[0] = line.protocol | (line.isInet6 ? INET6 : 0) |
      (line.isDestinationInet6 ? DESTINATION_INET6 : 0) |
      (line.clientPort === 0 ? NO_CLIENT_PORT : 0) |
      (line.origin + 1) << ORIGIN_SHIFT | line.state << STATE_SHIFT;
    key[1] = line.virtualPort << 16 | line.destinationPort;
    for (let word = 0; word < 4; word++) {
      key[HEAD + word] = addresses[VIRTUAL + word]!;
      key[HEAD + 4 + word] = addresses[DESTINATION + word]!;
    }
  }

  #grow(group: number): void {
    this.#counts = withRoom(this.#counts, group);
    this.#longest = withRoom(this.#longest, group);
    this.#expiries = withRoom(this.#expiries, this.#counts.length * RANGES - 1);
  }
}

/** Index of the range of {@linkcode EXPIRY_STARTS} that a number of seconds is in. */
function rangeOf(seconds: number): number {
  let range = RANGES - 1;
  while (seconds < EXPIRY_STARTS[range]!) range--;
  return range;
}
