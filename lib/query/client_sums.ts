/**
 * Sums the connection table by the client's address or network.
 *
 * @module
 */
import { CLIENT, type ConnectionLine } from "../procfs/ip_vs_conn_line.ts";
import { KeyTable, withRoom } from "./key_table.ts";

/** About 11 MB of memory. */
const MAXIMUM_NETWORKS = 262_144;
const WORDS = 4;

/** Prefix lengths that clients are summed by. */
export interface Prefixes {
  /** 0 to 32. */
  readonly inet: number;
  /** 0 to 128. */
  readonly inet6: number;
}

/** The connections of a client network. */
export interface ClientNetwork {
  readonly isInet6: boolean;
  /** The first address: four words as numbers, of which IPv4 uses the first. */
  readonly address: Uint32Array;
  /** The prefix length. */
  readonly prefix: number;
  /** Number of connections, without persistence templates. */
  readonly connections: number;
  /** Number of persistence templates. */
  readonly templates: number;
}

/** Adds up connections by client network. */
export class ClientSums {
  readonly #table: KeyTable;
  readonly #prefixes: Prefixes;
  readonly #masks: readonly [inet: Uint32Array, inet6: Uint32Array];
  #connections = new Uint32Array(1024);
  #templates = new Uint32Array(1024);
  #uncounted = 0;

  /** Makes up to `maximum` networks with these prefix lengths. */
  constructor(prefixes: Prefixes, maximum: number = MAXIMUM_NETWORKS) {
    this.#prefixes = prefixes;
    this.#masks = [maskOf(prefixes.inet), maskOf(prefixes.inet6)];
    this.#table = new KeyTable(WORDS + 1, maximum);
  }

  /** Number of networks. */
  get size(): number {
    return this.#table.size;
  }

  /** Connections and templates of networks that were first met when there were too many. */
  get uncounted(): number {
    return this.#uncounted;
  }

  /** Adds a connection or a persistence template. */
  add(line: ConnectionLine, isTemplate: boolean): void {
    const { key } = this.#table, mask = this.#masks[line.isInet6 ? 1 : 0];
    for (let i = 0; i < WORDS; i++) key[1 + i] = line.addresses[CLIENT + i]! & mask[i]!;
    key[0] = line.isInet6 ? 1 : 0;
    const network = this.#table.find(line.isInet6 ? 1 + WORDS : 2);
    if (network < 0) {
      this.#uncounted++;
      return;
    }
    this.#connections = withRoom(this.#connections, network);
    this.#templates = withRoom(this.#templates, network);
    const counts = isTemplate ? this.#templates : this.#connections;
    counts[network]!++;
  }

  /** The networks with the most connections and templates, at most `count` of them. */
  top(count: number): ClientNetwork[] {
    const totals = this.#connections.map((connections, i) => connections + this.#templates[i]!);
    const order = Uint32Array.from({ length: this.size }, (_, network) => network);
    // Networks with equal numbers are ordered by family and address.
    order.sort((a, b) => totals[b]! - totals[a]! || this.#compare(a, b));
    return Array.from(order.subarray(0, count), (network) => this.#network(network));
  }

  #compare(a: number, b: number): number {
    let difference = 0;
    for (let i = 0; i <= WORDS && difference === 0; i++) {
      difference = this.#table.word(a, i) - this.#table.word(b, i);
    }
    return difference;
  }

  #network(network: number): ClientNetwork {
    const isInet6 = this.#table.word(network, 0) === 1;
    return {
      isInet6,
      address: Uint32Array.from({ length: WORDS }, (_, i) => this.#table.word(network, 1 + i)),
      prefix: isInet6 ? this.#prefixes.inet6 : this.#prefixes.inet,
      connections: this.#connections[network]!,
      templates: this.#templates[network]!,
    };
  }
}

function maskOf(prefix: number): Uint32Array {
  return Uint32Array.from({ length: WORDS }, (_, word) => {
    const bits = Math.min(32, Math.max(0, prefix - 32 * word));
    return bits === 0 ? 0 : -1 << (32 - bits);
  });
}
