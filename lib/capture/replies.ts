/**
 * The replies of a captured exchange as datagrams. A datagram contains only the messages of that
 * exchange, so a packet with replies to many requests is copied once in total, not once per
 * request.
 *
 * @module
 */
import { Datagram } from "../netlink/transport.ts";
import type { Exchange, ReplySpan } from "./exchange.ts";
import type { NetlinkPacket } from "./packets.ts";

/** A datagram of replies, and the packet that they come from. */
export interface ReplyDatagram {
  readonly packet: NetlinkPacket;
  /** Valid until the next datagram is read. */
  readonly datagram: Datagram;
}

/** Copies replies into datagrams that it reuses. */
export class ReplyReader {
  #datagrams = newDatagrams(0);

  /** Yields the replies of an exchange in order, one datagram for each packet. */
  *read(exchange: Exchange): Generator<ReplyDatagram> {
    const { replies } = exchange;
    for (let first = 0; first < replies.length;) {
      const { packet } = replies[first]!;
      let end = first;
      let length = 0;
      for (; replies[end]?.packet === packet; end++) length += lengthOf(replies[end]!);
      const datagram = this.#datagram(packet, length);
      const { bytes } = packet;
      for (let at = 0; first < end; first++) {
        const { start, end } = replies[first]!;
        datagram.bytes.set(bytes.subarray(start, end), at);
        at += end - start;
      }
      yield { packet, datagram };
    }
  }

  #datagram({ littleEndian }: NetlinkPacket, length: number): Datagram {
    if (this.#datagrams[0].bytes.length < length) this.#datagrams = newDatagrams(length);
    const datagram = this.#datagrams[littleEndian ? 1 : 0];
    datagram.length = length;
    return datagram;
  }
}

function lengthOf({ start, end }: ReplySpan): number {
  return end - start;
}

function newDatagrams(length: number): readonly [big: Datagram, little: Datagram] {
  const buffer = new ArrayBuffer((length + 3) & ~3);
  return [new Datagram(buffer, 0, false), new Datagram(buffer, 0, true)];
}
