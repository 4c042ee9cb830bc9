/**
 * What names a server: a decoded row is checked, and what the kernel does not look at is zeroed, so
 * that rows with equal names are equal in each column that names them.
 *
 * @module
 */
import { DecodeError } from "../netlink/errors.ts";
import { DESTINATION, PRESENT, SERVICE } from "./schema.ts";
import { AF_INET, AF_INET6, IPVS_DEST_ATTR, IPVS_SVC_ATTR } from "./uapi.ts";

const { IPVS_SVC_ATTR_PROTOCOL, IPVS_SVC_ATTR_ADDR, IPVS_SVC_ATTR_PORT } = IPVS_SVC_ATTR;
const IDENTITY = 1 << IPVS_SVC_ATTR_PROTOCOL | 1 << IPVS_SVC_ATTR_ADDR | 1 << IPVS_SVC_ATTR_PORT;
const SERVICE_STATS = 1 << IPVS_SVC_ATTR.IPVS_SVC_ATTR_STATS |
  1 << IPVS_SVC_ATTR.IPVS_SVC_ATTR_STATS64;
const DESTINATION_STATS = 1 << IPVS_DEST_ATTR.IPVS_DEST_ATTR_STATS |
  1 << IPVS_DEST_ATTR.IPVS_DEST_ATTR_STATS64;
const ADDR_FAMILY = 1 << IPVS_DEST_ATTR.IPVS_DEST_ATTR_ADDR_FAMILY;

/** Numbers that the kernel did not give are not shown as zeros. */
function checkStats(present: number, stats: number, name: string, offset: number): void {
  if ((present & stats) !== 0) return;
  throw new DecodeError(`Cannot decode the ${name} at offset ${offset}: no counters`);
}

function checkFamily(family: number, name: string, offset: number): void {
  if (family === AF_INET || family === AF_INET6) return;
  throw new DecodeError(`Cannot decode ${name} at offset ${offset}: no address family ${family}`);
}

/** For IPv4 it is a mask, of which each one has a length; for IPv6 it is the length itself. */
function checkNetmask(family: number, netmask: number, offset: number): void {
  if (family === AF_INET || netmask <= 128) return;
  throw new DecodeError(
    `Cannot decode IPVS_SVC_ATTR_NETMASK at offset ${offset}: no prefix length ${netmask}`,
  );
}

/**
 * Checks the service in the slots from `at` on, and reduces its name to its family and mark, or to
 * its family, protocol, address and port.
 *
 * @throws {DecodeError} if it has no counters, no family that is known, no prefix length of its
 * family, or no whole name.
 */
export function settleService(words: Uint32Array, at: number, offset: number): void {
  checkStats(words[at + PRESENT]!, SERVICE_STATS, "service", offset);
  const family = words[at + SERVICE.addressFamily]!;
  checkFamily(family, "IPVS_SVC_ATTR_AF", offset);
  checkNetmask(family, words[at + SERVICE.netmask]!, offset);
  if (words[at + SERVICE.fwmark] !== 0) {
    words[at + SERVICE.protocol] = 0;
    words[at + SERVICE.port] = 0;
    words[at + SERVICE.address] = 0;
    zeroUnused(words, at + SERVICE.address, AF_INET);
    return;
  }
  if ((words[at + PRESENT]! & IDENTITY) !== IDENTITY) {
    throw new DecodeError(
      `Cannot decode the service at offset ${offset}: no mark, and no protocol, address and port`,
    );
  }
  zeroUnused(words, at + SERVICE.address, family);
}

/**
 * Checks the destination in the slots from `at` on, which is of a service of this family, and
 * completes its name: family, address and port.
 *
 * @throws {DecodeError} if it has no counters, or no family that is known.
 */
export function settleDestination(
  words: Uint32Array,
  at: number,
  offset: number,
  service: number,
): void {
  checkStats(words[at + PRESENT]!, DESTINATION_STATS, "destination", offset);
  // Before Linux 3.18 a destination was of its service's family, and did not say so.
  if ((words[at + PRESENT]! & ADDR_FAMILY) === 0) words[at + DESTINATION.addressFamily] = service;
  const family = words[at + DESTINATION.addressFamily]!;
  checkFamily(family, "IPVS_DEST_ATTR_ADDR_FAMILY", offset);
  zeroUnused(words, at + DESTINATION.address, family);
}

/** An IPv4 address has 4 bytes of the 16; the kernel sends the rest, and looks at none of it. */
function zeroUnused(words: Uint32Array, address: number, family: number): void {
  if (family !== AF_INET) return;
  words[address + 1] = 0;
  words[address + 2] = 0;
  words[address + 3] = 0;
}
