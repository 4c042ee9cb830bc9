/**
 * One exchange: a request, and its answers up to the one that ends it.
 *
 * @module
 */
import { align4, expectWidth, readAttributes, readText } from "./attributes.ts";
import { DecodeError, NetlinkError } from "./errors.ts";
import { type MessageHeader, nextStart, readHeader, RequestBuilder } from "./message.ts";
import type { RequestHead } from "./message.ts";
import type { Datagram, Transport } from "./transport.ts";
import {
  GENL_HDRLEN,
  NLM_F_ACK_TLVS,
  NLM_F_CAPPED,
  NLM_F_MULTI,
  NLMSG_DONE,
  NLMSG_ERROR,
  NLMSG_HDRLEN,
  NLMSG_MIN_TYPE,
  NLMSG_OVERRUN,
  NLMSGERR_ATTR_MSG,
} from "./uapi.ts";

const EAGAIN = 11;
const ENOBUFS = 105;

/** A request and the one command that may answer it. */
export interface Request extends RequestHead {
  /** The kernel's name of the request, for errors. */
  readonly name: string;
  /** The generic netlink command of the answers. */
  readonly reply: number;
  /** Appends the request's attributes. */
  readonly attributes?: ((builder: RequestBuilder) => void) | undefined;
}

/** Gets the attributes of one answer: where they begin and end in the datagram, in bytes. */
export type ReplyVisitor = (datagram: Datagram, start: number, end: number) => void;

/** Exchanges requests over a transport, numbering them. */
export class NetlinkClient {
  readonly #transport: Transport;
  readonly #builder = new RequestBuilder();
  readonly #header: MessageHeader = newHeader();
  #sequence = 0;
  /** Answers visited so far. */
  #visited = 0;

  /** Uses the transport, without taking ownership of it. */
  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /**
   * Sends a request, visits every answer in order, and returns how many datagrams had answers.
   * Messages of another port or of another exchange are passed over.
   *
   * @throws {NetlinkError} if the kernel answers with an error, or not at all.
   * @throws {DecodeError} if an answer breaks the protocol.
   */
  request(request: Request, visit: ReplyVisitor): number {
    this.#sequence = (this.#sequence + 1) >>> 0;
    const builder = this.#builder.begin(request);
    request.attributes?.(builder);
    const bytes = builder.finish(this.#sequence, this.#transport.portId);
    let filled = 0;
    for (const datagram of this.#transport.exchange(bytes)) {
      const before = this.#visited;
      const ended = this.#readDatagram(datagram, request, visit);
      if (this.#visited !== before) filled++;
      if (ended) return filled;
    }
    throw new NetlinkError({ request: request.name, errno: EAGAIN });
  }

  /** Visits a datagram's answers; returns whether one of its messages ended the exchange. */
  #readDatagram(datagram: Datagram, request: Request, visit: ReplyVisitor): boolean {
    const header = this.#header;
    for (let at = 0; at < datagram.length; at = nextStart(header)) {
      readHeader(datagram, at, header);
      if (header.sequence !== this.#sequence || header.portId !== this.#transport.portId) continue;
      if (header.type < NLMSG_MIN_TYPE) {
        if (isEnd(datagram, header, request)) return true;
        continue;
      }
      visitReply(datagram, header, request, visit);
      this.#visited++;
      if ((header.flags & NLM_F_MULTI) === 0) return true;
    }
    return false;
  }
}

function newHeader(): MessageHeader {
  return { start: 0, end: 0, type: 0, flags: 0, sequence: 0, portId: 0 };
}

function visitReply(
  datagram: Datagram,
  header: MessageHeader,
  request: Request,
  visit: ReplyVisitor,
): void {
  const attributes = header.start + NLMSG_HDRLEN + GENL_HDRLEN;
  const command = datagram.bytes[header.start + NLMSG_HDRLEN];
  if (header.type !== request.type || attributes > header.end || command !== request.reply) {
    throw new DecodeError(
      `Cannot use the answer to ${request.name}: type ${header.type} command ${command}, ` +
        `not type ${request.type} command ${request.reply}`,
    );
  }
  visit(datagram, attributes, header.end);
}

/** Whether a control message ends the exchange well; throws where it ends it badly. */
function isEnd(datagram: Datagram, header: MessageHeader, request: Request): boolean {
  if (header.type === NLMSG_OVERRUN) {
    throw new NetlinkError({ request: request.name, errno: ENOBUFS });
  }
  if (header.type !== NLMSG_DONE && header.type !== NLMSG_ERROR) return false;
  const at = header.start + NLMSG_HDRLEN;
  // Kernels have ended a dump without the error code that belongs to DONE.
  if (header.type === NLMSG_DONE && header.end - at < 4) return true;
  expectWidth(`${request.name} error code`, at, Math.min(header.end - at, 4), 4);
  const code = datagram.view.getInt32(at, datagram.littleEndian);
  if (code === 0) return true;
  throw new NetlinkError({
    request: request.name,
    errno: Math.abs(code),
    extendedAck: readExtendedAck(datagram, header),
  });
}

/** The kernel's own words about an error, where it sent any. */
function readExtendedAck(datagram: Datagram, header: MessageHeader): string | undefined {
  if ((header.flags & NLM_F_ACK_TLVS) === 0) return undefined;
  let at = header.start + NLMSG_HDRLEN + 4;
  if (header.type === NLMSG_ERROR) at += echoLength(datagram, header, at);
  let text: string | undefined;
  readAttributes(datagram, at, header.end, (type, offset, length) => {
    if (type === NLMSGERR_ATTR_MSG) text = readText(datagram.bytes, offset, length);
  });
  return text;
}

/** How much of the refused request is echoed: its header alone where NLM_F_CAPPED says so. */
function echoLength(datagram: Datagram, header: MessageHeader, at: number): number {
  const left = header.end - at;
  expectWidth("echoed request", at, Math.min(left, NLMSG_HDRLEN), NLMSG_HDRLEN);
  if ((header.flags & NLM_F_CAPPED) !== 0) return NLMSG_HDRLEN;
  const length = datagram.view.getUint32(at, datagram.littleEndian);
  if (length < NLMSG_HDRLEN || length > left) {
    throw new DecodeError(
      `Cannot read echoed request at offset ${at}: length ${length} with ${left} bytes left`,
    );
  }
  return align4(length);
}
