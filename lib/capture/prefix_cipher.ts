/**
 * Prefix-preserving encryption of addresses, by the Crypto-PAn scheme (Xu, Fan, Ammar and Moon,
 * 2002) with AES-128: two addresses that share a prefix of n bits, and no longer one, do so
 * afterwards. Different addresses stay different.
 *
 * @module
 */
import { createCipheriv } from "node:crypto";

/** The length of a key in bytes. */
export const KEY_LENGTH = 32;

const BLOCK_LENGTH = 16;

/** A range of addresses: those whose first `length` bits are the first ones of `bytes`. */
export interface Prefix {
  readonly bytes: Uint8Array;
  /** In bits, from 1. */
  readonly length: number;
}

/** Encrypts addresses of one family. */
export class PrefixCipher {
  readonly #cipher: ReturnType<typeof createCipheriv>;
  readonly #padding: Uint8Array;
  readonly #kept: readonly Prefix[];

  /**
   * Creates a cipher with a key of {@linkcode KEY_LENGTH} random bytes. An address inside one of
   * the `kept` ranges stays inside, and one outside stays outside: no bit is changed that decides
   * this.
   */
  constructor(key: Uint8Array, kept: readonly Prefix[] = []) {
    this.#cipher = createCipheriv("aes-128-ecb", key.slice(0, BLOCK_LENGTH), new Uint8Array(0));
    this.#cipher.setAutoPadding(false);
    this.#padding = new Uint8Array(this.#cipher.update(key.slice(BLOCK_LENGTH, KEY_LENGTH)));
    this.#kept = kept;
  }

  /** Returns the replacement of an address of 4 or 16 bytes in network byte order. */
  encrypt(address: Uint8Array): Uint8Array {
    const result = address.slice();
    const bits = 8 * address.length;
    // Block i has the first i bits of the address; its encryption decides whether to flip bit i.
    const blocks = new Uint8Array(BLOCK_LENGTH * bits);
    for (let i = 0; i < bits; i++) this.#fillBlock(blocks, address, i);
    const encrypted: Uint8Array = this.#cipher.update(blocks);
    for (let i = countKeptBits(address, this.#kept); i < bits; i++) {
      if (encrypted[BLOCK_LENGTH * i]! & 0x80) result[i >>> 3]! ^= 0x80 >>> (i & 7);
    }
    return result;
  }

  #fillBlock(blocks: Uint8Array, address: Uint8Array, prefix: number): void {
    const at = BLOCK_LENGTH * prefix;
    const whole = prefix >>> 3;
    blocks.set(this.#padding, at);
    blocks.set(address.subarray(0, whole), at);
    const mask = 0xff00 >>> (prefix & 7) & 0xff;
    if (mask > 0) blocks[at + whole] = address[whole]! & mask | this.#padding[whole]! & ~mask;
  }
}

/** How many leading bits of an address decide which of the ranges it is in. */
function countKeptBits(address: Uint8Array, ranges: readonly Prefix[]): number {
  let kept = 0;
  for (const { bytes, length } of ranges) {
    kept = Math.max(kept, Math.min(countCommonBits(address, bytes) + 1, length));
  }
  return kept;
}

function countCommonBits(one: Uint8Array, other: Uint8Array): number {
  for (let i = 0; i < one.length; i++) {
    const difference = one[i]! ^ other[i]!;
    if (difference !== 0) return 8 * i + Math.clz32(difference) - 24;
  }
  return 8 * one.length;
}
