/**
 * Selects servers of a snapshot.
 *
 * @module
 */
import type { Network } from "../ipvs/network.ts";
import { REAL_SERVER_STATES, type RealServer } from "../ipvs/real_server.ts";
import type { ServerList } from "../ipvs/server_list.ts";
import {
  addressIdentity,
  fwmarkIdentities,
  type ServiceIdentity,
} from "../ipvs/service_identity.ts";
import type { Snapshot } from "../ipvs/snapshot.ts";
import type { VirtualServer } from "../ipvs/virtual_server.ts";
import { isAt, parseEndpoint } from "./endpoint.ts";
import { SelectionError } from "./selection_error.ts";

/**
 * What to select, as text. Of one list any entry may match, but an entry of every list that is given
 * must match.
 */
export interface SelectionText {
  /**
   * Virtual servers: `[PROTOCOL://][HOST][:PORT]` as in {@linkcode parseEndpoint}, `fwmark:N`, or a
   * name.
   */
  readonly services?: readonly string[] | undefined;
  /** Firewall marks, 1 to 4294967295. */
  readonly fwmarks?: readonly string[] | undefined;
  /** Real servers: `[HOST][:PORT]`. */
  readonly reals?: readonly string[] | undefined;
  /** Protocols of virtual servers: `tcp`, `udp`, `sctp` or a number. */
  readonly protocols?: readonly string[] | undefined;
  /** Address families of virtual servers: `inet` or `inet6`. */
  readonly families?: readonly string[] | undefined;
  /** Schedulers. */
  readonly schedulers?: readonly string[] | undefined;
  /** States of virtual servers and of real servers. */
  readonly states?: readonly string[] | undefined;
}

/** What a selection needs to know of a real server. */
export interface SelectableReal {
  /** 0 to 65535; undefined with a fwmark. */
  readonly port: number | undefined;
  /** Whether its address is in a network; false with a fwmark. */
  isIn(network: Network): boolean;
}

/** What a selection needs to know of a virtual server. */
export interface SelectableVirtual extends SelectableReal {
  /** `inet` or `inet6`. */
  readonly addressFamily: "inet" | "inet6";
  /** 1 to 4294967295; undefined for a virtual server with an address. */
  readonly fwmark: number | undefined;
  /** `tcp`, `udp`, `sctp` or a number; undefined with a fwmark. */
  readonly protocol: string | undefined;
  /** The scheduler; empty if it is not known. */
  readonly sched: string;
  /** Undefined without one. */
  readonly name?: string | undefined;
}

/** The names that a selection may use. */
export interface KnownNames {
  /** The virtual servers that have a name, if it is known exactly which; else undefined. */
  identitiesOf(name: string): readonly ServiceIdentity[] | undefined;
}

type Keep<Server> = (server: Server) => boolean;

const MAX_FWMARK = 2 ** 32 - 1;

/**
 * A selection. A real server is selected with its virtual server; a virtual server is selected if it
 * matches, and at least one real server does where conditions are about real servers.
 */
export class Selection {
  readonly #virtual: readonly Keep<SelectableVirtual>[];
  readonly #real: readonly Keep<SelectableReal>[];
  readonly #states: ReadonlySet<string>;
  readonly #hasRealStates: boolean;
  readonly #text: SelectionText;
  readonly #names: KnownNames | undefined;

