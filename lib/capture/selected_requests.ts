/**
 * Selects the requests of a snapshot that are about some of its virtual servers.
 *
 * @module
 */
import type { VirtualServer } from "../ipvs/virtual_server.ts";
import { align4 } from "../netlink/attributes.ts";
import { Datagram } from "../netlink/transport.ts";
import { NLMSG_MIN_TYPE } from "../netlink/uapi.ts";
import type { Exchange, ReplySpan } from "./exchange.ts";
import { visitMessages } from "./packet_messages.ts";
import type { RecordedRequest } from "./recorded_requests.ts";
import { readServiceKeys, requestKeysOf } from "./request_key.ts";

/** A request and the replies to it that are copied. */
export interface CopiedExchange {
  readonly exchange: Exchange;
  readonly replies: readonly ReplySpan[];
}

/** Copies requests with all replies, except those that could belong to another request. */
export function copyAll(requests: readonly RecordedRequest[]): CopiedExchange[] {
  return requests.map(({ exchange }) => ({
    exchange,
    replies: exchange.isAmbiguous ? [] : exchange.replies,
  }));
}

/**
 * Copies the requests about virtual servers, and those about IPVS as a whole. Lists of virtual
 * servers lose those that are not selected.
 */
export function copySelected(
  requests: readonly RecordedRequest[],
  selected: Iterable<VirtualServer>,
): CopiedExchange[] {
  const services = new Set([...selected].map(({ key }) => key));
  const keys = new Set([...services].flatMap(requestKeysOf));
  const copied = copyAll(
    requests.filter(({ kind, key }) =>
      kind !== "service" && kind !== "destinations" || keys.has(key)
    ),
  );
  const lists = new Set(
    requests.flatMap(({ kind, exchange }) => kind === "services" ? [exchange] : []),
  );
  return copied.map(({ exchange, replies }) => ({
    exchange,
    replies: lists.has(exchange)
      ? replies.flatMap((span) => selectMessages(span, services))
      : replies,
  }));
}

/** The messages of a span, without those that describe other services. */
function selectMessages(
  { packet, start, end }: ReplySpan,
  services: ReadonlySet<string>,
): ReplySpan[] {
  const spans: ReplySpan[] = [];
  visitMessages(packet, (message) => {
    if (message.start < start || message.start >= end) return;
    const next = Math.min(align4(message.end), packet.bytes.length);
    const bytes = packet.bytes.subarray(message.start, next);
    const isSelected = message.type < NLMSG_MIN_TYPE ||
      readServiceKeys(Datagram.from(bytes, packet.littleEndian)).every((key) => services.has(key));
    if (isSelected) spans.push({ packet, start: message.start, end: next });
  });
  return spans;
}
