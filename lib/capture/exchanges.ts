/**
 * Pairing the answers of a capture with their requests, whoever asked.
 *
 * @module
 */
import type { MessageHeader } from "../netlink/message.ts";
import {
  GENL_HDRLEN,
  NLM_F_DUMP,
  NLM_F_MULTI,
  NLMSG_DONE,
  NLMSG_ERROR,
  NLMSG_HDRLEN,
  NLMSG_MIN_TYPE,
} from "../netlink/uapi.ts";
import { viewOf } from "./frame.ts";
import { errorCodeOf, firstMessage, readMessages } from "./messages.ts";
import type { NetlinkPacket } from "./packets.ts";

const NLM_F_ACK = 0x04;

/** Requests of one sequence number that wait for an answer: older ones have lost theirs. */
const MOST_WAITING = 16;

/** A request in a capture, and what answered it. */
export interface Exchange {
  /** The packet of the request, and where in its messages the request begins and ends. */
  readonly packet: NetlinkPacket;
  readonly start: number;
  readonly end: number;
  /** The family's number, and the generic netlink command. */
  readonly type: number;
  readonly command: number;
  readonly isDump: boolean;
  readonly flags: number;
  readonly sequence: number;
  /** The socket that asked. */
  portId: number;
  /** The packets that answer, in order. */
  readonly answers: NetlinkPacket[];
  /** "open" where no message ended it. */
  state: "open" | "done" | "refused";
  /** The first packet of it that a snap length cut. */
  cut: NetlinkPacket | undefined;
  /** Whether an answer could have been another request's. */
  isDoubtful: boolean;
  /** Whether an acknowledgement of its own comes behind the answer. */
  awaitsAck: boolean;
}

/**
 * Finds the exchanges of generic netlink packets, in the order of the requests.
 *
 * An answer carries the sequence number of its request and the port of the socket that asked.
 * Programs may leave the port out of the request (the kernel does not look at it): such a request
 * gets the first answer of its sequence number and shape that no other request claims.
 *
 * @throws {CaptureError} if a packet's messages are damaged.
 */
export function pairExchanges(packets: readonly NetlinkPacket[]): Exchange[] {
  const ports = new Set<number>();
  for (const packet of packets) {
    if (!packet.isRequest) ports.add(firstMessage(packet)?.portId ?? 0);
  }
  const pairing = new Pairing(ports);
  for (const packet of packets) {
    for (const message of readMessages(packet)) {
      if (packet.isRequest) pairing.ask(packet, message);
      else pairing.answer(packet, message);
    }
  }
  return pairing.exchanges;
}

class Pairing {
  readonly exchanges: Exchange[] = [];
  /** Ports that answers went to; a request that names another one names none. */
  readonly #ports: ReadonlySet<number>;
  readonly #bySocket = new Map<string, Exchange>();
  readonly #anonymous = new Map<number, Exchange[]>();

  constructor(ports: ReadonlySet<number>) {
    this.#ports = ports;
  }

  ask(packet: NetlinkPacket, message: MessageHeader): void {
    if (message.end - message.start < NLMSG_HDRLEN + GENL_HDRLEN) return;
    const { start, end, type, flags, sequence, portId } = message;
    const exchange: Exchange = {
      packet,
      start,
      end,
      type,
      command: packet.bytes[start + NLMSG_HDRLEN]!,
      isDump: (flags & NLM_F_DUMP) === NLM_F_DUMP,
      flags,
      sequence,
      portId,
      answers: [],
      state: "open",
      cut: packet.missing > 0 ? packet : undefined,
      isDoubtful: false,
      awaitsAck: (flags & (NLM_F_ACK | NLM_F_DUMP)) === NLM_F_ACK,
    };
    this.exchanges.push(exchange);
    if (portId !== 0 && this.#ports.has(portId)) {
      this.#bySocket.set(`${portId} ${sequence}`, exchange);
      return;
    }
    const waiting = this.#anonymous.get(sequence) ?? [];
    waiting.push(exchange);
    if (waiting.length > MOST_WAITING) waiting.shift();
    this.#anonymous.set(sequence, waiting);
  }

  answer(packet: NetlinkPacket, message: MessageHeader): void {
    // Nobody's port is 0: that is what the kernel sends to a group of listeners.
    if (message.portId === 0) return;
    const socket = `${message.portId} ${message.sequence}`;
    let exchange = this.#bySocket.get(socket);
    if (exchange?.state !== "open") {
      if (exchange?.awaitsAck && message.type === NLMSG_ERROR) {
        exchange.awaitsAck = false;
        return;
      }
      exchange = this.#claim(packet, message);
      if (exchange === undefined) return;
      this.#bySocket.set(socket, exchange);
    }
    if (message.type === NLMSG_ERROR) exchange.awaitsAck = false;
    if (exchange.answers.at(-1) !== packet) exchange.answers.push(packet);
    if (packet.missing > 0) exchange.cut ??= packet;
    exchange.state = stateAfter(packet, message);
  }

  /** Takes the first request that this could be the first answer of, if it named no port. */
  #claim(packet: NetlinkPacket, message: MessageHeader): Exchange | undefined {
    const waiting = this.#anonymous.get(message.sequence) ?? [];
    const candidates = waiting.filter((exchange) => canAnswer(packet, message, exchange));
    const [exchange] = candidates;
    if (exchange === undefined) return undefined;
    if (candidates.length > 1) { for (const each of candidates) each.isDoubtful = true; }
    waiting.splice(waiting.indexOf(exchange), 1);
    exchange.portId = message.portId;
    return exchange;
  }
}

function canAnswer(packet: NetlinkPacket, message: MessageHeader, exchange: Exchange): boolean {
  if (message.type === NLMSG_DONE) return exchange.isDump;
  if (message.type !== NLMSG_ERROR) {
    const isMultipart = (message.flags & NLM_F_MULTI) !== 0;
    return message.type === exchange.type && isMultipart === exchange.isDump;
  }
  // An error echoes the header of the request that it answers.
  const echo = message.start + NLMSG_HDRLEN + 4;
  if (echo + NLMSG_HDRLEN > message.end) return true;
  const view = viewOf(packet.bytes);
  return view.getUint32(echo, packet.littleEndian) === exchange.end - exchange.start &&
    view.getUint16(echo + 4, packet.littleEndian) === exchange.type &&
    view.getUint16(echo + 6, packet.littleEndian) === exchange.flags;
}

function stateAfter(packet: NetlinkPacket, message: MessageHeader): Exchange["state"] {
  if (message.type >= NLMSG_MIN_TYPE) return (message.flags & NLM_F_MULTI) === 0 ? "done" : "open";
  if (message.type === NLMSG_DONE) {
    return (errorCodeOf(packet, message) ?? 0) === 0 ? "done" : "refused";
  }
  if (message.type === NLMSG_ERROR) return errorCodeOf(packet, message) === 0 ? "done" : "refused";
  return "open";
}
