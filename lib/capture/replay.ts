/**
 * A transport that answers from a capture.
 *
 * @module
 */
import { RequestBuilder } from "../netlink/message.ts";
import { Datagram, NotRecordedError, type Transport } from "../netlink/transport.ts";
import {
  CTRL_ATTR_FAMILY_ID,
  CTRL_ATTR_FAMILY_NAME,
  CTRL_ATTR_VERSION,
  CTRL_CMD_NEWFAMILY,
  GENL_ID_CTRL,
} from "../netlink/uapi.ts";
import { IPVS_GENL_NAME } from "../ipvs/uapi.ts";
import type { Exchange } from "./exchanges.ts";
import { readQuestion } from "./meaning.ts";
import { readMessages } from "./messages.ts";
import type { NetlinkPacket } from "./packets.ts";
import type { Ask } from "./rounds.ts";

/** Netlink and IPVS have been at these versions since they exist. */
const CONTROLLER_VERSION = 2;
const IPVS_VERSION = 1;

/**
 * Answers each request with the recorded answer to a request of the same meaning; the second time
 * with the second one, and so on.
 */
export class ReplayTransport implements Transport {
  readonly portId = 0;
  readonly #family: number;
  readonly #recorded = new Map<string, Exchange[]>();
  #datagrams: readonly [big: Datagram, little: Datagram];

  /** Replays what was asked of the family with this number, except what was not answered. */
  constructor(asks: readonly Ask[], family: number) {
    this.#family = family;
    this.#datagrams = datagramsOf(0);
    for (const { kind, meaning, exchange } of asks) {
      if (exchange.state === "open" || exchange.isDoubtful) continue;
      if (kind !== "family" && exchange.type !== family) continue;
      const recorded = this.#recorded.get(meaning);
      if (recorded === undefined) this.#recorded.set(meaning, [exchange]);
      else recorded.push(exchange);
    }
  }

  /**
   * Yields the recorded datagrams, in the byte order of the machine that recorded them.
   *
   * @throws {NotRecordedError} if the capture holds no answer, or no further one.
   */
  exchange(request: Uint8Array): Iterable<Datagram> {
    const asked = Datagram.from(request);
    const question = readQuestion(asked, (type) => type === this.#family);
    if (question === undefined) {
      throw new NotRecordedError("Cannot replay a request that asks nothing of IPVS");
    }
    const recorded = this.#recorded.get(question.meaning);
    const exchange = recorded?.shift();
    const sequence = asked.view.getUint32(8, true);
    if (question.kind === "family" && exchange?.state !== "refused") {
      return [this.#introduce(sequence)];
    }
    if (exchange === undefined) {
      const held = recorded === undefined ? "no answer" : "no further answer";
      throw new NotRecordedError(`Cannot replay the ${question.meaning}: the capture has ${held}`);
    }
    return this.#answers(exchange, sequence);
  }

  /** Forgets nothing: the capture's bytes are its owner's. */
  [Symbol.dispose](): void {}

  /** The family controller's answer: IPVS has the number that its recorded answers have. */
  #introduce(sequence: number): Datagram {
    const head = { type: GENL_ID_CTRL, flags: 0, command: CTRL_CMD_NEWFAMILY };
    const reply = new RequestBuilder().begin({ ...head, version: CONTROLLER_VERSION })
      .bytes(CTRL_ATTR_FAMILY_NAME, new TextEncoder().encode(`${IPVS_GENL_NAME}\0`))
      .u16(CTRL_ATTR_FAMILY_ID, this.#family)
      .u32(CTRL_ATTR_VERSION, IPVS_VERSION)
      .finish(sequence, this.portId);
    const datagram = Datagram.from(reply);
    datagram.view.setUint16(6, 0, true);
    return datagram;
  }

  *#answers(exchange: Exchange, sequence: number): Generator<Datagram> {
    for (const packet of exchange.answers) {
      const datagram = this.#copy(packet);
      for (const message of readMessages(packet)) {
        if (message.sequence !== exchange.sequence || message.portId !== exchange.portId) continue;
        datagram.view.setUint32(message.start + 8, sequence, packet.littleEndian);
        datagram.view.setUint32(message.start + 12, this.portId, packet.littleEndian);
      }
      yield datagram;
    }
  }

  /** Copies a packet's messages to the start of a buffer, which it reuses. */
  #copy(packet: NetlinkPacket): Datagram {
    if (this.#datagrams[0].bytes.length < packet.bytes.length) {
      this.#datagrams = datagramsOf(packet.bytes.length);
    }
    const datagram = this.#datagrams[packet.littleEndian ? 1 : 0];
    datagram.bytes.set(packet.bytes);
    datagram.length = packet.bytes.length;
    return datagram;
  }
}

function datagramsOf(length: number): readonly [big: Datagram, little: Datagram] {
  const buffer = new ArrayBuffer((length + 3) & ~3);
  return [new Datagram(buffer, 0, false), new Datagram(buffer, 0, true)];
}
