/**
 * A real server.
 *
 * @module
 */
import { DESTINATION } from "./columns.ts";
import { forwardingMethodName, tunnelChecksumName, tunnelTypeName } from "./names.ts";
import { endpointText, type Rates, Server } from "./server.ts";
import { IP_VS_CONN_F_FWD_MASK, IP_VS_CONN_F_TUNNEL } from "./uapi.ts";

/** `active`: weight above 0; `draining`: weight 0, connections left; `drained`: none left. */
export const REAL_SERVER_STATES = ["active", "draining", "drained"] as const;

/** One of {@linkcode REAL_SERVER_STATES}. */
export type RealServerState = typeof REAL_SERVER_STATES[number];

/** A real server (the kernel's destination) of one virtual server. */
export class RealServer extends Server {
  /** The same server with rates. */
  withRates(measured: Rates | undefined): RealServer {
    return new RealServer(this.words, this.at, measured);
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

  /** Number of connections above which it gets no new ones; 0 for no limit. */
  get upperThreshold(): number {
    return this.words[this.at + DESTINATION.upperThreshold]!;
  }

  /** Number of connections below which it gets new ones again. */
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

  /** Whether it takes new connections, and if not, whether some are left. */
  get state(): RealServerState {
    if (this.weight > 0) return "active";
    const left = this.activeConnections + this.inactiveConnections + this.persistentConnections;
    return left > 0 ? "draining" : "drained";
  }
}

function isTunnelled(words: Uint32Array, at: number): boolean {
  return (words[at + DESTINATION.forwardingMethod]! & IP_VS_CONN_F_FWD_MASK) ===
    IP_VS_CONN_F_TUNNEL;
}
