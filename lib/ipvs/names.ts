/**
 * Names and text for the kernel's numbers: address families, protocols, scheduler flags, forwarding
 * methods, tunnels, netmasks and addresses.
 *
 * @module
 */
import { swap32 } from "../netlink/byte_order.ts";
import {
  AF_INET,
  IP_VS_CONN_F_BYPASS,
  IP_VS_CONN_F_DROUTE,
  IP_VS_CONN_F_FWD_MASK,
  IP_VS_CONN_F_LOCALNODE,
  IP_VS_CONN_F_MASQ,
  IP_VS_CONN_F_TUNNEL,
  IP_VS_CONN_F_TUNNEL_TYPE_GRE,
  IP_VS_CONN_F_TUNNEL_TYPE_GUE,
  IP_VS_CONN_F_TUNNEL_TYPE_IPIP,
  IP_VS_STATE_BACKUP,
  IP_VS_STATE_MASTER,
  IP_VS_SVC_F_SCHED1,
  IP_VS_SVC_F_SCHED2,
  IP_VS_SVC_F_SCHED3,
  IP_VS_TUNNEL_ENCAP_FLAG_CSUM,
  IP_VS_TUNNEL_ENCAP_FLAG_NOCSUM,
  IP_VS_TUNNEL_ENCAP_FLAG_REMCSUM,
  IPPROTO_SCTP,
  IPPROTO_TCP,
  IPPROTO_UDP,
} from "./uapi.ts";

/** `inet` or `inet6`; IPVS has no other address family. */
export function familyName(family: number): "inet" | "inet6" {
  return family === AF_INET ? "inet" : "inet6";
}

const PROTOCOL_NUMBERS: Readonly<Record<string, number>> = {
  tcp: IPPROTO_TCP,
  udp: IPPROTO_UDP,
  sctp: IPPROTO_SCTP,
};

/** The protocols of IPVS that have names: `tcp`, `udp` and `sctp`. */
export const PROTOCOL_NAMES: readonly string[] = Object.keys(PROTOCOL_NUMBERS);

/** `tcp`, `udp`, `sctp`, or the number of another protocol. */
export function protocolName(protocol: number): string {
  switch (protocol) {
    case IPPROTO_TCP:
      return "tcp";
    case IPPROTO_UDP:
      return "udp";
    case IPPROTO_SCTP:
      return "sctp";
    default:
      return String(protocol);
  }
}

/** The number of `tcp`, `udp`, `sctp` or of a protocol that is given as a number. */
export function protocolNumber(name: string): number {
  return PROTOCOL_NUMBERS[name] ?? Number(name);
}

const SCHED_FLAGS = IP_VS_SVC_F_SCHED1 | IP_VS_SVC_F_SCHED2 | IP_VS_SVC_F_SCHED3;
const NONE: readonly string[] = [];

/** The scheduler's flags as ipvsadm names them, such as `mh-port`; `flag-1` if it has no name. */
export function schedFlagNames(sched: string, flags: number): readonly string[] {
  if ((flags & SCHED_FLAGS) === 0) return NONE;
  const names = hasNamedFlags(sched)
    ? [`${sched}-fallback`, `${sched}-port`, "flag-3"]
    : ["flag-1", "flag-2", "flag-3"];
  const bits = [IP_VS_SVC_F_SCHED1, IP_VS_SVC_F_SCHED2, IP_VS_SVC_F_SCHED3];
  return names.filter((_, i) => (flags & bits[i]!) !== 0);
}

/** Whether the first two flags of a scheduler have names. */
export function hasNamedFlags(sched: string): boolean {
  return sched === "sh" || sched === "mh";
}

const FORWARDING_METHODS: Readonly<Record<number, string>> = {
  [IP_VS_CONN_F_MASQ]: "masq",
  [IP_VS_CONN_F_LOCALNODE]: "local",
  [IP_VS_CONN_F_TUNNEL]: "tunnel",
  [IP_VS_CONN_F_DROUTE]: "droute",
  [IP_VS_CONN_F_BYPASS]: "bypass",
};

/** `masq`, `local`, `tunnel`, `droute`, `bypass`, or the number of another method. */
export function forwardingMethodName(connectionFlags: number): string {
  const method = connectionFlags & IP_VS_CONN_F_FWD_MASK;
  return FORWARDING_METHODS[method] ?? String(method);
}

