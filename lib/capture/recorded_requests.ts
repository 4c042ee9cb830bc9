/**
 * The requests in a capture that read IPVS.
 *
 * @module
 */
import { Datagram } from "../netlink/transport.ts";
import { GENL_ID_CTRL } from "../netlink/uapi.ts";
import type { Exchange } from "./exchange.ts";
import { packetError } from "./packets.ts";
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
