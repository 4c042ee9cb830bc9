/**
 * A generic netlink client: sends a request over a transport and reads the replies up to the
 * message that ends them.
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

/** A generic netlink request and the command expected in its replies. */
export interface Request extends RequestHead {
  /** The kernel's name of the request, such as `IPVS_CMD_GET_SERVICE`, for error messages. */
  readonly name: string;
  /** The generic netlink command that every reply must have. */
  readonly reply: number;
  /** Appends the request's attributes. */
  readonly attributes?: ((builder: RequestBuilder) => void) | undefined;
}

/** Receives one reply: the datagram, and where the reply's attributes start and end, in bytes. */
export type ReplyVisitor = (datagram: Datagram, start: number, end: number) => void;

/** Sends requests over a transport, with a sequence number each, and checks the replies. */
export class NetlinkClient {
  readonly #transport: Transport;
  readonly #builder = new RequestBuilder();
  readonly #header: MessageHeader = newHeader();
  #sequence = 0;
  /** Number of replies visited so far. */
  #visited = 0;

  /** Uses the transport without taking ownership of it. */
  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /**
   * Sends a request and visits its replies in order: one, or any number for a dump. Messages with
   * another port or sequence number are skipped.
   *
   * @returns The number of datagrams that contained a reply.
   * @throws {NetlinkError} if the kernel returns an error, or does not reply in time.
   * @throws {DecodeError} if a reply is malformed.
   */
  request(request: Request, visit: ReplyVisitor): number {
    this.#sequence = (this.#sequence + 1) >>> 0;
    const builder = this.#builder.begin(request);
    request.attributes?.(builder);
    const bytes = builder.finish(this.#sequence, this.#transport.portId);
    let datagrams = 0;
    for (const datagram of this.#transport.exchange(bytes)) {
      const before = this.#visited;
      const ended = this.#readDatagram(datagram, request, visit);
      if (this.#visited !== before) datagrams++;
      if (ended) return datagrams;
    }
    throw new NetlinkError({ request: request.name, errno: EAGAIN });
  }

  /** Visits the replies in a datagram; returns whether one of its messages was the last. */
  #readDatagram(datagram: Datagram, request: Request, visit: ReplyVisitor): boolean {
    const header = this.#header;
    for (let at = 0; at < datagram.length; at = nextStart(header)) {
      readHeader(datagram, at, header);
      if (header.sequence !== this.#sequence || header.portId !== this.#transport.portId) continue;
      if (header.type < NLMSG_MIN_TYPE) {
        if (isLast(datagram, header, request)) return true;
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
      `Cannot use the reply to ${request.name}: type ${header.type} command ${command}, ` +
        `not type ${request.type} command ${request.reply}`,
    );
  }
  visit(datagram, attributes, header.end);
}

/** Whether a control message is the last one and reports success; throws if it reports an error. */
function isLast(datagram: Datagram, header: MessageHeader, request: Request): boolean {
  if (header.type === NLMSG_OVERRUN) {
    throw new NetlinkError({ request: request.name, errno: ENOBUFS });
  }
  if (header.type !== NLMSG_DONE && header.type !== NLMSG_ERROR) return false;
  const at = header.start + NLMSG_HDRLEN;
  // Some kernels omit the error code of DONE.
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

/** The error message in the extended ACK, if there is one. */
function readExtendedAck(datagram: Datagram, header: MessageHeader): string | undefined {
  if ((header.flags & NLM_F_ACK_TLVS) === 0) return undefined;
  let at = header.start + NLMSG_HDRLEN + 4;
  if (header.type === NLMSG_ERROR) at += requestCopyLength(datagram, header, at);
  let text: string | undefined;
  readAttributes(datagram, at, header.end, (type, offset, length) => {
    if (type === NLMSGERR_ATTR_MSG) text = readText(datagram.bytes, offset, length);
  });
  return text;
}

/** Length of the copy of the failed request in an error: only its header if NLM_F_CAPPED is set. */
function requestCopyLength(datagram: Datagram, header: MessageHeader, at: number): number {
  const left = header.end - at;
  expectWidth("copy of the request", at, Math.min(left, NLMSG_HDRLEN), NLMSG_HDRLEN);
  if ((header.flags & NLM_F_CAPPED) !== 0) return NLMSG_HDRLEN;
  const length = datagram.view.getUint32(at, datagram.littleEndian);
  if (length < NLMSG_HDRLEN || length > left) {
    throw new DecodeError(
      `Cannot read copy of the request at offset ${at}: length ${length} with ${left} bytes left`,
    );
  }
  return align4(length);
}
