/**
 * Decodes the attributes of IPVS in the kernel's replies to the fields of the expected JSON, and
 * identifies and sorts servers. Imports nothing from lib/.
 */
import { Buffer } from "node:buffer";
import { type Attributes, attributes, text, view } from "./_capture_messages.ts";
import type { Fields } from "./_ipvsadm.ts";

const AF_INET = 2;

const statsNames: [name: string, id: number][] = [
  ["connections", 1],
  ["pkts_in", 2],
  ["pkts_out", 3],
  ["bytes_in", 4],
  ["bytes_out", 5],
  ["cps", 6],
  ["pps_in", 7],
  ["pps_out", 8],
  ["bytes_in_per_second", 9],
  ["bytes_out_per_second", 10],
];

/** An unsigned integer of 1, 2, 4 or 8 bytes. */
export function number(found: Attributes, id: number): bigint {
  const bytes = found.get(id);
  if (!bytes) throw new Error(`The kernel did not send attribute ${id}`);
  const data = view(bytes);
  switch (bytes.length) {
    case 1:
      return BigInt(data.getUint8(0));
    case 2:
      return BigInt(data.getUint16(0, true));
    case 4:
      return BigInt(data.getUint32(0, true));
    case 8:
      return data.getBigUint64(0, true);
    default:
      throw new Error(`Attribute ${id} has ${bytes.length} bytes`);
  }
}

function port(found: Attributes, id: number): bigint {
  return BigInt(view(found.get(id)!).getUint16(0));
}

function groups(words: number[]): string {
  return words.map((word) => word.toString(16)).join(":");
}

