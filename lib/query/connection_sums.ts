/**
 * Sums the connection table by everything but the client: protocol, virtual address and port, real
 * server, state and origin. The number of such groups is that of the servers and states, whatever
 * the number of connections.
 *
 * @module
 */
import { type ConnectionLine, DESTINATION, VIRTUAL } from "../procfs/ip_vs_conn_line.ts";
import { ConnectionGroup } from "./connection_group.ts";
import { compareKeys, HEAD, KEY, type Sums } from "./connection_key.ts";
import { KeyTable, withRoom } from "./key_table.ts";

/** Where the ranges of seconds until expiry begin; the last one has no end. */
export const EXPIRY_STARTS = [0, 10, 60, 120, 300, 600, 900, 3600] as const;

/** Connections to ports of a virtual server of any port can make very many groups. */
const MAXIMUM_GROUPS = 65_536;
const RANGES = EXPIRY_STARTS.length;

/** Adds up connections. */
export class ConnectionSums implements Sums {
  readonly #table: KeyTable;
  readonly #states: () => readonly string[];
  #counts = new Uint32Array(1024);
  #longest = new Uint32Array(1024);
  #expiries = new Uint32Array(1024 * RANGES);
  #ungrouped = 0;

  /** Makes up to `maximum` groups; `states` returns the names that the parser found so far. */
  constructor(states: () => readonly string[], maximum: number = MAXIMUM_GROUPS) {
    this.#states = states;
    this.#table = new KeyTable(KEY.width, maximum);
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
    const group = this.#table.find(this.#setKey(line));
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

  /** A group by its number, from 0 on. */
  group(number: number): ConnectionGroup {
    return new ConnectionGroup(this, number);
  }

  /** All groups by protocol, virtual server, real server and state. */
  sorted(): ConnectionGroup[] {
    const order = Uint32Array.from({ length: this.size }, (_, number) => number);
    order.sort((a, b) => compareKeys(this, a, b));
    return Array.from(order, (number) => this.group(number));
  }

  /** A word of the key of a group. */
  word(number: number, word: number): number {
    return this.#table.word(number, word);
  }

  /** The name of a group's state. */
  stateOf(number: number): string {
    return this.#states()[this.word(number, KEY.head) & HEAD.stateMask]!;
  }

  /** Number of connections of a group. */
  countOf(number: number): number {
    return this.#counts[number]!;
  }

  /** Longest time until a connection of a group expires, in seconds. */
  longestExpiryOf(number: number): number {
    return this.#longest[number]!;
  }

  /** Number of connections of a group in a range of {@linkcode EXPIRY_STARTS}. */
  countInRange(number: number, range: number): number {
    return this.#expiries[number * RANGES + range]!;
  }

  /** Fills in the key; returns the number of words to compare. */
  #setKey(line: ConnectionLine): number {
    const { key } = this.#table, { addresses } = line;
    key[KEY.head] = line.protocol << HEAD.protocolShift | (line.isInet6 ? HEAD.inet6 : 0) |
      (line.isDestinationInet6 ? HEAD.destinationInet6 : 0) |
      (line.clientPort === 0 ? HEAD.noClientPort : 0) |
      (line.origin + 1) << HEAD.originShift | line.state;
    key[KEY.ports] = line.virtualPort << 16 | line.destinationPort;
    key[KEY.virtual[0]] = addresses[VIRTUAL]!;
    key[KEY.destination[0]] = addresses[DESTINATION]!;
    if (!line.isInet6 && !line.isDestinationInet6) return KEY.widthInet;
    for (let word = 1; word < 4; word++) {
      key[KEY.virtual[word]!] = addresses[VIRTUAL + word]!;
      key[KEY.destination[word]!] = addresses[DESTINATION + word]!;
    }
    return KEY.width;
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
