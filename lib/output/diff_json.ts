/**
 * Differences of two configurations as JSON, with each server on a line of its own.
 *
 * @module
 */
import type { Comparison, RealDifference, VirtualDifference } from "../query/comparison.ts";
import type { ConfiguredServer } from "../query/configuration.ts";
import type { Side } from "./diff_text.ts";
import { stringify, type Value } from "./json_members.ts";
import { isoTime } from "./time.ts";

/** The version of the format, which increases with every incompatible change. */
const DIFF_FORMAT_VERSION = 1;

/** The document; `virtual_servers` is empty if there are no differences. */
export function diffJson(
  { virtualServers, notCompared }: Comparison,
  [before, after]: readonly [Side, Side],
): string {
  const head = {
    format: "ipvstat-diff",
    version: DIFF_FORMAT_VERSION,
    same: virtualServers.length === 0,
    before: sideMembers(before),
    after: sideMembers(after),
    not_compared: notCompared,
  };
  const members = Object.entries(head).map(([name, value]) => `"${name}":${stringify(value)}`);
  const servers = virtualServers.map((one) => `\n${stringify(virtualMembers(one))}`).join(",");
  return `{${members.join(",\n")},\n"virtual_servers":[${servers}]}\n`;
}

function sideMembers({ name, kind, time }: Side): Value {
  return { name, kind, time: time === null ? null : isoTime(time) };
}

function virtualMembers(difference: VirtualDifference): Value {
  const realServers = difference.realServers.map(serverMembers);
  return { ...serverMembers(difference), real_servers: realServers };
}

/** A new or removed server has its fields, any other one what changed. */
function serverMembers(difference: VirtualDifference | RealDifference): { [name: string]: Value } {
  const { change, server } = difference;
  const begin = { change, ...identityMembers(server) };
  if (difference.change !== "changed") return { ...begin, fields: server.fields };
  const fields = difference.fields.map(({ name, before, after }) => [name, { before, after }]);
  const counters = difference.counters.map(({ name, before, after, difference }) => [
    name,
    { before, after, difference, reset: difference === null },
  ]);
  return {
    ...begin,
    changes: Object.fromEntries(fields),
    ...(counters.length > 0 && { counters: Object.fromEntries(counters) }),
  };
}

function identityMembers({ identity }: ConfiguredServer): Record<string, Value> {
  const { addressFamily, fwmark, protocol, address, port } = identity;
  const members = { address_family: addressFamily, fwmark, protocol, address, port };
  return Object.fromEntries(
    Object.entries(members).filter((entry): entry is [string, string | number] =>
      entry[1] !== undefined
    ),
  );
}