const TUNNEL_TYPES: Readonly<Record<number, string>> = {
  [IP_VS_CONN_F_TUNNEL_TYPE_IPIP]: "ipip",
  [IP_VS_CONN_F_TUNNEL_TYPE_GUE]: "gue",
  [IP_VS_CONN_F_TUNNEL_TYPE_GRE]: "gre",
};

/** `ipip`, `gue`, `gre`, or the number of another type. */
export function tunnelTypeName(type: number): string {
  return TUNNEL_TYPES[type] ?? String(type);
}

const TUNNEL_CHECKSUMS: Readonly<Record<number, string>> = {
  [IP_VS_TUNNEL_ENCAP_FLAG_NOCSUM]: "nocsum",
  [IP_VS_TUNNEL_ENCAP_FLAG_CSUM]: "csum",
  [IP_VS_TUNNEL_ENCAP_FLAG_REMCSUM]: "remcsum",
};

/** `nocsum`, `csum`, `remcsum`, or the number of other flags. */
export function tunnelChecksumName(flags: number): string {
  return TUNNEL_CHECKSUMS[flags] ?? String(flags);
}

/** `master`, `backup`, or the number of another state. */
export function daemonStateName(state: number): string {
  if (state === IP_VS_STATE_MASTER) return "master";
  return state === IP_VS_STATE_BACKUP ? "backup" : String(state);
}

/**
 * Prefix length of the persistence netmask: the kernel keeps a mask for IPv4, whose set bits are
 * counted, and the length itself for IPv6.
 */
export function prefixLength(family: number, netmask: number): number {
  if (family !== AF_INET) return netmask;
  let bits = 0;
  for (let rest = netmask; rest !== 0; rest = (rest & (rest - 1)) >>> 0) bits++;
  return bits;
}

/** Dotted decimal of four raw bytes in a little-endian word. */
export function ipv4Text(word: number): string {
  return `${word & 0xff}.${(word >>> 8) & 0xff}.${(word >>> 16) & 0xff}.${word >>> 24}`;
}

/** RFC 5952 text of sixteen raw bytes in four little-endian words. */
export function ipv6Text(a: number, b: number, c: number, d: number): string {
  if (a === 0 && b === 0 && c === 0xffff0000) return `::ffff:${ipv4Text(d)}`;
  const groups = [a, b, c, d].flatMap((word) => [
    ((word & 0xff) << 8) | ((word >>> 8) & 0xff),
    ((word >>> 8) & 0xff00) | (word >>> 24),
  ]);
  const [start, length] = longestZeros(groups);
  const text = (from: number, to: number) =>
    groups.slice(from, to).map((group) => group.toString(16)).join(":");
  return length < 2 ? text(0, 8) : `${text(0, start)}::${text(start + length, 8)}`;
}

/** The first of the longest runs of zero groups, which `::` replaces. */
function longestZeros(groups: readonly number[]): [start: number, length: number] {
  let best: [number, number] = [0, 0];
  for (let i = 0; i < groups.length; i++) {
    let end = i;
    while (end < groups.length && groups[end] === 0) end++;
    if (end - i > best[1]) best = [i, end - i];
    i = Math.max(i, end - 1);
  }
  return best;
}

/** An IPv4 address of raw bytes in a little-endian word as a number: 10.0.0.1 is 0x0a000001. */
export function ipv4Number(word: number): number {
  return swap32(word);
}

/** An address of either family from the first of its four words. */
export function addressText(family: number, words: Uint32Array, at: number): string {
  if (family === AF_INET) return ipv4Text(words[at]!);
  return ipv6Text(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!);
}

/** The last name that was decoded for each first word: most tables have one or two names. */
const NAMES = new Map<number, { readonly words: Uint32Array; readonly text: string }>();
const MAXIMUM_NAMES = 256;

/** Text of up to 16 raw bytes in four little-endian words, up to the first NUL. */
export function nameText(words: Uint32Array, at: number): string {
  const known = NAMES.get(words[at]!);
  if (
    known !== undefined && known.words[1] === words[at + 1] &&
    known.words[2] === words[at + 2] && known.words[3] === words[at + 3]
  ) return known.text;
  const copy = words.slice(at, at + 4);
  const bytes = new Uint8Array(copy.buffer);
  const nul = bytes.indexOf(0);
  const text = new TextDecoder().decode(bytes.subarray(0, nul < 0 ? bytes.length : nul));
  if (NAMES.size === MAXIMUM_NAMES) NAMES.clear();
  NAMES.set(copy[0]!, { words: copy, text });
  return text;
}
