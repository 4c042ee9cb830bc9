/**
 * Addresses and networks that are given as text.
 *
 * @module
 */
import { addressText, prefixLength } from "./names.ts";
import { AF_INET, AF_INET6 } from "./uapi.ts";

/** An address. */
export interface Address {
  /** AF_INET (2) or AF_INET6 (10). */
  readonly family: number;
  /** 4 or 16 bytes in network byte order. */
  readonly bytes: Uint8Array;
}

/**
 * Parses an address: IPv4 in dotted decimal, or IPv6 in any form of RFC 4291 without a
 * zone. Undefined if it is not one.
 */
export function parseAddress(text: string): Address | undefined {
  const ipv4 = parseIpv4(text);
  if (ipv4 !== undefined) return { family: AF_INET, bytes: Uint8Array.from(ipv4) };
  const ipv6 = parseIpv6(text);
  return ipv6 === undefined ? undefined : { family: AF_INET6, bytes: Uint8Array.from(ipv6) };
}

function parseIpv4(text: string): number[] | undefined {
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) return undefined;
  const bytes = text.split(".").map(Number);
  return bytes.every((byte) => byte <= 255) ? bytes : undefined;
}

function parseIpv6(text: string): number[] | undefined {
  const halves = text.split("::");
  if (!text.includes(":") || halves.length > 2) return undefined;
  const [head, tail] = halves.map((half, i) => parseGroups(half, i === halves.length - 1));
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined;
  const missing = 16 - head.length - (tail?.length ?? 0);
  // `::` stands for at least one group.
  if (halves.length === 1 ? missing !== 0 : missing < 2) return undefined;
  return [...head, ...new Array<number>(missing).fill(0), ...(tail ?? [])];
}

/** The bytes of groups of hexadecimal digits; at the end of an address the last one may be IPv4. */
function parseGroups(text: string, isLast: boolean): number[] | undefined {
  if (text === "") return [];
  const groups = text.split(":");
  const bytes: number[] = [];
  for (const [i, group] of groups.entries()) {
    const ipv4 = isLast && i === groups.length - 1 ? parseIpv4(group) : undefined;
    if (ipv4 !== undefined) bytes.push(...ipv4);
    else if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return undefined;
    else bytes.push(parseInt(group, 16) >> 8, parseInt(group, 16) & 0xff);
  }
  return bytes;
}

/** Addresses that begin with the same bits: a single address is a network of its full length. */
export class Network {
  /** AF_INET (2) or AF_INET6 (10). */
  readonly family: number;
  /** Prefix length: 0 to 32 for IPv4, 0 to 128 for IPv6. */
  readonly length: number;
  /** The prefix in four words of raw bytes, as rows have addresses; the other bits are 0. */
  readonly #words: Uint32Array;
  readonly #mask: Uint32Array;

  /** The network of all addresses that have the first `length` bits of `address`. */
  constructor({ family, bytes }: Address, length: number = 8 * bytes.length) {
    this.family = family;
    this.length = length;
    const mask = new Uint8Array(16);
    const prefix = new Uint8Array(16);
    for (let i = 0; i < bytes.length; i++) {
      const bits = Math.min(8, Math.max(0, length - 8 * i));
      mask[i] = 0xff00 >> bits;
      prefix[i] = bytes[i]! & mask[i]!;
    }
    this.#words = new Uint32Array(prefix.buffer);
    this.#mask = new Uint32Array(mask.buffer);
  }

  /** Whether it has an address of the same family, of which `words[at]` is the first word. */
  contains(words: Uint32Array, at: number): boolean {
    const prefix = this.#words, mask = this.#mask;
    return ((words[at]! & mask[0]!) >>> 0) === prefix[0]! &&
      (this.family === AF_INET ||
        ((words[at + 1]! & mask[1]!) >>> 0) === prefix[1]! &&
          ((words[at + 2]! & mask[2]!) >>> 0) === prefix[2]! &&
          ((words[at + 3]! & mask[3]!) >>> 0) === prefix[3]!);
  }

  /** Its first address as text. */
  get text(): string {
    return addressText(this.family, this.#words, 0);
  }

  /** The prefix in four words of raw bytes. */
  get words(): Uint32Array {
    return this.#words;
  }

  /** Whether it is a single address. */
  get isAddress(): boolean {
    return this.length === (this.family === AF_INET ? 32 : 128);
  }
}

/** Parses a network: an address, or an address and a prefix length as `10.0.0.0/8`. */
export function parseNetwork(text: string): Network | undefined {
  const [, host = "", digits] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const address = parseAddress(host);
  if (address === undefined) return undefined;
  const length = digits === undefined ? undefined : Number(digits);
  if (length !== undefined && length > 8 * address.bytes.length) return undefined;
  return new Network(address, length);
}

/** The prefix length of an IPv4 netmask such as `255.255.255.0`; undefined if it is none. */
export function parseNetmask(text: string): number | undefined {
  const address = parseAddress(text);
  if (address?.family !== AF_INET) return undefined;
  return prefixLength(AF_INET, new Network(address).words[0]!);
}
