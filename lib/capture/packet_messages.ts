/**
 * Reads the netlink messages of a captured packet in place, without copying them.
 *
 * @module
 */
import { align4 } from "../netlink/attributes.ts";
import type { MessageHeader } from "../netlink/message.ts";
import { NLMSG_HDRLEN } from "../netlink/uapi.ts";
import { viewOf } from "./frame.ts";
import { type NetlinkPacket, packetError } from "./packets.ts";

/** Receives the header of a message; it is valid only during the call. */
export type MessageVisitor = (message: Readonly<MessageHeader>) => void;

/**
 * Visits the messages of a packet in order. If the snap length truncated the packet, the last
 * message ends at the last captured byte.
 *
 * @throws {CaptureError} if the length of a message is invalid. After the first message of a
 * request packet the rest is skipped instead, as the kernel does.
 */
export function visitMessages(packet: NetlinkPacket, visit: MessageVisitor): void {
  const { bytes, littleEndian, missing } = packet;
  const view = viewOf(bytes);
  const message = { start: 0, end: 0, type: 0, flags: 0, sequence: 0, portId: 0 };
  for (let start = 0; start < bytes.length;) {
    const left = bytes.length - start;
    const size = left < NLMSG_HDRLEN ? 0 : view.getUint32(start, littleEndian);
    const isTruncated = size > left && size <= left + missing;
    if ((size < NLMSG_HDRLEN || size > left) && !isTruncated) {
      if (missing > 0 || (packet.isRequest && start > 0)) return;
      throw packetError(packet, `has a netlink message of ${size} bytes with ${left} bytes left`);
    }
    message.start = start;
    message.end = start + Math.min(size, left);
    message.type = view.getUint16(start + 4, littleEndian);
    message.flags = view.getUint16(start + 6, littleEndian);
    message.sequence = view.getUint32(start + 8, littleEndian);
    message.portId = view.getUint32(start + 12, littleEndian);
    start = align4(message.end);
    visit(message);
  }
}

/** The type and the port of a packet's first message; undefined if there is none. */
export function firstMessage(packet: NetlinkPacket): { type: number; portId: number } | undefined {
  const { bytes, littleEndian } = packet;
  if (bytes.length < NLMSG_HDRLEN) return undefined;
  const view = viewOf(bytes);
  return { type: view.getUint16(4, littleEndian), portId: view.getUint32(12, littleEndian) };
}

/** The error code of a DONE or ERROR message: 0 or a negative errno; undefined if it is missing. */
export function errorCodeOf(
  packet: NetlinkPacket,
  message: Readonly<MessageHeader>,
): number | undefined {
  const at = message.start + NLMSG_HDRLEN;
  return at + 4 > message.end ? undefined : viewOf(packet.bytes).getInt32(at, packet.littleEndian);
}
