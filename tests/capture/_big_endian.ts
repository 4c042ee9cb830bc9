/**
 * Converts a little-endian netlink capture to what a big-endian machine would have recorded: swaps
 * the numbers of the file format, of the netlink headers, and of attributes in host byte order.
 */

/**
 * How to swap a payload: "bytes" not at all, a number by its width, a nested attribute by its
 * table.
 */
type Swap = "bytes" | 2 | 4 | 8 | Table;
interface Table {
  readonly [type: number]: Swap;
}

const BYTES = "bytes";
const STATS: Table = { 1: 4, 2: 4, 3: 4, 4: 8, 5: 8, 6: 4, 7: 4, 8: 4, 9: 4, 10: 4 };
const STATS64: Table = { 1: 8, 2: 8, 3: 8, 4: 8, 5: 8, 6: 8, 7: 8, 8: 8, 9: 8, 10: 8 };
const SERVICE: Table = { 1: 2, 2: 2, 5: 4, 7: 4, 8: 4, 10: STATS, 12: STATS64 };
// An IPv4 netmask is in network byte order; an IPv6 one is a number.
const SERVICE6: Table = { ...SERVICE, 9: 4 };
const DESTINATION: Table = {
  ...{ 3: 4, 4: 4, 5: 4, 6: 4, 7: 4, 8: 4, 9: 4, 10: STATS, 11: 2, 12: STATS64, 15: 2 },
};
const DAEMON: Table = { 1: 4, 3: 4, 4: 2, 7: 2 };
const COMMAND: Table = { 1: SERVICE, 2: DESTINATION, 3: DAEMON, 4: 4, 5: 4, 6: 4 };
const INFO: Table = { 1: 4, 2: 4 };
const SET_INFO = 14;
const CONTROLLER: Table = { 1: 2, 3: 4, 4: 4, 5: 4 };

/** Converts a pcap file; packets of NETLINK_USERSOCK stay as they are. */
export function toBigEndian(pcap: Uint8Array): Uint8Array {
  const bytes = pcap.slice();
  const view = new DataView(bytes.buffer);
  const sizes = [4, 2, 2, 4, 4, 4, 4];
  sizes.reduce((at, size) => swap(bytes, at, size), 0);
  for (let at = 24; at < bytes.length;) {
    const length = view.getUint32(at + 8, true);
    for (let field = 0; field < 4; field++) swap(bytes, at + 4 * field, 4);
    const start = at + 32;
    at += 16 + length;
    if (view.getUint16(start - 2) === 16) swapMessages(bytes.subarray(start, at));
  }
  return bytes;
}

/** Converts the messages of one packet in place. */
export function swapMessages(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length;) {
    const length = view.getUint32(at, true);
    const type = view.getUint16(at + 4, true);
    swapHeader(bytes, at);
    if (type < 16) {
      swap(bytes, at + 16, 4);
      if (type === 2 && length >= 36) swapHeader(bytes, at + 20);
    } else {
      const isInfo = type !== 16 && bytes[at + 16] === SET_INFO;
      const table = type === 16 ? CONTROLLER : isInfo ? INFO : COMMAND;
      swapAttributes(bytes, view, at + 20, at + length, table);
    }
    at += (length + 3) & ~3;
  }
  return bytes;
}

function swapHeader(bytes: Uint8Array, start: number): void {
  [4, 2, 2, 4, 4].reduce((at, size) => swap(bytes, at, size), start);
}

function swapAttributes(
  bytes: Uint8Array,
  view: DataView,
  start: number,
  end: number,
  table: Table,
): void {
  for (let at = start; at < end;) {
    const length = view.getUint16(at, true);
    const type = view.getUint16(at + 2, true) & 0x3fff;
    let how = table[type] ?? BYTES;
    if (how === SERVICE && length > 10 && view.getUint16(at + 8, true) === 10) how = SERVICE6;
    if (typeof how === "object") swapAttributes(bytes, view, at + 4, at + length, how);
    else if (how !== BYTES) {
      for (let each = at + 4; each < at + length; each += how) swap(bytes, each, how);
    }
    swap(bytes, at, 2);
    swap(bytes, at + 2, 2);
    at += (length + 3) & ~3;
  }
}

/** Reverses the order of some bytes; returns the offset after them. */
function swap(bytes: Uint8Array, at: number, size: number): number {
  bytes.subarray(at, at + size).reverse();
  return at + size;
}
