import assert from "node:assert/strict";
import fc from "fast-check";
import { KEY_LENGTH, type Prefix, PrefixCipher } from "../../lib/capture/prefix_cipher.ts";
import { addressBytes } from "../_netlink_messages.ts";

/** The key of the sample that Crypto-PAn was published with. */
const SAMPLE_KEY = Uint8Array.from([
  ...[21, 34, 23, 141, 51, 164, 207, 128, 19, 10, 91, 22, 73, 144, 125, 16],
  ...[216, 152, 143, 131, 121, 121, 101, 39, 98, 87, 76, 45, 42, 132, 34, 2],
]);

/** Addresses and their replacements in that sample; the IPv6 ones are yacryptopan's. */
const SAMPLE: readonly [address: string, replacement: string][] = [
  ["128.11.68.132", "135.242.180.132"],
  ["129.118.74.4", "134.136.186.123"],
  ["130.132.252.244", "133.68.164.234"],
  ["141.223.7.43", "141.167.8.160"],
  ["141.233.145.108", "141.129.237.235"],
  ["152.163.225.39", "151.140.114.167"],
  ["156.29.3.236", "147.225.12.42"],
  ["165.247.96.84", "162.9.99.234"],
  ["::1", "78ff:f001:9fc0:20df:8380:b1f1:704:ed"],
  ["::2", "78ff:f001:9fc0:20df:8380:b1f1:704:ef"],
  ["2001:db8::1", "4401:2bc:603f:d91d:27f:ff8e:e6f1:dc1e"],
];

Deno.test("PrefixCipher encrypts the published sample of Crypto-PAn", () => {
  const cipher = new PrefixCipher(SAMPLE_KEY);
  for (const [address, replacement] of SAMPLE) {
    const encrypted = cipher.encrypt(Uint8Array.from(addressBytes(address)));
    assert.deepEqual([...encrypted], [...addressBytes(replacement)], address);
  }
});

function bitsOf(address: Uint8Array): string {
  return [...address].map((byte) => byte.toString(2).padStart(8, "0")).join("");
}

function commonBits(a: Uint8Array, b: Uint8Array): number {
  const [one, other] = [bitsOf(a), bitsOf(b)];
  const first = [...one].findIndex((bit, i) => bit !== other[i]);
  return first < 0 ? one.length : first;
}

function isIn(address: Uint8Array, { bytes, length }: Prefix): boolean {
  return commonBits(address, bytes) >= length;
}

const key = fc.uint8Array({ minLength: KEY_LENGTH, maxLength: KEY_LENGTH });
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

for (const width of [4, 16]) {
  /** An address, another one that shares some bits with it, and a range near one of them. */
  const cases = fc.record({
    key,
    address: bytes(width),
    other: bytes(width),
    shared: fc.nat(8 * width),
    length: fc.integer({ min: 1, max: 8 * width }),
    isNear: fc.boolean(),
  }).map(({ shared, ...rest }) => ({ ...rest, other: share(rest.address, rest.other, shared) }));

  Deno.test(`PrefixCipher keeps the common prefixes of addresses of ${width} bytes, with ranges too`, () => {
    fc.assert(fc.property(cases, ({ key, address, other, length, isNear }) => {
      const kept = { bytes: isNear ? other : address, length };
      for (const ranges of [[], [kept]]) {
        const cipher = new PrefixCipher(key, ranges);
        const [a, b] = [cipher.encrypt(address), cipher.encrypt(other)];
        assert.equal(commonBits(a, b), commonBits(address, other));
      }
    }));
  });

  Deno.test(`PrefixCipher keeps addresses of ${width} bytes inside or outside of a range`, () => {
    fc.assert(fc.property(cases, ({ key, address, other, length }) => {
      const kept = { bytes: other, length };
      assert.equal(isIn(new PrefixCipher(key, [kept]).encrypt(address), kept), isIn(address, kept));
      const whole = { bytes: address, length: 8 * width };
      assert.deepEqual(new PrefixCipher(key, [whole]).encrypt(address), address);
    }));
  });
}

/** The first bits of one address, and the others of another. */
function share(from: Uint8Array, to: Uint8Array, bits: number): Uint8Array {
  const mixed = bitsOf(from).slice(0, bits) + bitsOf(to).slice(bits);
  return Uint8Array.from(mixed.match(/.{8}/g)!, (byte) => Number.parseInt(byte, 2));
}
