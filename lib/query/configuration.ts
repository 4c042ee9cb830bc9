/**
 * The configuration of a table as plain records that can be compared, wherever it comes from.
 *
 * @module
 */
import { Network, parseAddress } from "../ipvs/network.ts";
import type { RealServer } from "../ipvs/real_server.ts";
import { addressKey, fwmarkKey, joinHostPort } from "../ipvs/server_key.ts";
import type { Snapshot } from "../ipvs/snapshot.ts";
import type { VirtualServer } from "../ipvs/virtual_server.ts";
import { COUNTERS } from "../metrics/catalogue.ts";

/** The value of a field; null for none, such as no persistence engine. */
export type FieldValue = string | number | boolean | readonly string[] | null;

/** Values by their names in JSON. A value that is not known is absent. */
export type Fields = Readonly<Record<string, FieldValue>>;

/** Counters of a server by their names in JSON. */
export type CounterValues = Readonly<Record<string, number | bigint>>;

/** The address family, address and port of a server; those of a virtual server may be a fwmark. */
export interface Identity {
  readonly addressFamily: "inet" | "inet6";
  /** 1 to 4294967295; the next three are undefined with a fwmark. */
  readonly fwmark?: number | undefined;
  /** `tcp`, `udp`, `sctp` or a number; undefined for a real server. */
  readonly protocol?: string | undefined;
  /** IPv4 in dotted decimal, IPv6 according to RFC 5952. */
  readonly address?: string | undefined;
  /** 0 to 65535. */
  readonly port?: number | undefined;
}

/** A server as it is configured. */
export class ConfiguredServer {
  /** What identifies it. */
  readonly identity: Identity;
  readonly fields: Fields;
  /** Undefined where they are not known, as in rules. */
  readonly counters: CounterValues | undefined;

  /** Describes a server. */
  constructor(identity: Identity, fields: Fields, counters?: CounterValues) {
    this.identity = identity;
    this.fields = fields;
    this.counters = counters;
  }

  /** Identifies it, as the key of a server in a snapshot does. */
  get key(): string {
    const { addressFamily, fwmark, protocol, address, port } = this.identity;
    if (fwmark !== undefined) return fwmarkKey(fwmark, addressFamily);
    return protocol === undefined
      ? joinHostPort(address!, port!)
      : addressKey(protocol, address!, port!);
  }

  /** `inet` or `inet6`. */
  get addressFamily(): "inet" | "inet6" {
    return this.identity.addressFamily;
  }

  /** IPv4 in dotted decimal, IPv6 according to RFC 5952; undefined with a fwmark. */
  get address(): string | undefined {
    return this.identity.address;
  }

  /** 0 to 65535; undefined with a fwmark. */
  get port(): number | undefined {
    return this.identity.port;
  }

  /** Whether its address is in a network; false with a fwmark. */
  isIn(network: Network): boolean {
    const address = parseAddress(this.identity.address ?? "");
    return address?.family === network.family &&
      network.contains(new Network(address).words, 0);
  }
}

/** A virtual server as it is configured. */
export class ConfiguredVirtualServer extends ConfiguredServer {
  readonly realServers: readonly ConfiguredServer[];

  /** Describes a virtual server. */
  constructor(
    identity: Identity,
    fields: Fields,
    realServers: readonly ConfiguredServer[],
    counters?: CounterValues,
  ) {
    super(identity, fields, counters);
    this.realServers = realServers;
  }

  /** 1 to 4294967295; undefined for a virtual server with an address. */
  get fwmark(): number | undefined {
    return this.identity.fwmark;
  }

  /** `tcp`, `udp`, `sctp` or a number; undefined with a fwmark. */
  get protocol(): string | undefined {
    return this.identity.protocol;
  }

  /** The scheduler; empty if it is not known. */
  get sched(): string {
    return String(this.fields.sched ?? "");
  }
}

/** A table as it is configured. */
export interface Configuration {
  readonly virtualServers: readonly ConfiguredVirtualServer[];
}

/** A part of a configuration. */
export interface Field<Server> {
  /** Its name in JSON. */
  readonly name: string;
  readonly type: "text" | "number" | "flag" | "list";
  /** Whether some servers have no value. */
  readonly optional?: boolean;
  /** Its value; undefined if the server has none, null if it is not known. */
  readonly read: (server: Server) => FieldValue | undefined;
}

/** What is configured of a virtual server, apart from its identity. */
export const VIRTUAL_FIELDS: readonly Field<VirtualServer>[] = [
  { name: "sched", type: "text", read: (on) => on.sched },
  { name: "sched_flags", type: "list", read: (on) => on.schedFlags },
  { name: "persistent", type: "flag", read: (on) => on.persistent },
  { name: "persistence_timeout", type: "number", read: (on) => on.persistenceTimeout },
  { name: "netmask", type: "number", read: (on) => on.netmask },
  { name: "one_packet", type: "flag", read: (on) => on.onePacket },
  { name: "pe", type: "text", optional: true, read: (on) => on.pe },
];

/** What is configured of a real server, apart from its identity. */
export const REAL_FIELDS: readonly Field<RealServer>[] = [
  { name: "forwarding_method", type: "text", read: (on) => on.forwardingMethod },
  { name: "tunnel_type", type: "text", optional: true, read: (on) => on.tunnelType },
  { name: "tunnel_port", type: "number", optional: true, read: (on) => on.tunnelPort },
  { name: "tunnel_checksum", type: "text", optional: true, read: (on) => on.tunnelChecksum },
  { name: "weight", type: "number", read: (on) => on.weight },
  { name: "upper_threshold", type: "number", read: (on) => on.upperThreshold },
  { name: "lower_threshold", type: "number", read: (on) => on.lowerThreshold },
];

/** The configuration of the table in a snapshot. */
export function configurationOf({ virtualServers }: Snapshot): Configuration {
  return {
    virtualServers: virtualServers.map((virtual) =>
      new ConfiguredVirtualServer(
        identityOf(virtual),
        fieldsOf(virtual, VIRTUAL_FIELDS),
        virtual.realServers.map((real) =>
          new ConfiguredServer(identityOf(real), fieldsOf(real, REAL_FIELDS), countersOf(real))
        ),
        countersOf(virtual),
      )
    ),
  };
}

function identityOf(server: VirtualServer | RealServer): Identity {
  const { addressFamily, address, port } = server;
  if (!("protocol" in server)) return { addressFamily, address, port };
  const { fwmark, protocol } = server;
  return fwmark === undefined
    ? { addressFamily, protocol, address, port }
    : { addressFamily, fwmark };
}

function fieldsOf<Server>(server: Server, fields: readonly Field<Server>[]): Fields {
  const values: Record<string, FieldValue> = {};
  for (const { name, read } of fields) {
    const value = read(server);
    if (value !== null) values[name] = value ?? null;
  }
  return values;
}

function countersOf(server: VirtualServer | RealServer): CounterValues {
  return Object.fromEntries(COUNTERS.map(({ name, read }) => [name, read(server)]));
}

/** A text that is not a configuration. The message is the reason, to follow the name of the file. */
export class ConfigurationError extends Error {
  override readonly name = "ConfigurationError";
}
