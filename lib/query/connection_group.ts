/**
 * A group of connections: what all of them have in common, and their number.
 *
 * @module
 */
import { connectionAddress, connectionFamily } from "../ipvs/connection_names.ts";
import { protocolName } from "../ipvs/names.ts";
import { addressKey, fwmarkKey, joinHostPort } from "../ipvs/server_key.ts";
import { ORIGINS } from "../procfs/ip_vs_conn_line.ts";
import { HEAD, KEY, type Sums } from "./connection_key.ts";

/**
 * `connection`: a connection; `template`: keeps the real server of a client of a persistent virtual
 * server; `invalid-template`: one that the kernel no longer uses and that has not expired yet: its
 * real server was gone, or had weight 0 with expire_quiescent_template.
 */
export type ConnectionKind = "connection" | "template" | "invalid-template";

/** The protocol of the templates of fwmarks. */
const IPPROTO_IP = 0;
/** The destination port of a template that the kernel no longer uses. */
const INVALID_PORT = 0xffff;

/** Connections that differ only in the client and in the time until they expire. */
export class ConnectionGroup {
  readonly #sums: Sums;
  readonly #number: number;

  /** Views a group of the sums. */
  constructor(sums: Sums, number: number) {
    this.#sums = sums;
    this.#number = number;
  }

  /** Number of connections. */
  get count(): number {
    return this.#sums.countOf(this.#number);
  }

  /** Longest time until one expires, in seconds. */
  get longestExpiry(): number {
    return this.#sums.longestExpiryOf(this.#number);
  }

  /** Number of connections in a range of EXPIRY_STARTS. */
  countInRange(range: number): number {
    return this.#sums.countInRange(this.#number, range);
  }

  /** The kernel's name, such as `ESTABLISHED`. */
  get state(): string {
    return this.#sums.stateOf(this.#number);
  }

  /** `LOCAL` or `SYNC`; null if the file does not report it. */
  get origin(): string | null {
    return ORIGINS[(this.#word(KEY.head) >>> HEAD.originShift & 3) - 1] ?? null;
  }

  /**
   * The kind. Entries without a client port are templates if their state is one of templates, as it
   * is since Linux 4.19: expected data connections of FTP have no client port either.
   */
  get kind(): ConnectionKind {
    const hasClientPort = !this.#has(HEAD.noClientPort);
    const { state } = this;
    if (hasClientPort || (state !== "NONE" && state !== "ASSURED")) return "connection";
    return this.realPort === INVALID_PORT ? "invalid-template" : "template";
  }

  /** `tcp`, `udp`, `sctp` or a number; null for the templates of a fwmark. */
  get protocol(): string | null {
    const number = this.#protocol;
    return number === IPPROTO_IP ? null : protocolName(number);
  }

  /** `inet` or `inet6`. */
  get addressFamily(): "inet" | "inet6" {
    return connectionFamily(this.isInet6);
  }

  /** 1 to 4294967295; null for what is not a template of a fwmark. */
  get fwmark(): number | null {
    return this.#protocol === IPPROTO_IP ? this.virtualWords[0]! : null;
  }

  /** The virtual address; null for the templates of a fwmark. */
  get address(): string | null {
    if (this.#protocol === IPPROTO_IP) return null;
    return connectionAddress(this.isInet6, this.virtualWords);
  }

  /** The virtual port; 0 for templates of any port. */
  get port(): number {
    return this.#word(KEY.ports) >>> 16;
  }

  /** As in the key of a virtual server: `tcp 192.0.2.1:80` or `fwmark 7 inet`. */
  get service(): string {
    const { fwmark, protocol, address, port } = this;
    return fwmark === null
      ? addressKey(protocol!, address!, port)
      : fwmarkKey(fwmark, this.addressFamily);
  }

  /** Address of the real server. */
  get realAddress(): string {
    return connectionAddress(this.isRealInet6, this.realWords);
  }

  /** Port of the real server; 0 for templates of any port. */
  get realPort(): number {
    return this.#word(KEY.ports) & 0xffff;
  }

  /** Address and port of the real server as in its key; null without one, see cache_bypass. */
  get real(): string | null {
    const isBypassed = this.realPort === 0 && this.realWords.every((word) => word === 0);
    return isBypassed ? null : joinHostPort(this.realAddress, this.realPort);
  }

  /** Whether the virtual address is IPv6. */
  get isInet6(): boolean {
    return this.#has(HEAD.inet6);
  }

  /** Whether the address of the real server is IPv6. */
  get isRealInet6(): boolean {
    return this.#has(HEAD.destinationInet6);
  }

  /** The virtual address: four words as numbers, of which IPv4 uses the first. */
  get virtualWords(): readonly number[] {
    return KEY.virtual.map((word) => this.#word(word));
  }

  /** The address of the real server in the same form. */
  get realWords(): readonly number[] {
    return KEY.destination.map((word) => this.#word(word));
  }

  get #protocol(): number {
    return this.#word(KEY.head) >>> HEAD.protocolShift;
  }

  #has(flag: number): boolean {
    return (this.#word(KEY.head) & flag) !== 0;
  }

  #word(word: number): number {
    return this.#sums.word(this.#number, word);
  }
}
