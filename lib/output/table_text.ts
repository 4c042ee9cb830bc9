/**
 * The texts of a row of the table: the server's name and its settings.
 *
 * @module
 */
import { REAL_SERVER_STATES, type RealServer, type RealServerState } from "../ipvs/real_server.ts";
import type { Server } from "../ipvs/server.ts";
import { ifKnown } from "../ipvs/unknown_value.ts";
import type { VirtualServer } from "../ipvs/virtual_server.ts";
import { countStates } from "../metrics/aggregates.ts";
import { type Label, REAL_LABELS, VIRTUAL_LABELS } from "../metrics/labels.ts";
import { printable } from "./printable.ts";

/** What the table says about a server. */
export interface RowText {
  readonly name: string;
  readonly settings: string;
  /** What needs attention, such as `draining`; empty for nothing. */
  readonly warning: string;
}

/** Labels that the name, the settings or the warning include. */
const SHOWN: ReadonlySet<string> = new Set([
  ...["address_family", "fwmark", "protocol", "address", "port", "sched", "sched_flags", "flags"],
  ...["pe", "netmask", "one_packet", "persistent", "state", "forwarding_method"],
  ...["tunnel_type", "tunnel_port", "tunnel_checksum", "name", "name_labels"],
]);

/** Labels without a place of their own, by name. */
function others<S>(labels: readonly Label<S>[], server: S): string[] {
  const texts: string[] = [];
  for (const { name, read } of labels) {
    const value = SHOWN.has(name) ? undefined : read(server);
    if (value !== undefined) texts.push(`${name} ${printable(String(value))}`);
  }
  return texts;
}

/** The name that the user gave a server, if any. */
function nameOf({ name }: Server): string[] {
  return name === undefined ? [] : [printable(name)];
}

const schedFlagsOf = ifKnown(({ schedFlags }: VirtualServer) => schedFlags);
const onePacketOf = ifKnown(({ onePacket }: VirtualServer) => onePacket);
const timeoutOf = ifKnown(({ persistenceTimeout }: VirtualServer) => ` ${persistenceTimeout}s`);
const peOf = ifKnown(({ pe }: VirtualServer) => pe);
const knownGroupsOf = ifKnown(groupsOf);
const knownWarningOf = ifKnown(warningOf);
const knownCountsOf = ifKnown(stateCounts);
const stateOf = ifKnown(({ state }: RealServer) => state);
const knownTunnelOf = ifKnown(tunnelText);

/** Name, scheduler and whatever is not the default of a virtual server, as far as it is known. */
export function virtualText(server: VirtualServer): RowText {
  const settings = [...nameOf(server), printable(server.sched), ...schedFlagsOf(server) ?? []];
  if (onePacketOf(server)) settings.push("one-packet");
  const groups = knownGroupsOf(server) ?? "";
  if (server.persistent) {
    settings.push(`persist${timeoutOf(server) ?? ""}${groups && ` per ${groups}`}`);
  } else if (groups) settings.push(`netmask ${groups}`);
  const pe = peOf(server);
  if (pe !== undefined) settings.push(`pe ${printable(pe)}`);
  settings.push(...others(VIRTUAL_LABELS, server));
  return { name: server.key, settings: settings.join(", "), warning: knownWarningOf(server) ?? "" };
}

/** The networks of clients that persistence treats alike; empty for single clients. */
function groupsOf({ netmask, addressFamily }: VirtualServer): string {
  return netmask === (addressFamily === "inet" ? 32 : 128) ? "" : `/${netmask}`;
}

function warningOf(server: VirtualServer): string {
  const { state } = server;
  return state === "empty" ? "no real servers" : state === "down" ? downText(server) : "";
}

/** Name, scheduler, and the number of real servers in each state. */
export function rollupText(server: VirtualServer): RowText {
  const { name, warning } = virtualText(server);
  const counts = knownCountsOf(server) ?? [`real servers: ${server.allRealServers.length}`];
  return {
    name,
    settings: [...nameOf(server), printable(server.sched), ...counts].join(", "),
    warning,
  };
}

function stateCounts(server: VirtualServer): string[] {
  const numbers = countStates(server);
  return REAL_SERVER_STATES.filter((state) => numbers[state] > 0)
    .map((state) => `${numbers[state]} ${stateText(state)}`);
}

/** Name, forwarding method and tunnel of a real server. */
export function realText(server: RealServer): RowText {
  const settings = [...nameOf(server), methodText(server), ...others(REAL_LABELS, server)].join(
    ", ",
  );
  const state = stateOf(server);
  const warning = state !== undefined && needsAttention(state) ? stateText(state) : "";
  return { name: `  ${server.key}`, settings, warning };
}

/** Whether the table has a word for a state. */
export function needsAttention(state: RealServerState): boolean {
  return state !== "active" && state !== "idle";
}

/** A state in words: `still receiving`. */
export function stateText(state: RealServerState): string {
  return state.replace("-", " ");
}

/** Why a virtual server is down. */
function downText({ allRealServers }: VirtualServer): string {
  return [...allRealServers].some(({ weight }) => weight > 0) ? "none usable" : "all weights 0";
}

/** The forwarding method with the options of a tunnel: `tunnel gue:5555 csum`. */
function methodText(server: RealServer): string {
  return knownTunnelOf(server) ?? server.forwardingMethod;
}

function tunnelText(server: RealServer): string {
  const { forwardingMethod, tunnelType, tunnelPort, tunnelChecksum } = server;
  if (tunnelType === undefined) return forwardingMethod;
  const port = tunnelPort === 0 ? "" : `:${tunnelPort}`;
  const checksum = tunnelChecksum === "nocsum" ? "" : ` ${tunnelChecksum}`;
  return `${forwardingMethod} ${tunnelType}${port}${checksum}`;
}
