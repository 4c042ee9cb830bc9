/**
 * What a request means, whoever wrote it: the same question has the same meaning whatever the
 * order and padding of its attributes, its sequence number, its port or its byte order.
 *
 * Of IPVS's attributes only those are read that name a service.
 *
 * @module
 */
import { expectWidth, readAttributes, readText } from "../netlink/attributes.ts";
import { DecodeError } from "../netlink/errors.ts";
import { type MessageHeader, nextStart, readHeader } from "../netlink/message.ts";
import type { Datagram } from "../netlink/transport.ts";
import {
  CTRL_ATTR_FAMILY_ID,
  CTRL_ATTR_FAMILY_NAME,
  CTRL_CMD_GETFAMILY,
  CTRL_CMD_NEWFAMILY,
  GENL_HDRLEN,
  GENL_ID_CTRL,
  NLM_F_DUMP,
  NLMSG_HDRLEN,
  NLMSG_MIN_TYPE,
} from "../netlink/uapi.ts";
import {
  AF_INET,
  AF_INET6,
  IPVS_CMD_ATTR,
  IPVS_CMD_GET_CONFIG,
  IPVS_CMD_GET_DAEMON,
  IPVS_CMD_GET_DEST,
  IPVS_CMD_GET_INFO,
  IPVS_CMD_GET_SERVICE,
  IPVS_CMD_NEW_SERVICE,
  IPVS_GENL_NAME,
  IPVS_SVC_ATTR,
} from "../ipvs/uapi.ts";

const BODY = NLMSG_HDRLEN + GENL_HDRLEN;
const ADDRESS_BYTES: Readonly<Record<number, number>> = { [AF_INET]: 4, [AF_INET6]: 16 };

/** A question that IPVS or the family controller answers. */
export interface Question {
  readonly kind: "family" | "info" | "config" | "daemons" | "services" | "service" | "destinations";
  /** Equal for equal questions: the kind and, where it asks about one service, which. */
  readonly meaning: string;
}

/** Whether a number is that of the family IPVS. */
export type IsIpvs = (type: number) => boolean;

/**
 * Reads what a request asks; undefined if it asks nothing of IPVS, or what no kernel would answer.
 *
 * @param datagram Holds the one message of the request.
 */
