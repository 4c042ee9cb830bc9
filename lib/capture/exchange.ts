/**
 * A captured request with its replies.
 *
 * @module
 */
import { align4 } from "../netlink/attributes.ts";
import type { MessageHeader } from "../netlink/message.ts";
import {
  NLM_F_DUMP,
  NLM_F_MULTI,
  NLMSG_DONE,
  NLMSG_ERROR,
  NLMSG_HDRLEN,
  NLMSG_MIN_TYPE,
} from "../netlink/uapi.ts";
import { errorCodeOf } from "./packet_messages.ts";
import type { NetlinkPacket } from "./packets.ts";

const NLM_F_ACK = 0x04;

/** Consecutive messages of one packet that reply to one request. */
export interface ReplySpan {
  readonly packet: NetlinkPacket;
  /** The offset of the first message among the packet's messages, in bytes. */
  readonly start: number;
  /** The offset of the message after the last one, or the end of the packet. */
  end: number;
}

const NO_REPLIES: readonly ReplySpan[] = [];

/** A request in a capture, and its replies. */
export class Exchange {
  /** The packet of the request. */
  readonly packet: NetlinkPacket;
  /** The offset of the request among the packet's messages, in bytes. */
  readonly start: number;
  /** The offset of the end of the request. */
  readonly end: number;
  /** The number of the generic netlink family. */
  readonly type: number;
  /** NLM_F_* flags of the request. */
  readonly flags: number;
  /** The port of the client's socket; 0 if the request has none and no reply has been found. */
  portId: number;
  /** "open" until the last reply, "failed" if the kernel returned an error. */
  state: "open" | "done" | "failed" = "open";
  /** The errno of the error; 0 if there is none. */
  errno = 0;
  /** The first packet of the exchange that the snap length truncated. */
  truncatedPacket: NetlinkPacket | undefined;
  /** Whether the replies could belong to another request. */
  isAmbiguous = false;
  /** Whether a separate acknowledgement follows the reply. */
  expectsAck: boolean;
  #replies: ReplySpan[] | undefined;

  /** Creates an exchange without replies. */
  constructor(packet: NetlinkPacket, request: Readonly<MessageHeader>) {
    this.packet = packet;
    this.start = request.start;
    this.end = request.end;
    this.type = request.type;
    this.flags = request.flags;
    this.portId = request.portId;
    this.truncatedPacket = packet.missing > 0 ? packet : undefined;
    this.expectsAck = (request.flags & (NLM_F_ACK | NLM_F_DUMP)) === NLM_F_ACK;
  }

  /** The replies in order. */
  get replies(): readonly ReplySpan[] {
    return this.#replies ?? NO_REPLIES;
  }

  /** The generic netlink command of the request. */
  get command(): number {
    return this.packet.bytes[this.start + NLMSG_HDRLEN]!;
  }

  /** Whether the request is a dump. */
  get isDump(): boolean {
    return (this.flags & NLM_F_DUMP) === NLM_F_DUMP;
  }

  /** Adds the next reply. */
  add(packet: NetlinkPacket, message: Readonly<MessageHeader>): void {
    const { start } = message;
    const end = Math.min(align4(message.end), packet.bytes.length);
    const last = this.#replies?.at(-1);
    if (last?.packet === packet && last.end === start) last.end = end;
    else if (this.#replies === undefined) this.#replies = [{ packet, start, end }];
    else this.#replies.push({ packet, start, end });
    if (message.type === NLMSG_ERROR) this.expectsAck = false;
    if (packet.missing > 0) this.truncatedPacket ??= packet;
    this.#updateState(packet, message);
  }

  #updateState(packet: NetlinkPacket, message: Readonly<MessageHeader>): void {
    const { type, flags } = message;
    if (type >= NLMSG_MIN_TYPE) {
      if ((flags & NLM_F_MULTI) === 0) this.state = "done";
      return;
    }
    if (type !== NLMSG_DONE && type !== NLMSG_ERROR) return;
    const code = errorCodeOf(packet, message) ?? (type === NLMSG_DONE ? 0 : undefined);
    this.state = code === 0 ? "done" : "failed";
    this.errno = Math.abs(code ?? 0);
  }
}
