/**
 * Servers that were read from `/proc/net/ip_vs`, which has only some of their values. A getter of any
 * other value throws.
 *
 * @module
 */
import { SERVER } from "./columns.ts";
import { RealServer, type RealServerState } from "./real_server.ts";
import type { Additions } from "./server.ts";
import type { ServerList } from "./server_list.ts";
import { UnknownValueError } from "./unknown_value.ts";
import { VirtualServer, type VirtualServerState } from "./virtual_server.ts";

/** A virtual server; the row's address family is 0 if it is not known, as for some fwmarks. */
export class ProcVirtualServer extends VirtualServer {
  /** `inet` or `inet6`. */
  override get addressFamily(): "inet" | "inet6" {
    if (this.#hasFamily) return super.addressFamily;
    throw this.#unknown("The address family");
  }

  /** As of any virtual server; `fwmark 7` if its address family is not known. */
  override get key(): string {
    return this.#hasFamily ? super.key : `fwmark ${this.fwmark}`;
  }

  /** Not known. */
  override get schedFlags(): never {
    throw this.#unknown("The scheduler flags");
  }

  /** Not known. */
  override get flags(): never {
    throw this.#unknown("The flags");
  }

  /** Not known. */
  override get pe(): never {
    throw this.#unknown("The persistence engine");
  }

  /** Whether each packet is scheduled individually; not known for IPv6. */
  override get onePacket(): boolean {
    if (this.fwmark !== undefined || this.addressFamily === "inet") return super.onePacket;
    throw this.#unknown("One-packet scheduling");
  }

  /** Prefix length that groups clients for persistence; not known without it. */
  override get netmask(): number {
    if (this.persistent && this.#hasFamily) return super.netmask;
    throw this.#unknown("The netmask");
  }

  /** 0 without persistence; else not known, as the file has ticks of unknown length. */
  override get persistenceTimeout(): number {
    if (!this.persistent) return 0;
    throw this.#unknown("The persistence timeout");
  }

  /** `empty`, or `down` if all weights are 0; else not known, as the file has no thresholds. */
  override get state(): VirtualServerState {
    if (this.allRealServers.length === 0) return "empty";
    if ([...this.allRealServers].every(({ weight }) => weight === 0)) return "down";
    throw this.#unknown("The state");
  }

  /** Counters and rates are not known. */
  protected override wide(): never {
    throw this.#unknown("A counter or a rate");
  }

  protected override remake(
    realServers: ServerList<RealServer>,
    added: Additions,
    all?: ServerList<RealServer>,
  ): ProcVirtualServer {
    return new ProcVirtualServer(this.words, this.at, realServers, added, all);
  }

  get #hasFamily(): boolean {
    return this.words[this.at + SERVER.addressFamily] !== 0;
  }

  #unknown(what: string): UnknownValueError {
    return new UnknownValueError(`${what} of ${this.key}`);
  }
}

/** A real server. */
export class ProcRealServer extends RealServer {
  /** Undefined without a tunnel, else not known, as the next two. */
  override get tunnelType(): string | undefined {
    return this.#tunnel("The tunnel type");
  }

  /** The outer UDP port. */
  override get tunnelPort(): number | undefined {
    return this.#tunnel("The tunnel port");
  }

  /** The checksums in the tunnel. */
  override get tunnelChecksum(): string | undefined {
    return this.#tunnel("The tunnel checksum");
  }

  /** Not known. */
  override get upperThreshold(): never {
    throw this.#unknown("The upper threshold");
  }

  /** Not known. */
  override get lowerThreshold(): never {
    throw this.#unknown("The lower threshold");
  }

  /** Not known. */
  override get persistentConnections(): never {
    throw this.#unknown("The number of persistence templates");
  }

  /** False with weight 0; else not known. */
  override get usable(): boolean {
    if (this.weight === 0) return false;
    throw this.#unknown("Whether connections are below the threshold");
  }

  /** `draining` with weight 0 and connections; else not known. */
  override get state(): RealServerState {
    if (this.weight === 0 && this.activeConnections + this.inactiveConnections > 0) {
      return "draining";
    }
    throw this.#unknown("The state");
  }

  /** Counters and rates are not known. */
  protected override wide(): never {
    throw this.#unknown("A counter or a rate");
  }

  protected override remake(added: Additions): ProcRealServer {
    return new ProcRealServer(this.words, this.at, added);
  }

  #tunnel(what: string): undefined {
    if (this.forwardingMethod === "tunnel") throw this.#unknown(what);
    return undefined;
  }

  #unknown(what: string): UnknownValueError {
    return new UnknownValueError(`${what} of ${this.key}`);
  }
}
