/**
 * Which number the family IPVS has in a capture.
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
import { AnswerReader } from "./replies.ts";
import type { Exchange } from "./match_replies.ts";
import { familiesIn, type IsIpvs, servicesIn } from "./request_key.ts";
import { firstMessage } from "./packet_messages.ts";
import { type NetlinkPacket, packetError } from "./packets.ts";

/**
 * Learns IPVS's number from what the family controller told anyone. Where it told of no IPVS, each
 * family is IPVS whose answers to a listing have the shape of virtual servers.
 *
 * @throws {CaptureError} if the controller's answer is damaged.
 */
export function findFamily(
  packets: readonly NetlinkPacket[],
  exchanges: readonly Exchange[],
): IsIpvs {
  const named = new Map<number, string>();
  for (const packet of packets) {
    if (packet.isRequest || packet.missing > 0) continue;
    if (firstMessage(packet)?.type !== GENL_ID_CTRL) continue;
    for (const { id, name } of readFamilies(packet)) {
      if (id !== undefined && name !== undefined) named.set(id, name);
    }
  }
  const found = new Set<number>();
  for (const [id, name] of named) if (name === IPVS_GENL_NAME) found.add(id);
  if (found.size === 0) {
    const reader = new AnswerReader();
    for (const exchange of exchanges) {
      if (!named.has(exchange.type) && isListing(exchange, reader)) found.add(exchange.type);
    }
  }
  return (type) => found.has(type);
}

function readFamilies(packet: NetlinkPacket): ReturnType<typeof familiesIn> {
  try {
    return familiesIn(Datagram.from(packet.bytes, packet.littleEndian));
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw packetError(packet, `is damaged: ${error.message}`, { cause: error });
  }
}

function isListing(exchange: Exchange, reader: AnswerReader): boolean {
  const { type, command, isDump, cut } = exchange;
  if (type <= GENL_ID_CTRL || command !== IPVS_CMD_GET_SERVICE || !isDump) return false;
  if (cut !== undefined) return false;
  let services = 0;
  for (const { datagram } of reader.read(exchange)) {
    const count = countServices(datagram);
    if (count === undefined || !namesServices(datagram, count)) return false;
    services += count;
  }
  return services > 0;
}

/** How many services a datagram describes; undefined if one of its answers has another shape. */
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

function namesServices(datagram: Datagram, count: number): boolean {
  try {
    return servicesIn(datagram).length === count;
  } catch (error) {
    if (error instanceof DecodeError) return false;
    throw error;
  }
}

/** Payload widths, in bytes, of attributes that every kernel gives each service. */
const SHAPE: readonly (readonly [type: number, width: number])[] = [
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
    SHAPE.every(([type, width]) => widths.get(type) === width);
}
