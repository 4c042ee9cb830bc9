/**
 * A real server.
 *
 * @module
 */
import { DESTINATION } from "./columns.ts";
import { forwardingMethodName, tunnelChecksumName, tunnelTypeName } from "./names.ts";
import { type Additions, endpointText, type Rates, Server, type ServerName } from "./server.ts";
import { IP_VS_CONN_F_FWD_MASK, IP_VS_CONN_F_TUNNEL } from "./uapi.ts";

/**
 * The states of a real server.
 *
 * With weight 0: `still-receiving` if the measured rates show new connections or packets from
 * clients, else `draining` if connections are left, else `drained`.
 *
 * With a weight above 0: `overloaded` at or above the upper threshold; `near-threshold` below it, but
 * not far enough for the kernel to readmit a server that was overloaded; `idle` if there are no
 * connections and the measured rates show no traffic; else `active`.
 *
 * `still-receiving` and `idle` need measured rates, so a second reading. They are never guessed.
 */
export const REAL_SERVER_STATES = [
  "active",
  "draining",
  "still-receiving",
  "drained",
  "overloaded",
  "near-threshold",
  "idle",
] as const;

/** One of {@linkcode REAL_SERVER_STATES}. */
export type RealServerState = typeof REAL_SERVER_STATES[number];

/** A real server (the kernel's destination) of one virtual server. */
export class RealServer extends Server {
  /** The same server with rates. */
  withRates(measured: Rates | undefined): RealServer {
    return this.remake({ ...this.added, measured });
  }

  /** The same server with a name. */
  withName(named: ServerName | undefined): RealServer {
    return this.remake({ ...this.added, named });
  }

  /** `10.0.0.1:80` or `[2001:db8::1]:80`, which is unique within its virtual server. */
  override get key(): string {
    return endpointText(this.words, this.at);
  }

  /** IPv4 in dotted decimal, IPv6 according to RFC 5952. */
  override get address(): string {
    return super.address!;
  }

  /** 0 to 65535; with a tunnel or direct routing the kernel keeps the virtual server's port. */
  override get port(): number {
    return super.port!;
  }

  /** `masq`, `local`, `tunnel`, `droute`, `bypass` or a number. */
  get forwardingMethod(): string {
    return forwardingMethodName(this.words[this.at + DESTINATION.forwardingMethod]!);
  }

  /** `ipip`, `gue`, `gre` or a number; undefined without a tunnel, as are the next two. */
  get tunnelType(): string | undefined {
    if (!isTunnelled(this.words, this.at)) return undefined;
    return tunnelTypeName(this.words[this.at + DESTINATION.tunnelType]!);
  }

  /** Outer UDP port of `gue`, else 0. */
  get tunnelPort(): number | undefined {
    return isTunnelled(this.words, this.at)
      ? this.words[this.at + DESTINATION.tunnelPort]!
      : undefined;
  }

  /** `nocsum`, `csum`, `remcsum` or a number. */
  get tunnelChecksum(): string | undefined {
    if (!isTunnelled(this.words, this.at)) return undefined;
    return tunnelChecksumName(this.words[this.at + DESTINATION.tunnelFlags]!);
  }

  /** 0 to 2147483647; a server of weight 0 gets no new connections from most schedulers. */
  get weight(): number {
    return this.words[this.at + DESTINATION.weight]!;
  }

  /** Number of connections at which schedulers stop choosing it; 0 for no limit. */
  get upperThreshold(): number {
    return this.words[this.at + DESTINATION.upperThreshold]!;
  }

  /**
   * Number of connections below which schedulers choose it again; 0 for three quarters of the upper
   * threshold.
   */
  get lowerThreshold(): number {
    return this.words[this.at + DESTINATION.lowerThreshold]!;
  }

  /** Established connections now. */
  get activeConnections(): number {
    return this.words[this.at + DESTINATION.activeConnections]!;
  }

  /** Connections now that are not established. */
  get inactiveConnections(): number {
    return this.words[this.at + DESTINATION.inactiveConnections]!;
  }

  /** Persistence templates now. */
  get persistentConnections(): number {
    return this.words[this.at + DESTINATION.persistentConnections]!;
  }

  /** Whether schedulers can choose it: the weight is above 0, and it is not overloaded. */
  get usable(): boolean {
    return this.weight > 0 && !this.#isOverloaded;
  }

  /** One of {@linkcode REAL_SERVER_STATES}. */
  get state(): RealServerState {
    return this.weight > 0 ? this.#stateInService() : this.#stateAtWeightZero();
  }

  /** The same row with other additions. */
  protected remake(added: Additions): RealServer {
    return new RealServer(this.words, this.at, added);
  }

  #stateInService(): RealServerState {
    if (this.#isOverloaded) return "overloaded";
    if (this.#isNearThreshold) return "near-threshold";
    return isQuiet(this.measured) && !this.#hasConnections ? "idle" : "active";
  }

  #stateAtWeightZero(): RealServerState {
    if (isReceiving(this.measured)) return "still-receiving";
    return this.#hasConnections ? "draining" : "drained";
  }

  /** The connections that count for the thresholds: the kernel leaves out persistence templates. */
  get #load(): number {
    return this.activeConnections + this.inactiveConnections;
  }

  /** The kernel sets IP_VS_DEST_F_OVERLOAD when a connection makes the number reach the threshold. */
  get #isOverloaded(): boolean {
    const upper = this.upperThreshold;
    return upper !== 0 && this.#load >= upper;
  }

  /**
   * Whether the kernel, if it has set the flag, has not cleared it yet: it does so below the lower
   * threshold, or where there is none, below three quarters of the upper one.
   */
  get #isNearThreshold(): boolean {
    const upper = this.upperThreshold;
    return upper !== 0 && this.#load >= (this.lowerThreshold || upper * 3 / 4);
  }

  get #hasConnections(): boolean {
    return this.#load > 0 || this.persistentConnections > 0;
  }
}

function isReceiving(rates: Rates | undefined): boolean {
  return rates !== undefined && (rates.cps > 0 || rates.ppsIn > 0);
}

function isQuiet(rates: Rates | undefined): boolean {
  return rates !== undefined && rates.cps === 0 && rates.ppsIn === 0 && rates.ppsOut === 0;
}

function isTunnelled(words: Uint32Array, at: number): boolean {
  return (words[at + DESTINATION.forwardingMethod]! & IP_VS_CONN_F_FWD_MASK) ===
    IP_VS_CONN_F_TUNNEL;
}
