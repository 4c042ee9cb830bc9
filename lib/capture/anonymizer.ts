/**
 * Replaces addresses and names of interfaces, consistently for as long as an anonymizer is in use.
 *
 * @module
 */
import { KEY_LENGTH, type Prefix, PrefixCipher } from "./prefix_cipher.ts";

/** The length of an anonymizer's key in bytes: one key for each address family. */
export const ANONYMIZER_KEY_LENGTH: number = 2 * KEY_LENGTH;

/** Loopback, which identifies no machine. */
const LOOPBACK_INTERFACE = "lo";

/** Unspecified, loopback and its usual address, link-local, multicast. */
const IPV4_CLASSES: readonly Prefix[] = [
  range([0, 0, 0, 0], 32),
  range([127, 0, 0, 0], 8),
  range([127, 0, 0, 1], 32),
  range([169, 254, 0, 0], 16),
  range([224, 0, 0, 0], 4),
];

/** Unspecified, loopback, link-local, multicast and its scopes. */
const IPV6_CLASSES: readonly Prefix[] = [
  range(new Array(16).fill(0), 128),
  range([...new Array(15).fill(0), 1], 128),
  range([0xfe, 0x80, ...new Array(14).fill(0)], 10),
  ...Array.from({ length: 16 }, (_, scope) => range([0xff, scope, ...new Array(14).fill(0)], 16)),
];

function range(bytes: readonly number[], length: number): Prefix {
  return { bytes: new Uint8Array(bytes), length };
}

/**
 * Replaces addresses and names of interfaces: the same by the same, different ones by different
 * ones.
 *
 * - Addresses keep their common prefixes. The unspecified address, 127.0.0.1 and ::1 stay the same;
 *   loopback, link-local and multicast addresses stay such, IPv6 multicast in its scope; any other
 *   address becomes another one that is none of these.
 * - Interfaces become if0, if1 and so on, in order of appearance; `lo` stays the same.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { Anonymizer } from "./anonymizer.ts";
 *
 * const anonymizer = new Anonymizer();
 * const [a, b] = [1, 2].map((host) => anonymizer.address(new Uint8Array([192, 0, 2, host])));
 * assert.deepEqual(a!.subarray(0, 3), b!.subarray(0, 3));
 * assert.notDeepEqual(a, b);
 * ```
 */
export class Anonymizer {
  readonly #ipv4: PrefixCipher;
  readonly #ipv6: PrefixCipher;
  readonly #addresses = new Map<string, Uint8Array>();
  readonly #interfaces = new Map<string, number>();

  /** Uses a key of {@linkcode ANONYMIZER_KEY_LENGTH} bytes; by default a new random one. */
  constructor(key: Uint8Array = crypto.getRandomValues(new Uint8Array(ANONYMIZER_KEY_LENGTH))) {
    this.#ipv4 = new PrefixCipher(key.subarray(0, KEY_LENGTH), IPV4_CLASSES);
    this.#ipv6 = new PrefixCipher(key.subarray(KEY_LENGTH), IPV6_CLASSES);
  }

  /** Returns the replacement of an address: 4 bytes for IPv4 or 16 for IPv6, in network byte order. */
  address(bytes: Uint8Array): Uint8Array {
    const key = bytes.join(".");
    let replacement = this.#addresses.get(key);
    if (replacement === undefined) {
      replacement = (bytes.length === 4 ? this.#ipv4 : this.#ipv6).encrypt(bytes);
      this.#addresses.set(key, replacement);
    }
    return replacement;
  }

  /** Returns the replacement of an interface's name, which is at most `length` characters long. */
  interfaceName(name: string, length: number): string {
    if (name === LOOPBACK_INTERFACE) return name;
    const number = this.#interfaces.get(name) ?? this.#interfaces.size;
    this.#interfaces.set(name, number);
    const replacement = `if${number}`;
    return replacement.slice(Math.max(0, replacement.length - length));
  }
}
