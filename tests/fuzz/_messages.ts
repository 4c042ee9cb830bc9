/**
 * Netlink messages as mutable trees of attributes: parses them leniently, and writes them with
 * correct or wrong lengths. Independent of the reader and the builder in lib/netlink.
 */

/** An attribute: nested attributes, or bytes. */
export interface Attribute {
  /** The type with its flag bits. */
  type: number;
  payload: Uint8Array | Attribute[];
  /** The error in its length. */
  excess: number;
}

/** A netlink message. */
export interface Message {
  type: number;
  flags: number;
  sequence: number;
  portId: number;
  /** The generic netlink header, or the whole body of a control message. */
  head: Uint8Array;
  attributes: Attribute[];
  /** The error in its length. */
  excess: number;
}

const HEADER = 16, GENERIC_HEADER = 4, ATTRIBUTE_HEADER = 4;
const FIRST_FAMILY = 16, CONTROLLER = 16, SET_INFO = 14;
const TYPE_MASK = 0x3fff;
/** Nested attributes by depth: SERVICE, DEST and DAEMON, and in them STATS and STATS64. */
const NESTS: readonly ReadonlySet<number>[] = [new Set([1, 2, 3]), new Set([10, 12])];
/** The depth of messages without nested attributes: replies about a family, and SET_INFO. */
const FLAT = NESTS.length;

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function align(length: number): number {
  return (length + 3) & ~3;
}

/** Parses messages up to the first invalid length. */
export function parseMessages(bytes: Uint8Array, littleEndian: boolean): Message[] {
  const view = viewOf(bytes);
  const messages: Message[] = [];
  for (let at = 0; at + HEADER <= bytes.length;) {
    const length = view.getUint32(at, littleEndian);
    if (length < HEADER || length > bytes.length - at) break;
    const type = view.getUint16(at + 4, littleEndian);
    const body = bytes.subarray(at + HEADER, at + length);
    const isGeneric = type >= FIRST_FAMILY && body.length >= GENERIC_HEADER;
    const head = isGeneric ? body.subarray(0, GENERIC_HEADER) : body;
    const depth = type === CONTROLLER || head[0] === SET_INFO ? FLAT : 0;
    messages.push({
      type,
      flags: view.getUint16(at + 6, littleEndian),
      sequence: view.getUint32(at + 8, littleEndian),
      portId: view.getUint32(at + 12, littleEndian),
      head,
      attributes: isGeneric
        ? parseAttributes(body.subarray(GENERIC_HEADER), littleEndian, depth)
        : [],
      excess: 0,
    });
    at += align(length);
  }
  return messages;
}

function parseAttributes(bytes: Uint8Array, littleEndian: boolean, depth: number): Attribute[] {
  const view = viewOf(bytes);
  const attributes: Attribute[] = [];
  for (let at = 0; at + ATTRIBUTE_HEADER <= bytes.length;) {
    const length = view.getUint16(at, littleEndian);
    if (length < ATTRIBUTE_HEADER || length > bytes.length - at) break;
    const type = view.getUint16(at + 2, littleEndian);
    const payload = bytes.subarray(at + ATTRIBUTE_HEADER, at + length);
    const isNest = NESTS[depth]?.has(type & TYPE_MASK) && payload.length > 0;
    attributes.push({
      type,
      payload: isNest ? parseAttributes(payload, littleEndian, depth + 1) : payload,
      excess: 0,
    });
    at += align(length);
  }
  return attributes;
}

/** Writes messages one after the other, each padded. */
export function writeMessages(messages: readonly Message[], littleEndian: boolean): Uint8Array {
  const bytes = new Uint8Array(messages.reduce((sum, each) => sum + align(sizeOf(each)), 0));
  const view = viewOf(bytes);
  let at = 0;
  for (const message of messages) {
    const size = sizeOf(message);
    view.setUint32(at, size + message.excess, littleEndian);
    view.setUint16(at + 4, message.type, littleEndian);
    view.setUint16(at + 6, message.flags, littleEndian);
    view.setUint32(at + 8, message.sequence, littleEndian);
    view.setUint32(at + 12, message.portId, littleEndian);
    bytes.set(message.head, at + HEADER);
    const start = at + HEADER + message.head.length;
    writeAttributes(message.attributes, bytes, start, littleEndian);
    at += align(size);
  }
  return bytes;
}

function sizeOf({ head, attributes }: Message): number {
  return HEADER + head.length + sizeOfAll(attributes);
}

/** Includes the padding of the last attribute, as the kernel does. */
function sizeOfAll(attributes: readonly Attribute[]): number {
  return attributes.reduce((sum, each) => sum + align(ATTRIBUTE_HEADER + sizeOfPayload(each)), 0);
}

function sizeOfPayload({ payload }: Attribute): number {
  return payload instanceof Uint8Array ? payload.length : sizeOfAll(payload);
}

function writeAttributes(
  attributes: readonly Attribute[],
  bytes: Uint8Array,
  start: number,
  littleEndian: boolean,
): void {
  const view = viewOf(bytes);
  let at = start;
  for (const attribute of attributes) {
    const size = ATTRIBUTE_HEADER + sizeOfPayload(attribute);
    view.setUint16(at, size + attribute.excess, littleEndian);
    view.setUint16(at + 2, attribute.type, littleEndian);
    const { payload } = attribute;
    if (payload instanceof Uint8Array) bytes.set(payload, at + ATTRIBUTE_HEADER);
    else writeAttributes(payload, bytes, at + ATTRIBUTE_HEADER, littleEndian);
    at += align(size);
  }
}

/** Copies a message; the copy shares only bytes, which are never changed in place. */
export function cloneMessage(message: Message): Message {
  return { ...message, attributes: message.attributes.map(cloneAttribute) };
}

/** Copies an attribute likewise. */
export function cloneAttribute(attribute: Attribute): Attribute {
  const { payload } = attribute;
  return {
    ...attribute,
    payload: payload instanceof Uint8Array ? payload : payload.map(cloneAttribute),
  };
}

/** All lists of attributes: of each message and of each nested attribute. */
export function attributeLists(messages: readonly Message[]): Attribute[][] {
  const lists: Attribute[][] = [];
  const gather = (list: Attribute[]) => {
    lists.push(list);
    for (const { payload } of list) if (!(payload instanceof Uint8Array)) gather(payload);
  };
  for (const { attributes } of messages) gather(attributes);
  return lists;
}
