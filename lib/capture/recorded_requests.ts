/**
 * The requests in a capture that read IPVS.
 *
 * @module
 */
import { Datagram } from "../netlink/transport.ts";
import { GENL_ID_CTRL, NETLINK_GENERIC } from "../netlink/uapi.ts";
import type { Exchange } from "./exchange.ts";
import { findIpvsFamily } from "./ipvs_family.ts";
import { matchReplies, MAX_REQUESTS } from "./match_replies.ts";
import { type NetlinkPacket, packetError } from "./packets.ts";
import { type IpvsRequest, type IsIpvsFamily, parseRequest } from "./request_key.ts";

/** A request in a capture, with its replies. */
export interface RecordedRequest extends IpvsRequest {
  readonly exchange: Exchange;
}

/**
 * Selects the exchanges of a capture that read IPVS, and parses their requests.
 *
 * @throws {CaptureError} if the snap length truncated one of their packets.
 */
export function readRequests(
  exchanges: readonly Exchange[],
  isIpvs: IsIpvsFamily,
): RecordedRequest[] {
  const requests: RecordedRequest[] = [];
  for (const exchange of exchanges) {
    const { packet, start, end, type, truncatedPacket: truncated } = exchange;
    if (type !== GENL_ID_CTRL && !isIpvs(type)) continue;
    const message = Datagram.from(packet.bytes.subarray(start, end), packet.littleEndian);
    const request = parseRequest(message, isIpvs);
    if (truncated !== undefined && (request !== undefined || isIpvs(type))) {
      const { length } = truncated.frame;
      throw packetError(
        truncated,
        `was truncated to ${length} of ${length + truncated.missing} bytes; ` +
          "capture again without a snap length (tcpdump -s 0)",
      );
    }
    if (request !== undefined) requests.push({ ...request, exchange });
  }
  return requests;
}

/** Reads the requests in the packets of a capture, with a common limit for all of its rounds. */
export class RequestReader {
  #left = MAX_REQUESTS;

  /**
   * Reads the requests that read IPVS, with their replies, in the order of the packets.
   *
   * @throws {CaptureError} if a packet is malformed or truncated, or there are too many requests.
   */
  read(packets: readonly NetlinkPacket[]): RecordedRequest[] {
    const generic = packets.filter((packet) => packet.protocol === NETLINK_GENERIC);
    const exchanges = matchReplies(generic, this.#left);
    this.#left -= exchanges.length;
    return readRequests(exchanges, findIpvsFamily(generic, exchanges));
  }
}
