/**
 * A transport that answers from a capture.
 *
 * @module
 */
import { type MessageHeader, nextStart, readHeader, RequestBuilder } from "../netlink/message.ts";
import { Datagram, NotRecordedError, type Transport } from "../netlink/transport.ts";
import {
  CTRL_ATTR_FAMILY_ID,
  CTRL_ATTR_FAMILY_NAME,
  CTRL_ATTR_VERSION,
  CTRL_CMD_NEWFAMILY,
  GENL_ID_CTRL,
} from "../netlink/uapi.ts";
import { IPVS_GENL_NAME } from "../ipvs/uapi.ts";
import { AnswerReader } from "./answers.ts";
import type { Exchange } from "./exchanges.ts";
import { readQuestion } from "./meaning.ts";
import type { Ask } from "./rounds.ts";

/** Netlink and IPVS have been at these versions since they exist. */
const CONTROLLER_VERSION = 2;
const IPVS_VERSION = 1;

/** The recorded answers to one question, and how many of them have been given. */
interface Recorded {
  readonly exchanges: Exchange[];
  given: number;
}

/**
 * Answers each request with the recorded answer to a request of the same meaning; the second time
 * with the second one, and so on.
 */
export class ReplayTransport implements Transport {
  readonly portId = 0;
  readonly #family: number;
  readonly #recorded = new Map<string, Recorded>();
  readonly #reader = new AnswerReader();
  readonly #header: MessageHeader = {
    start: 0,
    end: 0,
    type: 0,
    flags: 0,
    sequence: 0,
    portId: 0,
  };

  /** Replays what was asked of the family with this number, except what was not answered. */
  constructor(asks: readonly Ask[], family: number) {
    this.#family = family;
    for (const { kind, meaning, exchange } of asks) {
      if (exchange.state === "open" || exchange.isDoubtful) continue;
      if (kind !== "family" && exchange.type !== family) continue;
      const recorded = this.#recorded.get(meaning);
      if (recorded === undefined) this.#recorded.set(meaning, { exchanges: [exchange], given: 0 });
      else recorded.exchanges.push(exchange);
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
    const sequence = asked.view.getUint32(8, true);
    if (question.kind === "family" && !isRefused(recorded)) return [this.#introduce(sequence)];
    const exchange = recorded?.exchanges[recorded.given++];
    if (exchange === undefined) {
      const held = recorded === undefined ? "no answer" : "no further answer";
      throw new NotRecordedError(`The capture has ${held} to the request for ${question.meaning}`);
    }
    return this.#answers(exchange, sequence);
  }

  /** Does nothing: the capture's bytes are its owner's. */
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
    const header = this.#header;
    for (const { datagram } of this.#reader.read(exchange)) {
      const { view, littleEndian } = datagram;
      for (let at = 0; at < datagram.length; at = nextStart(header)) {
        readHeader(datagram, at, header);
        view.setUint32(at + 8, sequence, littleEndian);
        view.setUint32(at + 12, this.portId, littleEndian);
      }
      yield datagram;
    }
  }
}

/**
 * Whether every look-up of the family was refused. Where a program looked it up in vain, loaded the
 * module and looked again, the family was there when the table was read.
 */
function isRefused(lookups: Recorded | undefined): boolean {
  return lookups !== undefined && lookups.exchanges.every(({ state }) => state === "refused");
}
