/**
 * The answers of a captured exchange as datagrams, which hold its messages and no other's: a packet
 * that answers many requests is copied once, not once for each of them.
 *
 * @module
 */
import { Datagram } from "../netlink/transport.ts";
import type { Answer, Exchange } from "./match_replies.ts";
import type { NetlinkPacket } from "./packets.ts";

/** A datagram of answers, and the packet that they come from. */
export interface AnswerDatagram {
  readonly packet: NetlinkPacket;
  /** Its bytes are valid until the next one is asked for. */
  readonly datagram: Datagram;
}

/** Copies answers into buffers, which it reuses. */
export class AnswerReader {
  #datagrams = newDatagrams(0);

  /** The answers of an exchange, in order, those of one packet in one datagram. */
  *read(exchange: Exchange): Generator<AnswerDatagram> {
    const { answers } = exchange;
    for (let first = 0; first < answers.length;) {
      const { packet } = answers[first]!;
      let end = first;
      let length = 0;
      for (; answers[end]?.packet === packet; end++) length += lengthOf(answers[end]!);
      const datagram = this.#datagram(packet, length);
      const { bytes } = packet;
      for (let at = 0; first < end; first++) {
        const { start, end } = answers[first]!;
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

function lengthOf({ start, end }: Answer): number {
  return end - start;
}

function newDatagrams(length: number): readonly [big: Datagram, little: Datagram] {
  const buffer = new ArrayBuffer((length + 3) & ~3);
  return [new Datagram(buffer, 0, false), new Datagram(buffer, 0, true)];
}
