/**
 * Pairing the answers of a capture with their requests, whoever asked.
 *
 * @module
 */
import { align4 } from "../netlink/attributes.ts";
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
import { CaptureError } from "./error.ts";
import { viewOf } from "./frame.ts";
import { errorCodeOf, firstMessage, visitMessages } from "./packet_messages.ts";
import type { NetlinkPacket } from "./packets.ts";

const NLM_F_ACK = 0x04;

/** Requests of one sequence number that wait for an answer: older ones have lost theirs. */
const MOST_WAITING = 16;

/** Requests of a capture: one takes at least 20 bytes of the file, and some 300 of memory. */
export const MOST_REQUESTS: number = 1 << 22;

/** Consecutive messages of one packet that answer one request: where they begin and end in it. */
export interface Answer {
  readonly packet: NetlinkPacket;
  readonly start: number;
  /** Where the message behind them begins, or the packet ends. */
  end: number;
}

const NO_ANSWERS: readonly Answer[] = [];

/** A request in a capture, and what answered it. */
export class Exchange {
  /** The packet of the request, and where in its messages the request begins and ends. */
  readonly packet: NetlinkPacket;
  readonly start: number;
  readonly end: number;
  /** The family's number. */
  readonly type: number;
  /** NLM_F_*. */
  readonly flags: number;
  /** The socket that asked. */
  portId: number;
  /** "open" where no message ended it. */
  state: "open" | "done" | "refused" = "open";
  /** The errno of a refusal, else 0. */
  errno = 0;
  /** The first packet of it that a snap length cut. */
  cut: NetlinkPacket | undefined;
  /** Whether an answer could have been another request's. */
  isDoubtful = false;
  /** Whether an acknowledgement of its own comes behind the answer. */
  awaitsAck: boolean;
  #answers: Answer[] | undefined;

  /** Begins with a request that nothing answers yet. */
  constructor(packet: NetlinkPacket, request: Readonly<MessageHeader>) {
    this.packet = packet;
    this.start = request.start;
    this.end = request.end;
    this.type = request.type;
    this.flags = request.flags;
    this.portId = request.portId;
    this.cut = packet.missing > 0 ? packet : undefined;
    this.awaitsAck = (request.flags & (NLM_F_ACK | NLM_F_DUMP)) === NLM_F_ACK;
  }

  /** What answers it, in order. */
  get answers(): readonly Answer[] {
    return this.#answers ?? NO_ANSWERS;
  }

  /** The generic netlink command. */
  get command(): number {
    return this.packet.bytes[this.start + NLMSG_HDRLEN]!;
  }

  /** Whether it asks for a list. */
  get isDump(): boolean {
    return (this.flags & NLM_F_DUMP) === NLM_F_DUMP;
  }

  /** Adds the next message that answers it. */
  add(packet: NetlinkPacket, message: Readonly<MessageHeader>): void {
    const { start } = message;
    const end = Math.min(align4(message.end), packet.bytes.length);
    const last = this.#answers?.at(-1);
    if (last?.packet === packet && last.end === start) last.end = end;
    else if (this.#answers === undefined) this.#answers = [{ packet, start, end }];
    else this.#answers.push({ packet, start, end });
    if (message.type === NLMSG_ERROR) this.awaitsAck = false;
    if (packet.missing > 0) this.cut ??= packet;
    this.#advance(packet, message);
  }

  #advance(packet: NetlinkPacket, message: Readonly<MessageHeader>): void {
    const { type, flags } = message;
    if (type >= NLMSG_MIN_TYPE) {
      if ((flags & NLM_F_MULTI) === 0) this.state = "done";
      return;
    }
    if (type !== NLMSG_DONE && type !== NLMSG_ERROR) return;
    const code = errorCodeOf(packet, message) ?? (type === NLMSG_DONE ? 0 : undefined);
    this.state = code === 0 ? "done" : "refused";
    this.errno = Math.abs(code ?? 0);
  }
}

/**
 * Finds the exchanges of generic netlink packets, in the order of the requests.
 *
 * An answer carries the sequence number of its request and the port of the socket that asked.
 * Programs may leave the port out of the request (the kernel does not look at it): such a request
 * gets the first answer of its sequence number and shape that no other request claims.
 *
 * @throws {CaptureError} if a packet's messages are damaged, or there are more than `most` requests.
 */
export function pairExchanges(
  packets: readonly NetlinkPacket[],
  most = MOST_REQUESTS,
): Exchange[] {
  const ports = new Set<number>();
  for (const packet of packets) {
    if (!packet.isRequest) ports.add(firstMessage(packet)?.portId ?? 0);
  }
  const pairing = new Pairing(ports, most);
  for (const packet of packets) {
    const visit = packet.isRequest ? pairing.ask : pairing.answer;
    visitMessages(packet, (message) => visit.call(pairing, packet, message));
  }
  return pairing.exchanges;
}

class Pairing {
  readonly exchanges: Exchange[] = [];
  /** Ports that answers went to; a request that names another one names none. */
  readonly #ports: ReadonlySet<number>;
  readonly #most: number;
  readonly #bySocket = new Map<string, Exchange>();
  readonly #anonymous = new Map<number, Exchange[]>();

  constructor(ports: ReadonlySet<number>, most: number) {
    this.#ports = ports;
    this.#most = most;
  }

  ask(packet: NetlinkPacket, message: Readonly<MessageHeader>): void {
    if (message.end - message.start < NLMSG_HDRLEN + GENL_HDRLEN) return;
    if (this.exchanges.length === this.#most) {
      throw new CaptureError(`it has more than ${this.#most} requests`);
    }
    const { sequence, portId } = message;
    const exchange = new Exchange(packet, message);
    this.exchanges.push(exchange);
    if (portId !== 0 && this.#ports.has(portId)) {
      this.#bySocket.set(`${portId} ${sequence}`, exchange);
      return;
    }
    const waiting = this.#anonymous.get(sequence);
    if (waiting === undefined) this.#anonymous.set(sequence, [exchange]);
    else {
      waiting.push(exchange);
      if (waiting.length > MOST_WAITING) waiting.shift();
    }
  }

  answer(packet: NetlinkPacket, message: Readonly<MessageHeader>): void {
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
    exchange.add(packet, message);
    if (exchange.state !== "open" && !exchange.awaitsAck) this.#bySocket.delete(socket);
  }

  /** Takes the first request that this could be the first answer of, if it named no port. */
  #claim(packet: NetlinkPacket, message: Readonly<MessageHeader>): Exchange | undefined {
    const waiting = this.#anonymous.get(message.sequence);
    if (waiting === undefined) return undefined;
    const candidates = waiting.filter((exchange) => canAnswer(packet, message, exchange));
    const [exchange] = candidates;
    if (exchange === undefined) return undefined;
    if (candidates.length > 1) { for (const each of candidates) each.isDoubtful = true; }
    waiting.splice(waiting.indexOf(exchange), 1);
    exchange.portId = message.portId;
    return exchange;
  }
}

function canAnswer(
  packet: NetlinkPacket,
  message: Readonly<MessageHeader>,
  exchange: Exchange,
): boolean {
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
