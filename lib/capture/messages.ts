/**
 * The messages of a captured packet, read where they lie in the file.
 *
 * @module
 */
import { align4 } from "../netlink/attributes.ts";
import type { MessageHeader } from "../netlink/message.ts";
import { NLMSG_HDRLEN } from "../netlink/uapi.ts";
import { viewOf } from "./frame.ts";
import { type NetlinkPacket, packetError } from "./packets.ts";

/**
 * Reads the headers of a packet's messages. A message that the snap length cut is the last one,
 * and ends where the captured bytes end.
 *
 * @throws {CaptureError} if a message does not fit, except behind a program's first request: there
 * the kernel passes over what it cannot read, and so does this.
 */
export function readMessages(packet: NetlinkPacket): MessageHeader[] {
  const { bytes, littleEndian } = packet;
  const view = viewOf(bytes);
  const messages: MessageHeader[] = [];
  for (let start = 0; start < bytes.length;) {
    const left = bytes.length - start;
    const size = left < NLMSG_HDRLEN ? 0 : view.getUint32(start, littleEndian);
    const isCut = size > left && size <= left + packet.missing;
    if ((size < NLMSG_HDRLEN || size > left) && !isCut) {
      if (packet.missing > 0 || (packet.isRequest && start > 0)) break;
      throw packetError(packet, `has a netlink message of ${size} bytes with ${left} bytes left`);
    }
    const end = start + Math.min(size, left);
    messages.push({
      start,
      end,
      type: view.getUint16(start + 4, littleEndian),
      flags: view.getUint16(start + 6, littleEndian),
      sequence: view.getUint32(start + 8, littleEndian),
      portId: view.getUint32(start + 12, littleEndian),
    });
    start = align4(end);
  }
  return messages;
}

/** The type and the port of a packet's first message; undefined where there is none. */
export function firstMessage(packet: NetlinkPacket): { type: number; portId: number } | undefined {
  if (packet.bytes.length < NLMSG_HDRLEN) return undefined;
  const view = viewOf(packet.bytes);
  return {
    type: view.getUint16(4, packet.littleEndian),
    portId: view.getUint32(12, packet.littleEndian),
  };
}

/** The error code of a DONE or an ERROR message: 0 or a negative errno; undefined without one. */
export function errorCodeOf(packet: NetlinkPacket, message: MessageHeader): number | undefined {
  const at = message.start + NLMSG_HDRLEN;
  return at + 4 > message.end ? undefined : viewOf(packet.bytes).getInt32(at, packet.littleEndian);
}
