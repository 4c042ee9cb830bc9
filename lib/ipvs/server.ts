/**
 * The model: a virtual or real server is a view of a decoded row, with a getter for each value. What
 * the kernel's numbers mean is interpreted here, once.
 *
 * @module
 */
import { fromHalves } from "../netlink/byte_order.ts";
import { SERVER, STATS } from "./columns.ts";
import { addressText, familyName, ipv4Number } from "./names.ts";
import { ifKnown } from "./unknown_value.ts";
import type { Network } from "./network.ts";
import { joinHostPort } from "./server_key.ts";
import { AF_INET } from "./uapi.ts";

/** Rates per second, measured between two snapshots. */
export interface Rates {
  /** Connections. */
  readonly cps: number;
  /** Packets from clients. */
  readonly ppsIn: number;
  /** Packets to clients. */
  readonly ppsOut: number;
  /** Bytes from clients. */
  readonly bytesInPerSecond: number;
  /** Bytes to clients. */
  readonly bytesOutPerSecond: number;
}

/** The name that the user gave to a server. */
export interface ServerName {
  /** As it is printed, such as `shop/web`. */
  readonly name: string;
  /** What else the user says about the server. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

/** What is known about a server apart from its row. */
export interface Additions {
  /** Rates since an earlier snapshot; undefined without one, and if there are none yet. */
  readonly measured?: Rates | undefined;
  /** Its name; undefined if it has none. */
  readonly named?: ServerName | undefined;
}

/**
 * What virtual and real servers have in common. Counters and rates are exact: a number below 2^53,
 * else a bigint. Counters start at 0 when a server is added or zeroed; rates are the kernel's moving
 * averages per second.
 */
export abstract class Server {
  /** The buffer with the row, in the host's byte order. */
  declare protected readonly words: Uint32Array;
  /** Index of the row's first column. */
  declare protected readonly at: number;
  /** What was added to the row. */
  declare protected readonly added: Additions;

  /** Views the row that begins at `words[at]`. */
  constructor(words: Uint32Array, at: number, added: Additions = NOTHING) {
    this.words = words;
    this.at = at;
    this.added = added;
  }

  /** Rates since an earlier snapshot; undefined without one, and if there are none yet. */
  get measured(): Rates | undefined {
    return this.added.measured;
  }

  /** The name that the user gave it; undefined if it has none. */
  get name(): string | undefined {
    return this.added.named?.name;
  }

  /** Name and labels that the user gave it; undefined if it has none. */
  get named(): ServerName | undefined {
    return this.added.named;
  }

  /** What else the user says about it, as `key=value`; undefined if nothing. */
  get nameLabels(): readonly string[] | undefined {
    const { labels } = this.added.named ?? {};
    return labels && Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  }

  /** Identifies the server, also across snapshots. */
  abstract get key(): string;

  /** `inet` or `inet6`; a real server's may differ from its virtual server's. */
  get addressFamily(): "inet" | "inet6" {
    return familyName(this.words[this.at + SERVER.addressFamily]!);
  }

  /** IPv4 in dotted decimal, IPv6 according to RFC 5952. */
  get address(): string | undefined {
    return addressText(
      this.words[this.at + SERVER.addressFamily]!,
      this.words,
      this.at + SERVER.address,
    );
  }

  /** The IPv4 address as an unsigned 32-bit number, 10.0.0.1 as 0x0a000001; undefined for IPv6. */
  get ipv4(): number | undefined {
    return this.words[this.at + SERVER.addressFamily] === AF_INET
      ? ipv4Number(this.words[this.at + SERVER.address]!)
      : undefined;
  }

  /** 0 to 65535. */
  get port(): number | undefined {
    return this.words[this.at + SERVER.port]!;
  }

  /** Whether its address is in a network. */
  isIn(network: Network): boolean {
    return this.words[this.at + SERVER.addressFamily] === network.family &&
      network.contains(this.words, this.at + SERVER.address);
  }

  /** Connections scheduled. */
  get connections(): number | bigint {
    return this.wide(STATS.connections);
  }

  /** Packets from clients. */
  get pktsIn(): number | bigint {
    return this.wide(STATS.pktsIn);
  }

  /** Packets to clients, if they pass through this machine. */
  get pktsOut(): number | bigint {
    return this.wide(STATS.pktsOut);
  }

  /** Bytes from clients. */
  get bytesIn(): number | bigint {
    return this.wide(STATS.bytesIn);
  }

  /** Bytes to clients, if they pass through this machine. */
  get bytesOut(): number | bigint {
    return this.wide(STATS.bytesOut);
  }

  /** Connections per second. */
  get cps(): number | bigint {
    return this.wide(STATS.cps);
  }

  /** Packets from clients per second. */
  get ppsIn(): number | bigint {
    return this.wide(STATS.ppsIn);
  }

  /** Packets to clients per second. */
  get ppsOut(): number | bigint {
    return this.wide(STATS.ppsOut);
  }

  /** Bytes from clients per second. */
  get bytesInPerSecond(): number | bigint {
    return this.wide(STATS.bytesInPerSecond);
  }

  /** Bytes to clients per second. */
  get bytesOutPerSecond(): number | bigint {
    return this.wide(STATS.bytesOutPerSecond);
  }

  /** All values by the names of their getters. JSON.stringify() leaves out those that are undefined. */
  toJSON(): Record<string, unknown> {
    const values: Record<string, unknown> = {};
    for (const prototype of prototypesOf(this)) {
      for (const [name, { get }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
        if (get === undefined || name in values) continue;
        const value: unknown = ifKnown((server) => get.call(server))(this);
        values[name] = typeof value === "bigint" ? rawJson(value) : value;
      }
    }
    return values;
  }

  /** The exact 64-bit value of a column and the one after it. */
  protected wide(column: number): number | bigint {
    return fromHalves(this.words[this.at + column]!, this.words[this.at + column + 1]!);
  }
}

const NOTHING: Additions = {};

/** The prototypes with getters, the most special one first. */
function* prototypesOf(server: Server): Generator<object> {
  let prototype: object = Object.getPrototypeOf(server);
  for (; prototype !== Object.prototype; prototype = Object.getPrototypeOf(prototype)) {
    yield prototype;
  }
}

/** Makes JSON.stringify() write the exact digits. */
function rawJson(value: bigint): unknown {
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(String(value));
}

/** Address and port in the row at `words[at]`: `10.0.0.1:80` or `[2001:db8::1]:80`. */
export function endpointText(words: Uint32Array, at: number): string {
  const address = addressText(words[at + SERVER.addressFamily]!, words, at + SERVER.address);
  return joinHostPort(address, words[at + SERVER.port]!);
}
