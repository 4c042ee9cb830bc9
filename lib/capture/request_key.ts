/**
 * Keys of requests: requests for the same data have the same key, regardless of the client, the
 * sequence number, the byte order, and the order and padding of attributes. The replies to a
 * recorded request are replayed for requests with the same key.
 *
 * Only the attributes that identify a service are decoded.
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
import { SERVICE } from "../ipvs/columns.ts";
import { Decoder } from "../ipvs/decode.ts";
import { normaliseService } from "../ipvs/identity.ts";
import { SERVICE_IDENTITY_TABLE } from "../ipvs/schema.ts";
import { serviceKey } from "../ipvs/virtual_server.ts";
import {
  IPVS_CMD_GET_CONFIG,
  IPVS_CMD_GET_DAEMON,
  IPVS_CMD_GET_DEST,
  IPVS_CMD_GET_INFO,
  IPVS_CMD_GET_SERVICE,
  IPVS_CMD_NEW_SERVICE,
  IPVS_GENL_NAME,
} from "../ipvs/uapi.ts";

const BODY = NLMSG_HDRLEN + GENL_HDRLEN;

/** A request that reads from IPVS, or that looks up its family. */
export interface IpvsRequest {
  /** What is requested: the family's number, a single record, or a list (in the plural). */
  readonly kind: "family" | "info" | "config" | "daemons" | "services" | "service" | "destinations";
  /** The kind and, for a request about one service, what identifies the service. */
  readonly key: string;
}

/** Whether a message type is the number of the family IPVS. */
export type IsIpvsFamily = (type: number) => boolean;

/**
 * Parses a request; undefined if it does not read from IPVS, or is malformed.
 *
 * @param datagram Contains only the request.
 */
export function parseRequest(datagram: Datagram, isIpvs: IsIpvsFamily): IpvsRequest | undefined {
  try {
    return parseMessage(datagram, isIpvs);
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

function parseMessage(datagram: Datagram, isIpvs: IsIpvsFamily): IpvsRequest | undefined {
  const header = newHeader();
  readHeader(datagram, 0, header);
  if (header.end < BODY) return undefined;
  const isDump = (header.flags & NLM_F_DUMP) === NLM_F_DUMP;
  const command = datagram.bytes[NLMSG_HDRLEN]!;
  if (header.type === GENL_ID_CTRL) {
    if (command !== CTRL_CMD_GETFAMILY || isDump) return undefined;
    return readFamily(datagram, header).name === IPVS_GENL_NAME ? keyedByKind("family") : undefined;
  }
  if (!isIpvs(header.type)) return undefined;
  if (isDump) {
    if (command === IPVS_CMD_GET_SERVICE) return keyedByKind("services");
    if (command === IPVS_CMD_GET_DAEMON) return keyedByKind("daemons");
    if (command === IPVS_CMD_GET_DEST) return keyedByService("destinations", datagram, header);
    return undefined;
  }
  if (command === IPVS_CMD_GET_INFO) return keyedByKind("info");
  if (command === IPVS_CMD_GET_CONFIG) return keyedByKind("config");
  if (command === IPVS_CMD_GET_SERVICE) return keyedByService("service", datagram, header);
  return undefined;
}

function keyedByKind(kind: IpvsRequest["kind"]): IpvsRequest {
  return { kind, key: kind };
}

function keyedByService(
  kind: "service" | "destinations",
  datagram: Datagram,
  header: MessageHeader,
): IpvsRequest {
  return { kind, key: requestKey(kind, readServiceKey(datagram, header)) };
}

/** The key of a request for the destinations of a service. */
export function destinationsKey(service: string): string {
  return requestKey("destinations", service);
}

/** The keys of the requests about a service. */
export function requestKeysOf(service: string): string[] {
  return [requestKey("service", service), requestKey("destinations", service)];
}

function requestKey(kind: "service" | "destinations", service: string): string {
  return `${kind} of ${service}`;
}

/**
 * Reads the keys of the services in a datagram of replies to a request for all services.
 *
 * @throws {DecodeError} if a reply does not describe a service.
 */
export function readServiceKeys(datagram: Datagram): string[] {
  const keys: string[] = [];
  const header = newHeader();
  for (let at = 0; at < datagram.length; at = nextStart(header)) {
    readHeader(datagram, at, header);
    if (header.type < NLMSG_MIN_TYPE) continue;
    const command = datagram.bytes[header.start + NLMSG_HDRLEN];
    if (header.end - header.start < BODY || command !== IPVS_CMD_NEW_SERVICE) {
      throw new DecodeError(
        `Cannot use the message at offset ${header.start}: it does not describe a service`,
      );
    }
    keys.push(readServiceKey(datagram, header));
  }
  return keys;
}

/** Reads the name and the number of the family in a message of the family controller. */
function readFamily(
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

/** Reads the families that a datagram from the family controller describes. */
export function readFamilies(datagram: Datagram): { name?: string; id?: number }[] {
  const families: { name?: string; id?: number }[] = [];
  const header = newHeader();
  for (let at = 0; at < datagram.length; at = nextStart(header)) {
    readHeader(datagram, at, header);
    if (header.type !== GENL_ID_CTRL || header.end - header.start < BODY) continue;
    if (datagram.bytes[header.start + NLMSG_HDRLEN] !== CTRL_CMD_NEWFAMILY) continue;
    families.push(readFamily(datagram, header));
  }
  return families;
}

let identities: Decoder | undefined;
const ROW = new Uint32Array(SERVICE.width);

function readServiceKey(datagram: Datagram, header: MessageHeader): string {
  identities ??= new Decoder(SERVICE_IDENTITY_TABLE, SERVICE.width);
  const start = header.start + BODY;
  identities.decode(datagram, start, header.end, ROW, 0);
  normaliseService(ROW, 0, start);
  return serviceKey(ROW, 0);
}

function newHeader(): MessageHeader {
  return { start: 0, end: 0, type: 0, flags: 0, sequence: 0, portId: 0 };
}