export function readQuestion(datagram: Datagram, isIpvs: IsIpvs): Question | undefined {
  try {
    return questionIn(datagram, isIpvs);
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

function questionIn(datagram: Datagram, isIpvs: IsIpvs): Question | undefined {
  const header = newHeader();
  readHeader(datagram, 0, header);
  if (header.end < BODY) return undefined;
  const isDump = (header.flags & NLM_F_DUMP) === NLM_F_DUMP;
  const command = datagram.bytes[NLMSG_HDRLEN]!;
  if (header.type === GENL_ID_CTRL) {
    if (command !== CTRL_CMD_GETFAMILY || isDump) return undefined;
    return familyIn(datagram, header).name === IPVS_GENL_NAME ? simple("family") : undefined;
  }
  if (!isIpvs(header.type)) return undefined;
  if (isDump) {
    if (command === IPVS_CMD_GET_SERVICE) return simple("services");
    if (command === IPVS_CMD_GET_DAEMON) return simple("daemons");
    if (command === IPVS_CMD_GET_DEST) return aboutService("destinations", datagram, header);
    return undefined;
  }
  if (command === IPVS_CMD_GET_INFO) return simple("info");
  if (command === IPVS_CMD_GET_CONFIG) return simple("config");
  if (command === IPVS_CMD_GET_SERVICE) return aboutService("service", datagram, header);
  return undefined;
}

function simple(kind: Question["kind"]): Question {
  return { kind, meaning: kind };
}

function aboutService(
  kind: "service" | "destinations",
  datagram: Datagram,
  header: MessageHeader,
): Question {
  return { kind, meaning: destinationsOf(serviceIn(datagram, header), kind) };
}

/** The meaning of asking for a service's destinations, or with `kind` for the service itself. */
export function destinationsOf(service: string, kind = "destinations"): string {
  return `${kind} of ${service}`;
}

/**
 * The names of the services that a datagram of answers to a listing holds.
 *
 * @throws {DecodeError} if an answer is not the description of a service.
 */
export function servicesIn(datagram: Datagram): string[] {
  const names: string[] = [];
  const header = newHeader();
  for (let at = 0; at < datagram.length; at = nextStart(header)) {
    readHeader(datagram, at, header);
    if (header.type < NLMSG_MIN_TYPE) continue;
    const command = datagram.bytes[header.start + NLMSG_HDRLEN];
    if (header.end - header.start < BODY || command !== IPVS_CMD_NEW_SERVICE) {
      throw new DecodeError(`Cannot use the message at offset ${header.start}: it is no service`);
    }
    names.push(serviceIn(datagram, header));
  }
  return names;
}

/** The name and the number of the family that a message of the controller is about. */
export function familyIn(
  datagram: Datagram,
  header: MessageHeader,
): { name?: string; id?: number } {
  const found: { name?: string; id?: number } = {};
  readAttributes(datagram, header.start + BODY, header.end, (type, offset, length) => {
    if (type === CTRL_ATTR_FAMILY_NAME) found.name = readText(datagram.bytes, offset, length);
    if (type === CTRL_ATTR_FAMILY_ID) {
      expectWidth("CTRL_ATTR_FAMILY_ID", offset, length, 2);
      found.id = datagram.view.getUint16(offset, datagram.littleEndian);
    }
  });
  return found;
}

/** The families that a datagram of the controller describes. */
export function familiesIn(datagram: Datagram): { name?: string; id?: number }[] {
  const families: { name?: string; id?: number }[] = [];
  const header = newHeader();
  for (let at = 0; at < datagram.length; at = nextStart(header)) {
    readHeader(datagram, at, header);
    if (header.type !== GENL_ID_CTRL || header.end - header.start < BODY) continue;
    if (datagram.bytes[header.start + NLMSG_HDRLEN] !== CTRL_CMD_NEWFAMILY) continue;
    families.push(familyIn(datagram, header));
  }
  return families;
}

/** What names a service, gathered before it is interpreted: the family decides over the address. */
interface Identity {
  family: number | undefined;
  mark: number | undefined;
  protocol: number | undefined;
  port: number | undefined;
  address: Uint8Array | undefined;
}

function serviceIn(datagram: Datagram, header: MessageHeader): string {
  let name: string | undefined;
  readAttributes(datagram, header.start + BODY, header.end, (type, offset, length) => {
    if (type !== IPVS_CMD_ATTR.IPVS_CMD_ATTR_SERVICE) return;
    name = nameOf(identityIn(datagram, offset, offset + length));
  });
  if (name === undefined) {
    throw new DecodeError(`Cannot tell the service of the message at offset ${header.start}`);
  }
  return name;
}

function identityIn(datagram: Datagram, start: number, end: number): Identity {
  const { view, littleEndian } = datagram;
  const found: Identity = {
    family: undefined,
    mark: undefined,
    protocol: undefined,
    port: undefined,
    address: undefined,
  };
  readAttributes(datagram, start, end, (type, offset, length) => {
    if (type === IPVS_SVC_ATTR.IPVS_SVC_ATTR_AF) {
      expectWidth("IPVS_SVC_ATTR_AF", offset, length, 2);
      found.family = view.getUint16(offset, littleEndian);
    } else if (type === IPVS_SVC_ATTR.IPVS_SVC_ATTR_FWMARK) {
      expectWidth("IPVS_SVC_ATTR_FWMARK", offset, length, 4);
      found.mark = view.getUint32(offset, littleEndian);
    } else if (type === IPVS_SVC_ATTR.IPVS_SVC_ATTR_PROTOCOL) {
      expectWidth("IPVS_SVC_ATTR_PROTOCOL", offset, length, 2);
      found.protocol = view.getUint16(offset, littleEndian);
    } else if (type === IPVS_SVC_ATTR.IPVS_SVC_ATTR_PORT) {
      expectWidth("IPVS_SVC_ATTR_PORT", offset, length, 2);
      found.port = view.getUint16(offset);
    } else if (type === IPVS_SVC_ATTR.IPVS_SVC_ATTR_ADDR) {
      found.address = datagram.bytes.subarray(offset, offset + length);
    }
  });
  return found;
}

function nameOf(identity: Identity): string | undefined {
  const { family, mark, protocol, port, address } = identity;
  if (family === undefined) return undefined;
  // The kernel, too, looks at nothing else where there is a mark; 0 is none.
  if (mark !== undefined && mark !== 0) return `family ${family} mark ${mark}`;
  if (protocol === undefined || port === undefined || address === undefined) return undefined;
  // Programs send 4 or 16 bytes of an IPv4 address, and anything in the last 12.
  const used = address.subarray(0, ADDRESS_BYTES[family] ?? 16);
  const digits = Array.from(used, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `family ${family} protocol ${protocol} address ${digits} port ${port}`;
}

function newHeader(): MessageHeader {
  return { start: 0, end: 0, type: 0, flags: 0, sequence: 0, portId: 0 };
}
