/**
 * Joins connections to the table of servers, as far as the connection table allows: it has neither
 * the fwmark of a connection nor a reference to its real server.
 *
 * @module
 */
import type { RealServer } from "../ipvs/real_server.ts";
import { addressKey } from "../ipvs/server_key.ts";
import type { VirtualServer } from "../ipvs/virtual_server.ts";
import type { ConnectionGroup } from "./connection_group.ts";

/**
 * Why connections are stale: their virtual server or their real server is not in the table, or the
 * real server has weight 0.
 */
export const STALE_REASONS = ["virtual-server-gone", "real-server-gone", "weight-0"] as const;

/** One of {@linkcode STALE_REASONS}. */
export type StaleReason = typeof STALE_REASONS[number];

/** A real server that connections can belong to, and its virtual server. */
export interface ServerMatch {
  readonly virtual: VirtualServer;
  readonly real: RealServer;
}

/** What the table says about connections. */
export interface Join {
  /** The virtual server; undefined if it is not in the table, or if there are several candidates. */
  readonly virtual: VirtualServer | undefined;
  /** The real servers that the connections can belong to. */
  readonly matches: readonly ServerMatch[];
  /** null if some of the matches have weight 0, and others do not. */
  readonly stale: boolean | null;
  /** undefined for connections that are not stale. */
  readonly reason: StaleReason | undefined;
}

const ANY_PORT = 0, FTP_DATA_PORT = 20, FTP_PORT = 21, FIRST_UNPRIVILEGED_PORT = 1024;
const INVALID_PORT = 0xffff;

/** Of connections that have no real server: cache_bypass sends them to where the client wanted. */
const UNMATCHED: Join = { virtual: undefined, matches: [], stale: false, reason: undefined };

/** The real servers of a virtual server by address. */
type Reals = ReadonlyMap<string, readonly RealServer[]>;

/** Finds the servers of connections. */
export class ServerIndex {
  readonly #virtuals = new Map<string, VirtualServer>();
  readonly #fwmarks: VirtualServer[] = [];
  readonly #reals = new Map<VirtualServer, Reals>();

  /** Indexes the servers of a snapshot. */
  constructor(virtualServers: Iterable<VirtualServer>) {
    for (const virtual of virtualServers) {
      this.#virtuals.set(virtual.key, virtual);
      if (virtual.fwmark !== undefined) this.#fwmarks.push(virtual);
    }
  }

  /**
   * Finds the real servers that connections can belong to. The first virtual server with an address
   * is taken that has the real server, in the order of the kernel's lookup; in addition, any with a
   * fwmark can be the one, except for templates, which name their fwmark.
   */
  join(group: ConnectionGroup): Join {
    const { kind, real, addressFamily } = group;
    if (real === null) return UNMATCHED;
    if (isUnknown(group)) return { ...UNMATCHED, stale: null };
    const candidates = this.#candidates(group);
    const fwmarks = kind === "connection"
      ? this.#fwmarks.filter((virtual) => virtual.addressFamily === addressFamily)
      : [];
    const addressed = candidates.map((virtual) => this.#matches(virtual, group));
    const matches = [
      ...(addressed.find(({ length }) => length > 0) ?? []),
      ...fwmarks.flatMap((virtual) => this.#matches(virtual, group)),
    ];
    return matches.length > 0 ? judge(matches) : gone(candidates[0], fwmarks.length > 0);
  }

  /** The virtual servers with an address, or with the template's fwmark, in the kernel's order. */
  #candidates({ protocol, fwmark, address, port, service }: ConnectionGroup) {
    const services = [service];
    if (fwmark === null) {
      const isFtp = protocol === "tcp" &&
        (port === ANY_PORT || port === FTP_DATA_PORT || port >= FIRST_UNPRIVILEGED_PORT);
      if (isFtp) services.push(addressKey(protocol!, address!, FTP_PORT));
      services.push(addressKey(protocol!, address!, ANY_PORT));
    }
    return services.map((key) => this.#virtuals.get(key)).filter((found) => found !== undefined);
  }

  #matches(virtual: VirtualServer, group: ConnectionGroup): ServerMatch[] {
    const { kind, protocol, port, realAddress, realPort, real } = group;
    const reals = this.#realsOf(virtual);
    const sameAddress = reals.get(realAddress) ?? [];
    const isAnyPort = kind === "invalid-template" || realPort === ANY_PORT;
    // The data connections of FTP have other ports than its real servers.
    const isFtp = protocol === "tcp";
    const found = isAnyPort
      ? sameAddress
      : sameAddress.filter((server) =>
        server.key === real || (server.port === ANY_PORT && realPort === port) ||
        (isFtp && FTP_PORT === (virtual.port ?? server.port))
      );
    return found.map((server) => ({ virtual, real: server }));
  }

  #realsOf(virtual: VirtualServer): Reals {
    const known = this.#reals.get(virtual);
    if (known !== undefined) return known;
    const reals = Map.groupBy(virtual.realServers, ({ address }) => address);
    this.#reals.set(virtual, reals);
    return reals;
  }
}

/** Some kernels overwrite the virtual port of an invalid template, too. */
function isUnknown({ kind, port }: ConnectionGroup): boolean {
  return kind === "invalid-template" && port === INVALID_PORT;
}

function judge(matches: readonly ServerMatch[]): Join {
  const [first] = matches;
  const isDecided = matches.every(({ virtual }) => virtual === first!.virtual);
  const unweighted = matches.filter(({ real }) => real.weight === 0).length;
  const stale = unweighted === matches.length ? true : unweighted === 0 ? false : null;
  return {
    virtual: isDecided ? first!.virtual : undefined,
    matches,
    stale,
    reason: stale ? "weight-0" : undefined,
  };
}

/** No virtual server has the real server. It may have been removed from one with a fwmark. */
function gone(virtual: VirtualServer | undefined, hasFwmarks: boolean): Join {
  const isGone = virtual === undefined && !hasFwmarks;
  return {
    virtual: hasFwmarks ? undefined : virtual,
    matches: [],
    stale: true,
    reason: isGone ? "virtual-server-gone" : "real-server-gone",
  };
}