  /**
   * Parses what to select.
   *
   * @param names Where `services` may have names; servers are selected by the names that they have.
   * @throws {SelectionError} if a text cannot be parsed.
   */
  constructor(text: SelectionText, names?: KnownNames) {
    const { services, fwmarks, reals, protocols, families, schedulers, states = [] } = text;
    this.#text = text;
    this.#names = names;
    this.#virtual = [
      ...anyOf(services, (one) => serviceCondition(one, names !== undefined)),
      ...anyOf(fwmarks, fwmarkCondition),
      ...anyOf(protocols, (one) => ({ protocol }: SelectableVirtual) => protocol === one),
      ...anyOf(families, (one) => ({ addressFamily }: SelectableVirtual) => addressFamily === one),
      ...anyOf(schedulers, (one) => ({ sched }: SelectableVirtual) => sched === one),
    ];
    this.#real = anyOf(reals, realCondition);
    this.#states = new Set(states);
    this.#hasRealStates = REAL_SERVER_STATES.some((state) => this.#states.has(state));
  }

  /**
   * The virtual servers that it can select, if it names each with its fwmark, or with protocol,
   * address and port; else undefined. Those that exist must still be selected from.
   */
  get identities(): readonly ServiceIdentity[] | undefined {
    const { services, fwmarks } = this.#text;
    const texts = services ?? fwmarks?.map((mark) => `fwmark:${mark}`);
    const identities = texts?.map((one) => identitiesOf(one) ?? this.#names?.identitiesOf(one));
    return identities?.every((each) => each !== undefined) ? identities.flat() : undefined;
  }

  /** Whether it selects every server of every snapshot. */
  get isEverything(): boolean {
    return this.#virtual.length + this.#real.length + this.#states.size === 0;
  }

  /** What it selects, as text. */
  get text(): SelectionText {
    return this.#text;
  }

  /** Whether it selects a virtual server, if nothing but its real servers prevents that. */
  selectsVirtual(virtual: VirtualServer): boolean {
    return this.matches(virtual) &&
      (this.#states.size === 0 || this.#states.has(virtual.state));
  }

  /** Whether it selects a real server of a virtual server. */
  selectsReal(virtual: VirtualServer, real: RealServer): boolean {
    const isOfStates = this.#states.size === 0 || this.#states.has(virtual.state) ||
      this.#states.has(real.state);
    return isOfStates && this.matches(virtual) && this.matchesReal(real);
  }

  /** Whether it has conditions about real servers other than their states. */
  get isAboutRealServers(): boolean {
    return this.#real.length > 0;
  }

  /** Whether a virtual server matches, states and real servers aside. */
  matches(virtual: SelectableVirtual): boolean {
    return this.#virtual.every((keep) => keep(virtual));
  }

  /** Whether a real server matches, states aside. */
  matchesReal(real: SelectableReal): boolean {
    return this.#real.every((keep) => keep(real));
  }

  /** The snapshot with the servers that are selected. Everything else in it remains. */
  select(snapshot: Snapshot): Snapshot {
    if (this.isEverything) return snapshot;
    const selected: ServerList<RealServer>[] = [];
    const virtualServers = snapshot.virtualServers.filter((virtual) => {
      const realServers = this.#selectReal(virtual);
      if (realServers !== undefined) selected.push(realServers);
      return realServers !== undefined;
    });
    return {
      ...snapshot,
      virtualServers: virtualServers.extend((virtual, i) => virtual.withSelected(selected[i]!)),
    };
  }

  /** The selected real servers of a virtual server; undefined if it is not selected itself. */
  #selectReal(virtual: VirtualServer): ServerList<RealServer> | undefined {
    if (!this.matches(virtual)) return undefined;
    const isOfStates = this.#states.size === 0 || this.#states.has(virtual.state);
    if (!isOfStates && !this.#hasRealStates) return undefined;
    const { realServers } = virtual;
    if (isOfStates && this.#real.length === 0) return realServers;
    const selected = realServers.filter((real) =>
      (isOfStates || this.#states.has(real.state)) && this.matchesReal(real)
    );
    return selected.length > 0 ? selected : undefined;
  }
}

/** One condition that holds if that of any entry does; none for no entry. */
function anyOf<Server>(
  entries: readonly string[] = [],
  conditionOf: (entry: string) => Keep<Server>,
): Keep<Server>[] {
  const conditions = entries.map(conditionOf);
  const [only] = conditions;
  if (only === undefined) return [];
  return [conditions.length === 1 ? only : (server) => conditions.some((holds) => holds(server))];
}

function serviceCondition(text: string, hasNames: boolean): Keep<SelectableVirtual> {
  const [, mark] = /^fwmark:(.*)$/.exec(text) ?? [];
  if (mark !== undefined) return fwmarkCondition(mark);
  const endpoint = parseEndpoint(text);
  if (endpoint !== undefined) return (virtual) => isAt(virtual, endpoint);
  if (hasNames) return ({ name }) => name === text;
  throw new SelectionError(
    `Unknown service "${text}"; use one such as tcp://10.0.0.1:80, [2001:db8::1]:443, 10.0.0.0/8, ` +
      ":80 or fwmark:7, or --names FILE",
  );
}

/**
 * The number of a firewall mark.
 *
 * @throws {SelectionError} if it is none.
 */
function parseFwmark(text: string): number {
  const number = /^(0x[0-9a-fA-F]+|\d+)$/.test(text) ? Number(text) : NaN;
  if (number >= 1 && number <= MAX_FWMARK) return number;
  throw new SelectionError(`Invalid fwmark "${text}"; use a number from 1 to ${MAX_FWMARK}`);
}

/** What a text names exactly: a fwmark in both families, or one address and port. */
function identitiesOf(text: string): ServiceIdentity[] | undefined {
  const [, mark] = /^fwmark:(.*)$/.exec(text) ?? [];
  if (mark !== undefined) return fwmarkIdentities(parseFwmark(mark));
  const { protocol, network, port } = parseEndpoint(text) ?? {};
  if (protocol === undefined || port === undefined || !network?.isAddress) return undefined;
  return [addressIdentity(protocol, network, port)];
}

function fwmarkCondition(text: string): Keep<SelectableVirtual> {
  const mark = parseFwmark(text);
  return ({ fwmark }) => fwmark === mark;
}

function realCondition(text: string): Keep<SelectableReal> {
  const endpoint = parseEndpoint(text);
  if (endpoint !== undefined && endpoint.protocol === undefined) {
    return (real) => isAt(real, endpoint);
  }
  throw new SelectionError(
    `Unknown real server "${text}"; use one such as 10.0.0.1, 10.0.0.1:80, [2001:db8::1]:443, ` +
      "10.0.0.0/8 or :80",
  );
}
