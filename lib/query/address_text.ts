/**
 * Addresses and netmasks as text in one form.
 *
 * @module
 */
import { addressText, prefixLength } from "../ipvs/names.ts";
import { type Address, Network, parseAddress } from "../ipvs/network.ts";
import { AF_INET } from "../ipvs/uapi.ts";

/** IPv4 in dotted decimal, IPv6 according to RFC 5952. */
export function addressTextOf(address: Address): string {
  return addressText(address.family, new Network(address).words, 0);
}

/** The prefix length of an IPv4 netmask such as `255.255.255.0`; undefined if it is none. */
export function ipv4MaskLength(mask: string): number | undefined {
  const address = parseAddress(mask);
  if (address?.family !== AF_INET) return undefined;
  return prefixLength(AF_INET, new Network(address).words[0]!);
}
