/**
 * What a snapshot's servers are to print, by the names of the formats: from the model's objects,
 * which no encoder goes by.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { RealServer, VirtualServer } from "../../lib/ipvs/model.ts";
import { virtualServers } from "../../lib/ipvs/model.ts";
import type { Snapshot } from "../../lib/ipvs/snapshot.ts";
import { CATALOGUE } from "../../lib/metrics/catalogue.ts";
import type { Totals } from "../../lib/procfs/ip_vs_stats.ts";

/** Values by name. */
export type Values = Record<string, number | bigint>;

/** The catalogue's metrics of a scope, each with the value of the object's member of that name. */
function values(scope: "total" | "virtual" | "real", object: object): Values {
  const members = new Map(Object.entries(object));
  const of = CATALOGUE.filter((metric) => metric[scope] !== undefined);
  return Object.fromEntries(of.map(({ name }) => {
    const value = members.get(name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase()));
    assert.ok(value !== undefined, `the model has no ${name}`);
    return [name, value];
  }));
}

/** Every metric of the totals. */
export function totalValues(totals: Totals): Values {
  return values("total", totals);
}

/** Every metric of a virtual server. */
export function virtualValues(server: VirtualServer): Values {
  return values("virtual", server);
}

/** Every metric of a real server. */
export function realValues(server: RealServer): Values {
  return values("real", server);
}

/** Each real server with its virtual server, in the snapshot's order. */
export function pairs(snapshot: Snapshot): { virtual: VirtualServer; real: RealServer }[] {
  return virtualServers(snapshot).flatMap((virtual) =>
    virtual.realServers.map((real) => ({ virtual, real }))
  );
}

/** What names a virtual server, empty where it has no such thing. */
export function identity(server: VirtualServer): Record<string, string> {
  const { fwmark, protocol, address, port } = server;
  return fwmark !== undefined
    ? { fwmark: String(fwmark) }
    : { protocol: protocol!, address: address!, port: String(port) };
}

/** The same names behind `virtual_`. */
export function virtualIdentity(server: VirtualServer): Record<string, string> {
  const named = Object.entries(identity(server));
  return Object.fromEntries(named.map(([name, value]) => [`virtual_${name}`, value]));
}
