/**
 * Matches the replies in a capture with their requests, for any number of clients.
 *
 * @module
 */
import type { MessageHeader } from "../netlink/message.ts";
import {
  GENL_HDRLEN,
  NLM_F_MULTI,
  NLMSG_DONE,
  NLMSG_ERROR,
  NLMSG_HDRLEN,
} from "../netlink/uapi.ts";
import { CaptureError } from "./error.ts";
import { Exchange } from "./exchange.ts";
import { viewOf } from "./frame.ts";
import { firstMessage, visitMessages } from "./packet_messages.ts";
import type { NetlinkPacket } from "./packets.ts";

/** Maximum number of unanswered requests kept per sequence number; older ones stay unanswered. */
const MAX_PENDING = 16;

/**
 * Maximum number of requests in a capture: each is at least 20 bytes of the file, but about 300
 * bytes of memory.
 */
export const MAX_REQUESTS: number = 1 << 22;

/**
 * Finds the exchanges in generic netlink packets, in the order of the requests.
 *
 * A reply has the sequence number of its request and the port of the client's socket. The port in a
 * request may be missing or wrong, as the kernel ignores it: such a request gets the first reply
 * with its sequence number and a matching type that no other request claims.
 *
 * @throws {CaptureError} if a message is malformed, or there are more than `maxRequests` requests.
 */
export function matchReplies(
  packets: readonly NetlinkPacket[],
  maxRequests = MAX_REQUESTS,
): Exchange[] {
  const ports = new Set<number>();
  for (const packet of packets) {
    if (!packet.isRequest) ports.add(firstMessage(packet)?.portId ?? 0);
  }
  const matcher = new ReplyMatcher(ports, maxRequests);
  for (const packet of packets) {
    const add = packet.isRequest ? matcher.addRequest : matcher.addReply;
    visitMessages(packet, (message) => add.call(matcher, packet, message));
  }
  return matcher.exchanges;
}

class ReplyMatcher {
  readonly exchanges: Exchange[] = [];
  /** The ports that replies were sent to; any other port in a request is wrong. */
  readonly #ports: ReadonlySet<number>;
  readonly #maxRequests: number;
  /** The current exchange for a port and a sequence number. */
  readonly #bySocket = new Map<string, Exchange>();
  /** Requests without a valid port, by sequence number. */
  readonly #portless = new Map<number, Exchange[]>();

  constructor(ports: ReadonlySet<number>, maxRequests: number) {
    this.#ports = ports;
    this.#maxRequests = maxRequests;
  }

  addRequest(packet: NetlinkPacket, message: Readonly<MessageHeader>): void {
    if (message.end - message.start < NLMSG_HDRLEN + GENL_HDRLEN) return;
    if (this.exchanges.length === this.#maxRequests) {
      throw new CaptureError(`it contains more than ${this.#maxRequests} requests`);
    }
    const { sequence, portId } = message;
    const exchange = new Exchange(packet, message);
    this.exchanges.push(exchange);
    if (portId !== 0 && this.#ports.has(portId)) {
      this.#bySocket.set(`${portId} ${sequence}`, exchange);
      return;
    }
    const pending = this.#portless.get(sequence);
    if (pending === undefined) this.#portless.set(sequence, [exchange]);
    else {
      pending.push(exchange);
      if (pending.length > MAX_PENDING) pending.shift();
    }
  }

  addReply(packet: NetlinkPacket, message: Readonly<MessageHeader>): void {
    // No socket has port 0: this is a notification to a multicast group.
    if (message.portId === 0) return;
    const socket = `${message.portId} ${message.sequence}`;
    let exchange = this.#bySocket.get(socket);
    if (exchange?.state !== "open") {
      if (exchange?.expectsAck && message.type === NLMSG_ERROR) {
        exchange.expectsAck = false;
        return;
      }
      exchange = this.#claimPortless(packet, message);
      if (exchange === undefined) return;
      this.#bySocket.set(socket, exchange);
    }
    exchange.add(packet, message);
    if (exchange.state !== "open" && !exchange.expectsAck) this.#bySocket.delete(socket);
  }

  /** Takes the first request without a port that a message could be the first reply to. */
  #claimPortless(packet: NetlinkPacket, message: Readonly<MessageHeader>): Exchange | undefined {
    const pending = this.#portless.get(message.sequence);
    if (pending === undefined) return undefined;
    const candidates = pending.filter((exchange) => canReplyTo(exchange, packet, message));
    const [exchange] = candidates;
    if (exchange === undefined) return undefined;
    if (candidates.length > 1) { for (const each of candidates) each.isAmbiguous = true; }
    pending.splice(pending.indexOf(exchange), 1);
    exchange.portId = message.portId;
    return exchange;
  }
}

/** Whether a message with the sequence number of a request can be the first reply to it. */
function canReplyTo(
  exchange: Exchange,
  packet: NetlinkPacket,
  message: Readonly<MessageHeader>,
): boolean {
  if (message.type === NLMSG_DONE) return exchange.isDump;
  if (message.type !== NLMSG_ERROR) {
    const isMultipart = (message.flags & NLM_F_MULTI) !== 0;
    return message.type === exchange.type && isMultipart === exchange.isDump;
  }
  // An error contains a copy of the header of its request.
  const copy = message.start + NLMSG_HDRLEN + 4;
  if (copy + NLMSG_HDRLEN > message.end) return true;
  const view = viewOf(packet.bytes);
  return view.getUint32(copy, packet.littleEndian) === exchange.end - exchange.start &&
    view.getUint16(copy + 4, packet.littleEndian) === exchange.type &&
    view.getUint16(copy + 6, packet.littleEndian) === exchange.flags;
}
