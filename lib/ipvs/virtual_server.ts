/**
 * A virtual server.
 *
 * @module
 */
import { PRESENT, SERVER, SERVICE } from "./columns.ts";
import { familyName, nameText, prefixLength, protocolName, schedFlagNames } from "./names.ts";
import type { Network } from "./network.ts";
import type { RealServer } from "./real_server.ts";
import { type Additions, endpointText, type Rates, Server, type ServerName } from "./server.ts";
import { fwmarkKey } from "./server_key.ts";
import type { ServerList } from "./server_list.ts";
import { IP_VS_SVC_F_ONEPACKET, IP_VS_SVC_F_PERSISTENT, IPVS_SVC_ATTR } from "./uapi.ts";

const PE_NAME = 1 << IPVS_SVC_ATTR.IPVS_SVC_ATTR_PE_NAME;

/**
 * `ok`: every real server is {@linkcode RealServer.usable}; `degraded`: some are; `down`: none is;
 * `empty`: there are no real servers.
 */
export const VIRTUAL_SERVER_STATES = ["ok", "degraded", "down", "empty"] as const;

/** One of {@linkcode VIRTUAL_SERVER_STATES}. */
export type VirtualServerState = typeof VIRTUAL_SERVER_STATES[number];

/** A virtual server (the kernel's service): a fwmark, or protocol, address and port. */
export class VirtualServer extends Server {
  /** Its real servers by address family, address and port, or those that were selected of them. */
  declare readonly realServers: ServerList<RealServer>;
  /** All its real servers: its state depends on those that were not selected, too. */
  declare readonly allRealServers: ServerList<RealServer>;

  /** Views the row that begins at `words[at]`. */
  constructor(
    words: Uint32Array,
    at: number,
    realServers: ServerList<RealServer>,
    added?: Additions,
    allRealServers: ServerList<RealServer> = realServers,
  ) {
    super(words, at, added);
    this.realServers = realServers;
    this.allRealServers = allRealServers;
  }

  /** The same server with rates, and with real servers that have rates. */
  withRates(measured: Rates | undefined, realServers: ServerList<RealServer>): VirtualServer {
    return this.remake(realServers, { ...this.added, measured });
  }

  /** The same server with a name, and with real servers that have names. */
  withName(named: ServerName | undefined, realServers: ServerList<RealServer>): VirtualServer {
    return this.remake(realServers, { ...this.added, named });
  }

  /** The same server with a selection of its real servers, or with another order of them. */
  withSelected(realServers: ServerList<RealServer>): VirtualServer {
    return this.remake(realServers, this.added, this.allRealServers);
  }

  /** `tcp 10.0.0.1:80`, `udp [2001:db8::1]:53` or `fwmark 7 inet6`. */
  override get key(): string {
    return serviceKey(this.words, this.at);
  }

  /** 1 to 4294967295; undefined for a virtual server with an address. */
  get fwmark(): number | undefined {
    return this.words[this.at + SERVICE.fwmark] || undefined;
  }

  /** `tcp`, `udp`, `sctp` or a number; undefined with a fwmark, as are address and port. */
  get protocol(): string | undefined {
    return hasFwmark(this.words, this.at)
      ? undefined
      : protocolName(this.words[this.at + SERVICE.protocol]!);
  }

  /** IPv4 in dotted decimal, IPv6 according to RFC 5952; undefined with a fwmark. */
  override get address(): string | undefined {
    return hasFwmark(this.words, this.at) ? undefined : super.address;
  }

  /** The IPv4 address as a number; undefined for IPv6 and with a fwmark. */
  override get ipv4(): number | undefined {
    return hasFwmark(this.words, this.at) ? undefined : super.ipv4;
  }

  /** 0 to 65535; 0 for any port. */
  override get port(): number | undefined {
    return hasFwmark(this.words, this.at) ? undefined : super.port;
  }

  /** Whether its address is in a network; false with a fwmark. */
  override isIn(network: Network): boolean {
    return !hasFwmark(this.words, this.at) && super.isIn(network);
  }

  /** The scheduler, or `none`. */
  get sched(): string {
    return nameText(this.words, this.at + SERVICE.schedName);
  }

  /** The scheduler's flags, such as `mh-port`. */
  get schedFlags(): readonly string[] {
    return schedFlagNames(this.sched, this.flags);
  }

  /** The kernel's IP_VS_SVC_F_* bits. */
  get flags(): number {
    return this.words[this.at + SERVICE.flags]!;
  }

  /** The persistence engine; undefined if there is none. */
  get pe(): string | undefined {
    if ((this.words[this.at + PRESENT]! & PE_NAME) === 0) return undefined;
    return nameText(this.words, this.at + SERVICE.peName);
  }

  /** Prefix length that groups clients for persistence: 0 to 32 for IPv4, 0 to 128 for IPv6. */
  get netmask(): number {
    return prefixLength(
      this.words[this.at + SERVER.addressFamily]!,
      this.words[this.at + SERVICE.netmask]!,
    );
  }

  /** Whether each packet is scheduled individually. */
  get onePacket(): boolean {
    return this.hasFlag(IP_VS_SVC_F_ONEPACKET);
  }

  /** Whether a client stays with its real server. */
  get persistent(): boolean {
    return this.hasFlag(IP_VS_SVC_F_PERSISTENT);
  }

  /** Seconds; 0 without persistence. */
  get persistenceTimeout(): number {
    return this.words[this.at + SERVICE.timeout]!;
  }

  /** Whether its real servers can take new connections. */
  get state(): VirtualServerState {
    const { length } = this.allRealServers;
    let usable = 0;
    for (const real of this.allRealServers) if (real.usable) usable++;
    if (length === 0) return "empty";
    return usable === length ? "ok" : usable === 0 ? "down" : "degraded";
  }

  /** All values by the names of their getters, and the real servers. */
  override toJSON(): Record<string, unknown> {
    return { ...super.toJSON(), realServers: this.realServers };
  }

  /** Whether a bit is set in the row's flags. */
  protected hasFlag(bit: number): boolean {
    return (this.words[this.at + SERVICE.flags]! & bit) !== 0;
  }

  /** The same row with other real servers and additions. */
  protected remake(
    realServers: ServerList<RealServer>,
    added: Additions,
    all?: ServerList<RealServer>,
  ): VirtualServer {
    return new VirtualServer(this.words, this.at, realServers, added, all);
  }
}

function hasFwmark(words: Uint32Array, at: number): boolean {
  return words[at + SERVICE.fwmark] !== 0;
}

/** The key of the virtual server in the row that begins at `words[at]`. */
export function serviceKey(words: Uint32Array, at: number): string {
  const family = words[at + SERVICE.addressFamily]!;
  const fwmark = words[at + SERVICE.fwmark]!;
  if (fwmark !== 0) return fwmarkKey(fwmark, familyName(family));
  const protocol = protocolName(words[at + SERVICE.protocol]!);
  return `${protocol} ${endpointText(words, at)}`;
}