/** RFC 5952: the first of the longest runs of two or more zero groups becomes "::". */
function ipv6Text(bytes: Uint8Array): string {
  const words = Array.from({ length: 8 }, (_, i) => view(bytes).getUint16(i * 2));
  const isMapped = words.slice(0, 5).every((word) => word === 0) && words[5] === 0xffff;
  if (isMapped) return `::ffff:${bytes.subarray(12).join(".")}`;
  let best = { start: 0, length: 1 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (words[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  if (best.length < 2) return groups(words);
  return `${groups(words.slice(0, best.start))}::${groups(words.slice(best.start + best.length))}`;
}

function address(bytes: Uint8Array, family: number): string {
  return family === AF_INET ? bytes.subarray(0, 4).join(".") : ipv6Text(bytes);
}

function familyName(family: number): string {
  return family === AF_INET ? "inet" : "inet6";
}

/** The values of STATS64, which every kernel since 4.1 sends. */
function stats(found: Attributes, id: number): Fields {
  const nest = attributes(found.get(id)!);
  return Object.fromEntries(statsNames.map(([name, id]) => [name, number(nest, id)]));
}

/** The number of bits that are set. */
function ones(value: bigint): bigint {
  return BigInt(value.toString(2).replaceAll("0", "").length);
}

/** Names of the flags 8, 16 and 32; the first two have specific names with two schedulers. */
function schedulerFlags(sched: string, flags: bigint): string[] {
  const named = sched === "sh" || sched === "mh"
    ? [`${sched}-fallback`, `${sched}-port`, "flag-3"]
    : ["flag-1", "flag-2", "flag-3"];
  return named.filter((_, bit) => (flags >> BigInt(3 + bit)) & 1n).sort();
}

/** The fields that identify a service: its family, and its fwmark or protocol, address and port. */
export function serviceIdentity(found: Attributes): Fields {
  const family = Number(number(found, 1));
  const mark = found.has(5) ? number(found, 5) : 0n;
  if (mark !== 0n) return { address_family: familyName(family), fwmark: mark };
  const protocol = Number(number(found, 2));
  const names: Record<number, string> = { 6: "tcp", 17: "udp", 132: "sctp" };
  return {
    address_family: familyName(family),
    protocol: names[protocol] ?? String(protocol),
    address: address(found.get(3)!, family),
    port: port(found, 4),
  };
}

export function service(found: Attributes): Fields {
  const sched = text(found.get(6)!);
  const flags = BigInt(view(found.get(7)!).getUint32(0, true));
  const engine = found.get(11);
  const isIpv4 = Number(number(found, 1)) === AF_INET;
  const netmask = number(found, 9);
  return {
    ...serviceIdentity(found),
    sched,
    sched_flags: schedulerFlags(sched, flags),
    flags,
    one_packet: (flags & 4n) !== 0n,
    persistent: (flags & 1n) !== 0n,
    persistence_timeout: number(found, 8),
    netmask: isIpv4 ? ones(netmask) : netmask,
    ...(engine ? { pe: text(engine) } : {}),
    ...stats(found, 12),
  };
}

export function server(found: Attributes): Fields {
  const family = Number(number(found, 11));
  const method = ["masq", "local", "tunnel", "droute", "bypass"][Number(number(found, 3) & 7n)];
  return {
    address_family: familyName(family),
    address: address(found.get(1)!, family),
    port: port(found, 2),
    forwarding_method: method,
    weight: number(found, 4),
    upper_threshold: number(found, 5),
    lower_threshold: number(found, 6),
    active_connections: number(found, 7),
    inactive_connections: number(found, 8),
    persistent_connections: number(found, 9),
    ...(method === "tunnel"
      ? {
        tunnel_type: ["ipip", "gue", "gre"][Number(number(found, 13))],
        tunnel_port: port(found, 14),
        tunnel_checksum: ["nocsum", "csum", "remcsum"][Number(number(found, 15))],
      }
      : {}),
    ...stats(found, 12),
  };
}

export function daemon(found: Attributes): Fields {
  const group4 = found.get(5);
  return {
    state: ["none", "master", "backup"][Number(number(found, 1))],
    interface: text(found.get(2)!),
    sync_id: number(found, 3),
    sync_maxlen: number(found, 4),
    mcast_group: group4 ? address(group4, AF_INET) : ipv6Text(found.get(6)!),
    mcast_port: number(found, 7),
    mcast_ttl: number(found, 8),
  };
}

export function info(found: Attributes): Fields {
  const version = Number(number(found, 1));
  return {
    version: [version >> 16, (version >> 8) & 255, version & 255].join("."),
    connection_table_size: number(found, 2),
  };
}

/** The identity of a virtual server as text. */
export function serviceKey(fields: Fields): string {
  const { fwmark, address_family, protocol, address, port } = fields;
  if (fwmark !== undefined) return `fwm ${fwmark} ${address_family}`;
  return `${protocol} ${endpointText(address_family, address, port)}`;
}

export function endpointText(family: unknown, address: unknown, port: unknown): string {
  return family === "inet6" ? `[${address}]:${port}` : `${address}:${port}`;
}

export function serverKey(fields: Fields): string {
  return endpointText(fields.address_family, fields.address, fields.port);
}

function hex(bytes: Uint8Array = new Uint8Array()): string {
  return Buffer.from(bytes).toString("hex");
}

/**
 * A sort key for the order of ipvstat: services with an address before those with a fwmark; by
 * family, address, port and protocol, or by fwmark and family.
 */
export function serviceOrder(found: Attributes): string {
  const family = number(found, 1) === BigInt(AF_INET) ? "4" : "6";
  const mark = found.has(5) ? number(found, 5) : 0n;
  if (mark !== 0n) return `2 ${mark.toString(16).padStart(8, "0")} ${family}`;
  const protocol = number(found, 2).toString().padStart(5, "0");
  return `1 ${family} ${hex(found.get(3))} ${hex(found.get(4))} ${protocol}`;
}

export function serverOrder(found: Attributes): string {
  const family = number(found, 11) === BigInt(AF_INET) ? "4" : "6";
  return `${family} ${hex(found.get(1))} ${hex(found.get(2))}`;
}
