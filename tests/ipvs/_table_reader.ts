/**
 * Tables of fwmarks, changes to them during a read, and what the read finds.
 *
 * @module
 */
import { collect } from "../../lib/ipvs/collect.ts";
import type { VirtualServer } from "../../lib/ipvs/virtual_server.ts";
import {
  type FakeDestination,
  type FakeService,
  type FakeSource,
  GET_DEST,
  GET_SERVICE,
  type Kernel,
} from "../_fake_kernel.ts";
import type { ParsedRequest } from "../_netlink_messages.ts";

/** A service with a fwmark and this number of real servers. */
export function fwmark(fwmark: number, count = 1): FakeService {
  return { fwmark, destinations: realServers(count) };
}

export function realServers(count: number): FakeDestination[] {
  return Array.from({ length: count }, (_, i) => realServer(i));
}

export function realServer(i: number): FakeDestination {
  return { address: `10.0.${i >> 8}.${i & 255}`, port: 80 };
}

/** Reads the table; `found` has each fwmark with its number of real servers. */
export function read(source: FakeSource) {
  const snapshot = collect(source);
  const servers = [...snapshot.virtualServers];
  const found = servers.map((one): [number, number] => [one.fwmark!, one.realServers.length]);
  return { found, servers, ...snapshot.consistency };
}

/** Records the requests: the number of listings, and the fwmarks of the others. */
export function recordRequests(source: FakeSource) {
  const requests: { command: number; dump: boolean; fwmark: number }[] = [];
  const { onRequest } = source.kernel;
  source.kernel.onRequest = (request, kernel, count) => {
    requests.push({ command: request.command, dump: request.dump, fwmark: fwmarkOf(request) });
    return onRequest(request, kernel, count);
  };
  const fwmarks = (command: number, dump: boolean) =>
    requests.filter((one) => one.command === command && one.dump === dump)
      .map(({ fwmark }) => fwmark);
  return {
    listings: () => fwmarks(GET_SERVICE, true).length,
    lookups: () => fwmarks(GET_SERVICE, false),
    dumps: () => fwmarks(GET_DEST, true),
  };
}

/** The fwmark in a request; 0 if it has none. */
export function fwmarkOf({ service }: ParsedRequest): number {
  const bytes = service.get(5);
  return bytes === undefined ? 0 : new DataView(Uint8Array.from(bytes).buffer).getUint32(0, true);
}

export type Hook = (request: ParsedRequest, kernel: Kernel) => void;

/** Calls a hook before the `n`th listing of the services (from 1). */
export function beforeListing(hooks: Readonly<Record<number, Hook>>): Kernel["onRequest"] {
  let listing = 0;
  return (request, kernel) => {
    if (request.command === GET_SERVICE && request.dump) hooks[++listing]?.(request, kernel);
  };
}

/** Calls a hook after the first datagram of the `n`th listing (from 1). */
export function duringListing(hooks: Readonly<Record<number, Hook>>) {
  let listing = 0;
  const onRequest: Kernel["onRequest"] = ({ command, dump }) => {
    if (command === GET_SERVICE && dump) listing++;
  };
  const called = new Set<number>();
  const onDatagram: Kernel["onDatagram"] = (request, kernel) => {
    if (request.command !== GET_SERVICE || called.has(listing)) return;
    called.add(listing);
    hooks[listing]?.(request, kernel);
  };
  return { onRequest, onDatagram };
}

/** Calls a hook after the first datagram of the `n`th dump of destinations (from 1). */
export function duringDump(hooks: Readonly<Record<number, Hook>>) {
  let dump = 0;
  const onRequest: Kernel["onRequest"] = ({ command }) => {
    if (command === GET_DEST) dump++;
  };
  const called = new Set<number>();
  const onDatagram: Kernel["onDatagram"] = (request, kernel) => {
    if (request.command !== GET_DEST || called.has(dump)) return;
    called.add(dump);
    hooks[dump]?.(request, kernel);
  };
  return { onRequest, onDatagram };
}

/** A table with these real servers behind a single fwmark. */
export function withRealServers(destinations: FakeDestination[]): FakeService[] {
  return [{ fwmark: 1, destinations }];
}

/** The addresses of the real servers of the first virtual server. */
export function addressesOf(servers: VirtualServer[]): string[] {
  return servers[0]!.realServers.map(({ address }) => address);
}

export const FIVE: FakeDestination[] = realServers(5);
export const FIVE_ADDRESSES: string[] = FIVE.map(({ address }) => address);
