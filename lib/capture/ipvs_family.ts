/**
 * Finds the number that the generic netlink family IPVS has in a capture.
 *
 * @module
 */
import { readAttributes } from "../netlink/attributes.ts";
import { DecodeError } from "../netlink/errors.ts";
import { type MessageHeader, nextStart, readHeader } from "../netlink/message.ts";
import { Datagram } from "../netlink/transport.ts";
import { GENL_HDRLEN, GENL_ID_CTRL, NLMSG_HDRLEN, NLMSG_MIN_TYPE } from "../netlink/uapi.ts";
import {
  IPVS_CMD_ATTR,
  IPVS_CMD_GET_SERVICE,
  IPVS_GENL_NAME,
  IPVS_SVC_ATTR,
} from "../ipvs/uapi.ts";
import type { Exchange } from "./exchange.ts";
import { firstMessage } from "./packet_messages.ts";
import { type NetlinkPacket, packetError } from "./packets.ts";
import { ReplyReader } from "./replies.ts";
import { type IsIpvsFamily, readFamilies, readServiceKeys } from "./request_key.ts";

/**
 * Finds the number of IPVS in the replies of the family controller. If they do not mention IPVS,
 * any unnamed family is taken for IPVS if its replies to a dump look like virtual servers.
 *
 * @throws {CaptureError} if a reply of the family controller is malformed.
 */
export function findIpvsFamily(
  packets: readonly NetlinkPacket[],
  exchanges: readonly Exchange[],
): IsIpvsFamily {
  const named = new Map<number, string>();
  for (const packet of packets) {
    if (packet.isRequest || packet.missing > 0) continue;
    if (firstMessage(packet)?.type !== GENL_ID_CTRL) continue;
    for (const { id, name } of familiesOf(packet)) {
      if (id !== undefined && name !== undefined) named.set(id, name);
    }
  }
  const found = new Set<number>();
  for (const [id, name] of named) if (name === IPVS_GENL_NAME) found.add(id);
  if (found.size === 0) {
    const reader = new ReplyReader();
    for (const exchange of exchanges) {
      if (!named.has(exchange.type) && isServiceDump(exchange, reader)) found.add(exchange.type);
    }
  }
  return (type) => found.has(type);
}

function familiesOf(packet: NetlinkPacket): ReturnType<typeof readFamilies> {
  try {
    return readFamilies(Datagram.from(packet.bytes, packet.littleEndian));
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw packetError(packet, `is malformed: ${error.message}`, { cause: error });
  }
}

/** Whether all replies to a request describe virtual servers, and there is at least one. */
function isServiceDump(exchange: Exchange, reader: ReplyReader): boolean {
  const { type, command, isDump, truncatedPacket } = exchange;
  if (type <= GENL_ID_CTRL || command !== IPVS_CMD_GET_SERVICE || !isDump) return false;
  if (truncatedPacket !== undefined) return false;
  let services = 0;
  for (const { datagram } of reader.read(exchange)) {
    const count = countServices(datagram);
    if (count === undefined || !identifiesServices(datagram, count)) return false;
    services += count;
  }
  return services > 0;
}

/** Counts the services in a datagram; undefined if a reply in it does not look like a service. */
function countServices(datagram: Datagram): number | undefined {
  const header: MessageHeader = { start: 0, end: 0, type: 0, flags: 0, sequence: 0, portId: 0 };
  let count = 0;
  for (let at = 0; at < datagram.length; at = nextStart(header)) {
    readHeader(datagram, at, header);
    if (header.type < NLMSG_MIN_TYPE) continue;
    const body = header.start + NLMSG_HDRLEN + GENL_HDRLEN;
    if (!looksLikeService(datagram, body, header.end)) return undefined;
    count++;
  }
  return count;
}

/** Whether the keys of all services in a datagram can be read. */
function identifiesServices(datagram: Datagram, count: number): boolean {
  try {
    return readServiceKeys(datagram).length === count;
  } catch (error) {
    if (error instanceof DecodeError) return false;
    throw error;
  }
}

/** Widths in bytes of attributes that every kernel sends for a service. */
const REQUIRED_WIDTHS: readonly (readonly [type: number, width: number])[] = [
  [IPVS_SVC_ATTR.IPVS_SVC_ATTR_AF, 2],
  [IPVS_SVC_ATTR.IPVS_SVC_ATTR_FLAGS, 8],
  [IPVS_SVC_ATTR.IPVS_SVC_ATTR_TIMEOUT, 4],
  [IPVS_SVC_ATTR.IPVS_SVC_ATTR_NETMASK, 4],
];

function looksLikeService(datagram: Datagram, start: number, end: number): boolean {
  const widths = new Map<number, number>();
  let nests = 0;
  let others = 0;
  try {
    readAttributes(datagram, start, end, (type, offset, length) => {
      if (type !== IPVS_CMD_ATTR.IPVS_CMD_ATTR_SERVICE) others++;
      else {
        nests++;
        readAttributes(datagram, offset, offset + length, (inner, _, width) => {
          widths.set(inner, width);
        });
      }
    });
  } catch (error) {
    if (error instanceof DecodeError) return false;
    throw error;
  }
  return nests === 1 && others === 0 &&
    widths.has(IPVS_SVC_ATTR.IPVS_SVC_ATTR_SCHED_NAME) &&
    REQUIRED_WIDTHS.every(([type, width]) => widths.get(type) === width);
}
