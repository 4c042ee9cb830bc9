/**
 * The servers in `/proc/net/ip_vs`, in the rows and the order that netlink's have.
 *
 * @module
 */
import type { ProcDestination, ProcEndpoint, ProcService } from "../procfs/ip_vs.ts";
import { swap32 } from "../netlink/byte_order.ts";
import { DESTINATION, SERVER, SERVICE } from "./columns.ts";
import { protocolNumber } from "./names.ts";
import { ProcRealServer, ProcVirtualServer } from "./proc_servers.ts";
import type { RealServer } from "./real_server.ts";
import { type Compare, compareDestinations, compareServices, Rows } from "./rows.ts";
import { ServerList } from "./server_list.ts";
import {
  AF_INET,
  AF_INET6,
  IP_VS_CONN_F_BYPASS,
  IP_VS_CONN_F_DROUTE,
  IP_VS_CONN_F_LOCALNODE,
  IP_VS_CONN_F_MASQ,
  IP_VS_CONN_F_TUNNEL,
  IP_VS_SVC_F_ONEPACKET,
  IP_VS_SVC_F_PERSISTENT,
} from "./uapi.ts";
import type { VirtualServer } from "./virtual_server.ts";

const METHODS: Readonly<Record<string, number>> = {
  Masq: IP_VS_CONN_F_MASQ,
  Local: IP_VS_CONN_F_LOCALNODE,
  Tunnel: IP_VS_CONN_F_TUNNEL,
  Route: IP_VS_CONN_F_DROUTE,
  Bypass: IP_VS_CONN_F_BYPASS,
};

/** The servers of the file. */
export interface ProcServers {
  readonly virtualServers: ServerList<VirtualServer>;
  /** Virtual servers that cannot be told from another one, and are left out, in words. */
  readonly doubts: readonly string[];
}

/** The virtual servers, which have the values of the file. */
export function procServers(services: readonly ProcService[]): ProcServers {
  const rows = new Rows(SERVICE.width), destinations = new Rows(DESTINATION.width);
  const groups: ServerList<RealServer>[] = [];
  for (const service of services) {
    addService(rows, service);
    const start = destinations.length;
    for (const destination of service.destinations) addDestination(destinations, destination);
    groups.push(
      new ServerList<RealServer>(
        sorted(destinations, compareDestinations, start),
        (row) => new ProcRealServer(destinations.words(row), destinations.at(row)),
      ),
    );
  }
  const view = (row: number) => new ProcVirtualServer(rows.words(row), rows.at(row), groups[row]!);
  const order = sorted(rows, compareServices);
  const isTwin = (row: number, i: number) =>
    i > 0 && compareServices(rows, order[i - 1]!, rows, row) === 0;
  const unique = order.filter((row, i) => !isTwin(row, i));
  return {
    virtualServers: new ServerList<VirtualServer>(unique, view),
    doubts: order.filter(isTwin).map((row) =>
      `${view(row).key} exists in both address families, and only one of them is shown`
    ),
  };
}

/** The rows from `start` on in order. */
function sorted(rows: Rows, compare: Compare, start = 0): number[] {
  const order = Array.from({ length: rows.length - start }, (_, i) => start + i);
  return order.sort((i, j) => compare(rows, i, rows, j));
}

function addService(rows: Rows, service: ProcService): void {
  const { protocol, endpoint, fwmark, sched, onePacket, persistence } = service;
  const { words, at } = newRow(rows);
  if (endpoint !== undefined) setEndpoint(words, at, endpoint);
  words[at + SERVER.addressFamily] = familyOf(service);
  words[at + SERVICE.fwmark] = fwmark ?? 0;
  words[at + SERVICE.protocol] = protocol === undefined
    ? 0
    : protocolNumber(protocol.toLowerCase().replace("ip_", ""));
  words[at + SERVICE.flags] = (onePacket ? IP_VS_SVC_F_ONEPACKET : 0) |
    (persistence ? IP_VS_SVC_F_PERSISTENT : 0);
  // For IPv6 the file has the prefix length in the wrong byte order.
  const mask = persistence?.mask ?? 0;
  words[at + SERVICE.netmask] = words[at + SERVER.addressFamily] === AF_INET6 ? swap32(mask) : mask;
  const name = new Uint8Array(16);
  name.set(new TextEncoder().encode(sched).subarray(0, 16));
  words.set(new Uint32Array(name.buffer), at + SERVICE.schedName);
}

/**
 * The address family of a virtual server; 0 if it is not known. A fwmark has that of any real server
 * that is not behind a tunnel, as only tunnels lead into another family.
 */
function familyOf({ endpoint, destinations }: ProcService): number {
  const certain = endpoint ?? destinations.find(({ forwarding }) => forwarding !== "Tunnel");
  return certain === undefined ? 0 : certain.isIpv6 ? AF_INET6 : AF_INET;
}

function addDestination(rows: Rows, destination: ProcDestination): void {
  const { words, at } = newRow(rows);
  setEndpoint(words, at, destination);
  words[at + DESTINATION.forwardingMethod] = METHODS[destination.forwarding]!;
  words[at + DESTINATION.weight] = destination.weight;
  words[at + DESTINATION.activeConnections] = destination.activeConnections;
  words[at + DESTINATION.inactiveConnections] = destination.inactiveConnections;
}

function newRow(rows: Rows): { words: Uint32Array; at: number } {
  const row = rows.push();
  const words = rows.words(row), at = rows.at(row);
  words.fill(0, at, at + rows.width);
  return { words, at };
}

function setEndpoint(words: Uint32Array, at: number, endpoint: ProcEndpoint): void {
  const bytes = new Uint8Array(16);
  bytes.set(endpoint.address);
  words[at + SERVER.addressFamily] = endpoint.isIpv6 ? AF_INET6 : AF_INET;
  words.set(new Uint32Array(bytes.buffer), at + SERVER.address);
  words[at + SERVER.port] = endpoint.port;
}
