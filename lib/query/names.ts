/**
 * Names of virtual and real servers, from a file.
 *
 * @module
 */
import { PROTOCOL_NAMES } from "../ipvs/names.ts";
import { parseNetwork } from "../ipvs/network.ts";
import type { RealServer } from "../ipvs/real_server.ts";
import type { ServerName } from "../ipvs/server.ts";
import {
  addressIdentity,
  fwmarkIdentities,
  type ServiceIdentity,
} from "../ipvs/service_identity.ts";
import type { Snapshot } from "../ipvs/snapshot.ts";
import type { VirtualServer } from "../ipvs/virtual_server.ts";
import { SelectionError } from "./selection_error.ts";

/** A line of the file. */
export interface NameEntry extends ServerName {
  /** `tcp`, `udp`, `sctp` or a number; undefined for any. */
  readonly protocol?: string | undefined;
  /** In the text form that servers have; undefined with a fwmark. */
  readonly address?: string | undefined;
  /** 0 to 65535; undefined for any. */
  readonly port?: number | undefined;
  /** 1 to 4294967295, in both address families. */
  readonly fwmark?: number | undefined;
}

/** Gives servers of a snapshot their names. */
export function withNames(snapshot: Snapshot, names: Names): Snapshot {
  const { virtualServers } = snapshot;
  const named = virtualServers.map(({ realServers }) =>
    realServers.extend((real) => real.withName(names.ofReal(real)))
  );
  return {
    ...snapshot,
    virtualServers: virtualServers.extend((virtual, i) =>
      virtual.withName(names.ofVirtual(virtual), named[i]!)
    ),
  };
}

/** The names of servers. The most precise entry names a server; of two equal ones the first does. */
export class Names {
  /** The entries, in the order of the file. */
  readonly entries: readonly NameEntry[];
  readonly #byKey = new Map<string, NameEntry>();

  /** Names servers by these entries. */
  constructor(entries: readonly NameEntry[]) {
    this.entries = entries;
    for (const entry of entries) {
      const key = keyOf(entry);
      if (!this.#byKey.has(key)) this.#byKey.set(key, entry);
    }
  }

  /** The name of a virtual server. */
  ofVirtual({ fwmark, protocol, address, port }: VirtualServer): ServerName | undefined {
    if (fwmark !== undefined) return this.#byKey.get(keyOf({ fwmark }));
    return this.#find({ protocol, address, port });
  }

  /** The name of a real server; entries with a protocol are for virtual servers only. */
  ofReal({ address, port }: RealServer): ServerName | undefined {
    return this.#find({ address, port });
  }

  /**
   * The virtual servers that have a name, if its entries say exactly which; else undefined, also if
   * there is no such name.
   */
  identitiesOf(name: string): ServiceIdentity[] | undefined {
    const identities = this.entries.filter((entry) => entry.name === name).map(identitiesOf);
    const isExact = identities.length > 0 && identities.every((each) => each !== undefined);
    return isExact ? identities.flat() : undefined;
  }

  #find({ protocol, address, port }: Omit<NameEntry, "name">): ServerName | undefined {
    const keys = [
      keyOf({ protocol, address, port }),
      keyOf({ address, port }),
      keyOf({ protocol, address }),
      keyOf({ address }),
    ];
    const key = keys.find((each) => this.#byKey.has(each));
    return key === undefined ? undefined : this.#byKey.get(key);
  }
}

function keyOf({ fwmark, protocol, address, port }: Omit<NameEntry, "name">): string {
  return fwmark === undefined ? `${protocol ?? ""} ${address} ${port ?? ""}` : `fwmark ${fwmark}`;
}

function identitiesOf({ fwmark, protocol, address, port }: NameEntry) {
  if (fwmark !== undefined) return fwmarkIdentities(fwmark);
  if (protocol === undefined || address === undefined || port === undefined) return undefined;
  return [addressIdentity(protocol, parseNetwork(address)!, port)];
}

/**
 * Parses a names file: an object in JSON on each line, such as
 * `{"name":"shop/web","protocol":"tcp","address":"10.96.0.10","port":443,"labels":{"team":"shop"}}`,
 * or an array of such objects. Protocol and port can be left out; `fwmark` takes the place of all
 * three. Other members are ignored.
 *
 * @throws {SelectionError} with the line, if a line is not such an object.
 */
export function parseNames(text: string): Names {
  if (/^\s*\[/.test(text)) {
    const list: unknown = parseJson(text, "the list");
    return new Names((list as unknown[]).map((one, i) => entryOf(one, `entry ${i + 1}`)));
  }
  const lines = text.split("\n").map((line, i) => ({ line, where: `line ${i + 1}` }));
  return new Names(
    lines.filter(({ line }) => line.trim() !== "")
      .map(({ line, where }) => entryOf(parseJson(line, where), where)),
  );
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SelectionError(`${where} is not JSON`, { cause });
  }
}

function entryOf(value: unknown, where: string): NameEntry {
  const fail = (reason: string) => new SelectionError(`${where} ${reason}`);
  if (typeof value !== "object" || value === null) throw fail("is not an object");
  const { name, protocol, address, port, fwmark, labels } = value as Record<string, unknown>;
  if (typeof name !== "string" || name === "") throw fail('has no "name"');
  const common = { name, labels: labelsOf(labels, fail) };
  if (fwmark !== undefined) {
    if (!isInteger(fwmark, 1, 2 ** 32 - 1)) throw fail('has an invalid "fwmark"');
    return { ...common, fwmark };
  }
  const network = typeof address === "string" ? parseNetwork(address) : undefined;
  if (!network?.isAddress) throw fail('has neither an "address" nor a "fwmark"');
  if (port !== undefined && !isInteger(port, 0, 65535)) throw fail('has an invalid "port"');
  return { ...common, protocol: protocolOf(protocol, fail), address: network.text, port };
}

type Fail = (reason: string) => SelectionError;

function protocolOf(value: unknown, fail: Fail): string | undefined {
  if (value === undefined) return undefined;
  const text = typeof value === "string" ? value.toLowerCase() : "";
  if (PROTOCOL_NAMES.includes(text)) return text;
  throw fail('has a "protocol" other than tcp, udp and sctp');
}

function labelsOf(value: unknown, fail: Fail): Readonly<Record<string, string>> | undefined {
  if (value === undefined || value === null) return undefined;
  const isMap = typeof value === "object" && !Array.isArray(value) &&
    Object.values(value).every((one) => typeof one === "string");
  if (!isMap) throw fail('has "labels" that are not texts');
  return value as Record<string, string>;
}

function isInteger(value: unknown, least: number, most: number): value is number {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}
