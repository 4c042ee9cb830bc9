/**
 * Checks decoded rows and normalises what identifies a server: columns that the kernel ignores are
 * set to 0, so that rows of the same server have the same identity columns.
 *
 * @module
 */
import { DecodeError } from "../netlink/errors.ts";
import { DESTINATION, PRESENT, SERVER, SERVICE } from "./columns.ts";
import { AF_INET, AF_INET6, IPVS_DEST_ATTR, IPVS_SVC_ATTR } from "./uapi.ts";

const { IPVS_SVC_ATTR_PROTOCOL, IPVS_SVC_ATTR_ADDR, IPVS_SVC_ATTR_PORT } = IPVS_SVC_ATTR;
const ENDPOINT = 1 << IPVS_SVC_ATTR_PROTOCOL | 1 << IPVS_SVC_ATTR_ADDR | 1 << IPVS_SVC_ATTR_PORT;
const SERVICE_STATS = 1 << IPVS_SVC_ATTR.IPVS_SVC_ATTR_STATS |
  1 << IPVS_SVC_ATTR.IPVS_SVC_ATTR_STATS64;
const DESTINATION_STATS = 1 << IPVS_DEST_ATTR.IPVS_DEST_ATTR_STATS |
  1 << IPVS_DEST_ATTR.IPVS_DEST_ATTR_STATS64;
const ADDR_FAMILY = 1 << IPVS_DEST_ATTR.IPVS_DEST_ATTR_ADDR_FAMILY;

/**
 * Checks a decoded service and normalises its identity.
 *
 * @param offset Of the reply in its datagram, for messages.
 * @throws {DecodeError} if it has no statistics, no complete identity, or an unknown address family
 * or prefix length.
 */
export function checkService(row: Uint32Array, at: number, offset: number): void {
  checkStats(row[at + PRESENT]!, SERVICE_STATS, "service", offset);
  normaliseService(row, at, offset);
  const family = row[at + SERVICE.addressFamily]!;
  const netmask = row[at + SERVICE.netmask]!;
  // For IPv4 it is a mask, which always has a length; for IPv6 it is the length itself.
  if (family === AF_INET || netmask <= 128) return;
  throw new DecodeError(
    `Cannot decode IPVS_SVC_ATTR_NETMASK at offset ${offset}: no prefix length ${netmask}`,
  );
}

/**
 * Reduces the identity of a service to address family and fwmark, or to address family, protocol,
 * address and port.
 *
 * @throws {DecodeError} if the address family is unknown or the identity incomplete.
 */
export function normaliseService(row: Uint32Array, at: number, offset: number): void {
  const family = row[at + SERVICE.addressFamily]!;
  checkFamily(family, "IPVS_SVC_ATTR_AF", offset);
  if (row[at + SERVICE.fwmark] !== 0) {
    row[at + SERVICE.protocol] = 0;
    row[at + SERVICE.port] = 0;
    row.fill(0, at + SERVICE.address, at + SERVICE.address + 4);
    return;
  }
  if ((row[at + PRESENT]! & ENDPOINT) !== ENDPOINT) {
    throw new DecodeError(
      `Cannot decode the service at offset ${offset}: no fwmark, and no protocol, address and port`,
    );
  }
  clearUnusedAddress(row, at, family);
}

/**
 * Checks a decoded destination and normalises its identity: address family, address and port.
 *
 * @param serviceFamily Address family of its service.
 * @throws {DecodeError} if it has no statistics or an unknown address family.
 */
export function checkDestination(
  row: Uint32Array,
  at: number,
  offset: number,
  serviceFamily: number,
): void {
  checkStats(row[at + PRESENT]!, DESTINATION_STATS, "destination", offset);
  normaliseDestination(row, at, offset, serviceFamily);
}

/**
 * Normalises the identity of a destination.
 *
 * @throws {DecodeError} if the address family is unknown.
 */
export function normaliseDestination(
  row: Uint32Array,
  at: number,
  offset: number,
  serviceFamily: number,
): void {
  // Before Linux 3.18 a destination had the family of its service, and no attribute for it.
  if ((row[at + PRESENT]! & ADDR_FAMILY) === 0) row[at + DESTINATION.addressFamily] = serviceFamily;
  const family = row[at + DESTINATION.addressFamily]!;
  checkFamily(family, "IPVS_DEST_ATTR_ADDR_FAMILY", offset);
  clearUnusedAddress(row, at, family);
}

/** Statistics that the kernel did not send are not shown as zeros. */
function checkStats(present: number, stats: number, name: string, offset: number): void {
  if ((present & stats) !== 0) return;
  throw new DecodeError(`Cannot decode the ${name} at offset ${offset}: no counters`);
}

function checkFamily(family: number, name: string, offset: number): void {
  if (family === AF_INET || family === AF_INET6) return;
  throw new DecodeError(`Cannot decode ${name} at offset ${offset}: no address family ${family}`);
}

/** The kernel sends an IPv4 address in 16 bytes; the last 12 have no meaning. */
function clearUnusedAddress(row: Uint32Array, at: number, family: number): void {
  if (family !== AF_INET) return;
  row[at + SERVER.address + 1] = 0;
  row[at + SERVER.address + 2] = 0;
  row[at + SERVER.address + 3] = 0;
}
