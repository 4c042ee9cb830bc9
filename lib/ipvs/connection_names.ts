/**
 * Text for what the connection table has as numbers, in the words of the servers' keys, by which
 * connections are joined to their servers.
 *
 * @module
 */
import { swap32 } from "../netlink/byte_order.ts";
import { familyName, ipv4Text, ipv6Text, protocolName } from "./names.ts";
import { AF_INET, AF_INET6 } from "./uapi.ts";

/** An address of four words as numbers, of which IPv4 uses the first; RFC 5952 for IPv6. */
export function connectionAddress(isInet6: boolean, words: ArrayLike<number>): string {
  const raw = [0, 1, 2, 3].map((word) => swap32(words[word]!));
  return isInet6 ? ipv6Text(raw[0]!, raw[1]!, raw[2]!, raw[3]!) : ipv4Text(raw[0]!);
}

/** Address and port as in the key of a server: `10.0.0.1:80` or `[2001:db8::1]:80`. */
export function connectionEndpoint(address: string, port: number): string {
  return `${address.includes(":") ? `[${address}]` : address}:${port}`;
}

/** The key of a virtual server with an address: `tcp 10.0.0.1:80`. */
export function connectionService(protocol: number, address: string, port: number): string {
  return `${protocolName(protocol)} ${connectionEndpoint(address, port)}`;
}

/** The key of a virtual server with a fwmark: `fwmark 7 inet`. */
export function connectionFwmark(fwmark: number, isInet6: boolean): string {
  return `fwmark ${fwmark} ${connectionFamily(isInet6)}`;
}

/** `inet` or `inet6`. */
export function connectionFamily(isInet6: boolean): "inet" | "inet6" {
  return familyName(isInet6 ? AF_INET6 : AF_INET);
}

export { protocolName as connectionProtocol } from "./names.ts";
