/**
 * Decodes the netlink messages in a capture of IPVS, independently of lib/: written from the
 * kernel's include/uapi/linux/ip_vs.h, and without importing lib/. Supports only captures of
 * tcpdump on this machine, with one client at a time.
 */

export type Attributes = Map<number, Uint8Array>;

export interface Message {
  type: number;
  flags: number;
  sequence: number;
  /** The message after the netlink header. */
  body: Uint8Array;
}

const NETLINK_LINK_TYPE = 253;
const NLM_F_REQUEST = 1;
const NLMSG_MIN_TYPE = 16;
const GENL_ID_CTRL = 16;

export function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The generic netlink data of every packet in a little-endian pcap file. */
export function packets(capture: Uint8Array): Uint8Array[] {
  const header = view(capture);
  if (header.getUint32(0, true) !== 0xa1b2c3d4 && header.getUint32(0, true) !== 0xa1b23c4d) {
    throw new Error("Not a little-endian pcap file");
  }
  if (header.getUint32(20, true) !== NETLINK_LINK_TYPE) throw new Error("Not a netlink capture");
  const found: Uint8Array[] = [];
  for (let at = 24; at < capture.length;) {
    const [captured, original] = [header.getUint32(at + 8, true), header.getUint32(at + 12, true)];
    if (captured !== original) throw new Error("The capture has a truncated packet");
    // A cooked header of 16 bytes ends in the netlink protocol; 16 is generic netlink.
    const isGeneric = header.getUint16(at + 16 + 14) === 16;
    if (isGeneric) found.push(capture.subarray(at + 32, at + 16 + captured));
    at += 16 + captured;
  }
  return found;
}

export function messages(capture: Uint8Array): Message[] {
  return packets(capture).flatMap((packet) => {
    const found: Message[] = [];
    for (let at = 0; at + 16 <= packet.length;) {
      const header = view(packet.subarray(at));
      const length = header.getUint32(0, true);
      found.push({
        type: header.getUint16(4, true),
        flags: header.getUint16(6, true),
        sequence: header.getUint32(8, true),
        body: packet.subarray(at + 16, at + length),
      });
      at += (length + 3) & ~3;
    }
    return found;
  });
}

export function attributes(bytes: Uint8Array): Attributes {
  const found: Attributes = new Map();
  for (let at = 0; at < bytes.length;) {
    const header = view(bytes.subarray(at));
    const length = header.getUint16(0, true);
    // The upper two bits of the type are flags.
    found.set(header.getUint16(2, true) & 0x3fff, bytes.subarray(at + 4, at + length));
    at += (length + 3) & ~3;
  }
  return found;
}

/** The attributes of a message, after the 4 bytes of the generic netlink header. */
export function payload(message: Message): Attributes {
  return attributes(message.body.subarray(4));
}

export function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)));
}

/** The number of the family IPVS. */
export function familyId(all: Message[]): number {
  for (const message of all.filter(({ type, flags }) => type === GENL_ID_CTRL && !(flags & 1))) {
    const found = payload(message);
    const name = found.get(2);
    if (name && text(name) === "IPVS") return view(found.get(1)!).getUint16(0, true);
  }
  throw new Error("The capture has no reply about the family IPVS");
}

export function isRequest(message: Message): boolean {
  return (message.flags & NLM_F_REQUEST) !== 0 && message.type >= NLMSG_MIN_TYPE;
}

/**
 * The requested commands: "nlctrl 3" for the lookup of the family, else the number of the command.
 */
export function requestedCommands(capture: Uint8Array): string[] {
  const all = messages(capture);
  const family = familyId(all);
  return all.filter(isRequest).map(({ type, body }) => {
    if (type === family) return String(body[0]);
    return type === GENL_ID_CTRL ? `nlctrl ${body[0]}` : `family ${type} ${body[0]}`;
  });
}
