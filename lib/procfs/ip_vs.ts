/**
 * Parses `/proc/net/ip_vs`: the virtual servers of a network namespace with their real servers. Every
 * user can read it. It has no counters, thresholds, tunnels or persistence engines.
 *
 * @module
 */
import { DecodeError } from "../netlink/errors.ts";

/** An address of either family and a port. */
export interface ProcEndpoint {
  /** Whether the address is one of IPv6, not of IPv4. */
  readonly isIpv6: boolean;
  /** 4 or 16 bytes in network order. */
  readonly address: Uint8Array;
  /** 0 to 65535. */
  readonly port: number;
}

/** A line of a real server. */
export interface ProcDestination extends ProcEndpoint {
  /** `Masq`, `Local`, `Tunnel`, `Route` or `Bypass`. */
  readonly forwarding: string;
  /** 0 to 2147483647. */
  readonly weight: number;
  /** Established connections now. */
  readonly activeConnections: number;
  /** Connections now that are not established. */
  readonly inactiveConnections: number;
}

/** A line of a virtual server, and those of its real servers. */
export interface ProcService {
  /** `TCP`, `UDP`, `SCTP` or `IP_` and a number; undefined with a fwmark. */
  readonly protocol: string | undefined;
  /** Undefined with a fwmark. */
  readonly endpoint: ProcEndpoint | undefined;
  /** 1 to 4294967295; undefined with an address. */
  readonly fwmark: number | undefined;
  /** The scheduler, or `none`. */
  readonly sched: string;
  /** Whether each packet is scheduled individually; null for IPv6, where the kernel does not print it. */
  readonly onePacket: boolean | null;
  /**
   * Present if a client stays with its real server. The timeout is in the kernel's internal ticks,
   * whose length (CONFIG_HZ) no file in /proc reports, so that it cannot be converted into seconds.
   * The mask is the IPv4 netmask; for IPv6 it is the prefix length in the wrong byte order.
   */
  readonly persistence: { readonly ticks: number; readonly mask: number } | undefined;
  /** Its real servers, in the kernel's order. */
  readonly destinations: readonly ProcDestination[];
}

/** The contents of the file. */
export interface ProcTable {
  /** The version of IPVS, such as `1.2.1`. */
  readonly version: string;
  /** Buckets of the connection table. */
  readonly connectionTableSize: number;
  /** Virtual servers, in the kernel's order. */
  readonly services: readonly ProcService[];
}

const FILE = "ip_vs";
const HEAD = /^IP Virtual Server version (\d{1,3}\.\d{1,3}\.\d{1,3}) \(size=(\d{1,10})\)$/;
const ENDPOINT = String.raw`([0-9A-F]{8}|\[[0-9a-f:]{39}\]):([0-9A-F]{4})`;
const SERVICE = new RegExp(
  String.raw`^(?:FWM {2}([0-9A-F]{8})|(TCP|UDP|SCTP|IP_\d{1,5}) {2}${ENDPOINT}) (\S+)( ops)?` +
    String.raw`(?: +persistent (\d{1,10}) ([0-9A-F]{8}))? *$`,
);
const DESTINATION = new RegExp(
  String
    .raw`^ {2}-> ${ENDPOINT} +(Masq|Local|Tunnel|Route|Bypass) +(\d{1,10}) +(\d{1,10}) +(\d{1,10}) *$`,
);
/** The first line, and two with headings. */
const HEADINGS = 3;
const MAX_INT = 2 ** 31 - 1;

/**
 * Parses the file.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseTable } from "./ip_vs.ts";
 *
 * const { services } = parseTable(`IP Virtual Server version 1.2.1 (size=4096)
 * Prot LocalAddress:Port Scheduler Flags
 *   -> RemoteAddress:Port Forward Weight ActiveConn InActConn
 * TCP  C0000201:0050 wrr
 *   -> 0A020102:0050      Masq    3      5          30
 * `);
 * assert.deepEqual([...services[0]!.endpoint!.address], [192, 0, 2, 1]);
 * assert.equal(services[0]!.destinations[0]!.weight, 3);
 * ```
 *
 * @throws {DecodeError} if a line is malformed.
 */
export function parseTable(text: string): ProcTable {
  const lines = text.replace(/\n$/, "").split("\n");
  const [, version, size] = HEAD.exec(lines[0] ?? "") ?? [];
  if (version === undefined) throw malformed(1, lines[0] ?? "");
  const services: ProcService[] = [];
  let destinations: ProcDestination[] | undefined;
  for (let i = HEADINGS; i < lines.length; i++) {
    const line = lines[i]!;
    const destination = parseDestination(line);
    if (destination !== undefined) {
      if (destinations === undefined) throw malformed(i + 1, line);
      destinations.push(destination);
      continue;
    }
    const service = parseService(line, destinations = []);
    if (service === undefined) throw malformed(i + 1, line);
    services.push(service);
  }
  return { version, connectionTableSize: Number(size), services };
}

function malformed(number: number, line: string): DecodeError {
  return new DecodeError(`Cannot parse ${FILE} line ${number}: "${line}" is malformed`);
}

function parseService(line: string, destinations: ProcDestination[]): ProcService | undefined {
  const match = SERVICE.exec(line);
  if (match === null) return undefined;
  const [, mark, protocol, address, port, sched = "", ops, ticks, mask = ""] = match;
  const endpoint = address === undefined ? undefined : parseEndpoint(address, port!);
  const fwmark = mark === undefined ? undefined : parseInt(mark, 16);
  if (fwmark === 0 || Number(ticks ?? 0) > MAX_INT) return undefined;
  if (address !== undefined && endpoint === undefined) return undefined;
  return {
    protocol,
    endpoint,
    fwmark,
    sched,
    onePacket: endpoint?.isIpv6 ? null : ops !== undefined,
    persistence: ticks === undefined
      ? undefined
      : { ticks: Number(ticks), mask: parseInt(mask, 16) },
    destinations,
  };
}

function parseDestination(line: string): ProcDestination | undefined {
  const [, address, port, forwarding, ...counts] = DESTINATION.exec(line) ?? [];
  if (address === undefined) return undefined;
  const endpoint = parseEndpoint(address, port!);
  const numbers = counts.map(Number);
  if (endpoint === undefined || numbers.some((number) => number > MAX_INT)) return undefined;
  const [weight, activeConnections, inactiveConnections] = numbers as [number, number, number];
  return { ...endpoint, forwarding: forwarding!, weight, activeConnections, inactiveConnections };
}

/** Parses `C0000201` or `[2001:0db8:…]`, which has eight groups of four digits, and a port. */
function parseEndpoint(address: string, port: string): ProcEndpoint | undefined {
  const isIpv6 = address.startsWith("[");
  const digits = address.replace(/[[\]:]/g, "");
  if (digits.length !== (isIpv6 ? 32 : 8)) return undefined;
  const bytes = digits.match(/../g)!.map((byte) => parseInt(byte, 16));
  return { isIpv6, address: Uint8Array.from(bytes), port: parseInt(port, 16) };
}
