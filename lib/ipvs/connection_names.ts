/**
 * Text for what the connection table has as numbers, in the words of the servers' keys, by which
 * connections are joined to their servers.
 *
 * @module
 */
import { swap32 } from "../netlink/byte_order.ts";
import { familyName, ipv4Text, ipv6Text } from "./names.ts";
import { AF_INET, AF_INET6 } from "./uapi.ts";

/** An address of four words as numbers, of which IPv4 uses the first; RFC 5952 for IPv6. */
export function connectionAddress(isInet6: boolean, words: ArrayLike<number>): string {
  const raw = [0, 1, 2, 3].map((word) => swap32(words[word]!));
  return isInet6 ? ipv6Text(raw[0]!, raw[1]!, raw[2]!, raw[3]!) : ipv4Text(raw[0]!);
}

/** `inet` or `inet6`. */
export function connectionFamily(isInet6: boolean): "inet" | "inet6" {
  return familyName(isInet6 ? AF_INET6 : AF_INET);
}
