/**
 * A transport that replies from a capture.
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
import type { Exchange } from "./exchange.ts";
import type { RecordedRequest } from "./recorded_requests.ts";
import { ReplyReader } from "./replies.ts";
import { parseRequest } from "./request_key.ts";

/** The versions of the family controller and of IPVS, which have never changed. */
const CONTROLLER_VERSION = 2;
const IPVS_VERSION = 1;

/** The recorded exchanges for one request key, and how many of them have been replayed. */
interface ReplayQueue {
  readonly exchanges: Exchange[];
  replayed: number;
}

/**
 * Replies to each request with the recorded replies to the same request (see request_key.ts): to
 * the first occurrence with the first recorded replies, to the second one with the second, and so
 * on.
 */
export class ReplayTransport implements Transport {
  /** Any number works, as the replies get it too. */
  readonly portId = 0;
  readonly #family: number;
  readonly #queues = new Map<string, ReplayQueue>();
  readonly #reader = new ReplyReader();
  readonly #header: MessageHeader = {
    start: 0,
    end: 0,
    type: 0,
    flags: 0,
    sequence: 0,
    portId: 0,
  };

  /** Replays the requests to the family with this number; unanswered ones are ignored. */
  constructor(requests: readonly RecordedRequest[], family: number) {
    this.#family = family;
    for (const { kind, key, exchange } of requests) {
      if (exchange.state === "open" || exchange.isAmbiguous) continue;
      if (kind !== "family" && exchange.type !== family) continue;
      const queue = this.#queues.get(key);
      if (queue === undefined) this.#queues.set(key, { exchanges: [exchange], replayed: 0 });
      else queue.exchanges.push(exchange);
    }
  }

  /**
   * Yields the recorded datagrams, in the byte order of the recorded machine.
   *
   * @throws {NotRecordedError} if the capture has no reply, or no further reply, to the request.
   */
  exchange(request: Uint8Array): Iterable<Datagram> {
    const message = Datagram.from(request);
    const parsed = parseRequest(message, (type) => type === this.#family);
    if (parsed === undefined) {
      throw new NotRecordedError("Cannot replay a request that does not read IPVS");
    }
    const { kind, key } = parsed;
    const queue = this.#queues.get(key);
    const sequence = message.view.getUint32(8, true);
    if (kind === "family" && !hasOnlyFailures(queue)) return [this.#familyReply(sequence)];
    const exchange = queue?.exchanges[queue.replayed++];
    if (exchange === undefined) {
      const found = queue === undefined ? "no reply" : "no further reply";
      throw new NotRecordedError(`Cannot replay the request for ${key}: the capture has ${found}`);
    }
    return this.#replies(exchange, sequence);
  }

  /** Does nothing: the transport owns no resources. */
  [Symbol.dispose](): void {}

  /** The family controller's reply: IPVS has the number that it has in the recorded replies. */
  #familyReply(sequence: number): Datagram {
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

  /** The recorded replies, with the sequence number and the port of this request. */
  *#replies(exchange: Exchange, sequence: number): Generator<Datagram> {
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
 * Whether every lookup of the family failed. If a program looked it up, loaded the module and
 * looked again, the family existed when the table was read.
 */
function hasOnlyFailures(lookups: ReplayQueue | undefined): boolean {
  return lookups !== undefined && lookups.exchanges.every(({ state }) => state === "failed");
}
