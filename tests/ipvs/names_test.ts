import assert from "node:assert/strict";
import fc from "fast-check";
import {
  addressText,
  daemonStateName,
  familyName,
  forwardingMethodName,
  ipv4Text,
  ipv6Text,
  nameText,
  prefixLength,
  protocolName,
  schedFlagNames,
  tunnelChecksumName,
  tunnelTypeName,
} from "../../lib/ipvs/names.ts";
import { manyRuns } from "../_property_runs.ts";
import { addressBytes } from "../_netlink_messages.ts";

function words(bytes: readonly number[]): number[] {
  const padded = [...bytes, ...new Array<number>(16 - bytes.length).fill(0)];
  return [...new Uint32Array(Uint8Array.from(padded).buffer)];
}

function ipv6(text: string): string {
  const [a, b, c, d] = words(addressBytes(text)) as [number, number, number, number];
  return ipv6Text(a, b, c, d);
}

Deno.test("familyName() and protocolName() return the names that IPVS supports, or a number", () => {
  assert.deepEqual([2, 10].map(familyName), ["inet", "inet6"]);
  assert.deepEqual([6, 17, 132, 50, 0].map(protocolName), ["tcp", "udp", "sctp", "50", "0"]);
});

Deno.test("schedFlagNames() returns ipvsadm's names for the flags of sh and mh", () => {
  for (const sched of ["sh", "mh"]) {
    assert.deepEqual(schedFlagNames(sched, 8), [`${sched}-fallback`]);
    assert.deepEqual(schedFlagNames(sched, 16), [`${sched}-port`]);
    assert.deepEqual(schedFlagNames(sched, 32), ["flag-3"]);
    assert.deepEqual(schedFlagNames(sched, 56), [`${sched}-fallback`, `${sched}-port`, "flag-3"]);
  }
});

Deno.test("schedFlagNames() returns numbered flags for other schedulers", () => {
  assert.deepEqual(schedFlagNames("rr", 56), ["flag-1", "flag-2", "flag-3"]);
  assert.deepEqual(schedFlagNames("none", 8), ["flag-1"]);
  assert.deepEqual(schedFlagNames("shx", 16), ["flag-2"]);
});

Deno.test("schedFlagNames() ignores flags that are not of the scheduler", () => {
  assert.deepEqual(schedFlagNames("mh", ~56), []);
});

Deno.test("forwardingMethodName() depends only on the low three bits", () => {
  const names = ["masq", "local", "tunnel", "droute", "bypass", "5", "6", "7"];
  assert.deepEqual(names.map((_, i) => forwardingMethodName(i)), names);
  assert.deepEqual(names.map((_, i) => forwardingMethodName(0xfffffff8 + i)), names);
});

Deno.test("tunnelTypeName() and tunnelChecksumName() return names, or a number if unknown", () => {
  assert.deepEqual([0, 1, 2, 3].map(tunnelTypeName), ["ipip", "gue", "gre", "3"]);
  assert.deepEqual([0, 1, 2, 3].map(tunnelChecksumName), ["nocsum", "csum", "remcsum", "3"]);
});

Deno.test("daemonStateName() returns master, backup, or a number", () => {
  assert.deepEqual([0, 1, 2, 3].map(daemonStateName), ["0", "master", "backup", "3"]);
});

Deno.test("prefixLength() counts the bits of an IPv4 mask in any byte order", () => {
  for (let length = 0; length <= 32; length++) {
    const mask = length === 0 ? 0 : (0xffffffff << (32 - length)) >>> 0;
    const bytes = [mask >>> 24, (mask >>> 16) & 255, (mask >>> 8) & 255, mask & 255];
    assert.equal(prefixLength(2, words(bytes)[0]!), length);
    assert.equal(prefixLength(2, mask), length);
  }
});

Deno.test("prefixLength() returns the value itself for IPv6", () => {
  assert.deepEqual([1, 64, 128].map((length) => prefixLength(10, length)), [1, 64, 128]);
});

Deno.test("ipv4Text() returns dotted decimal for any four bytes", () => {
  assert.equal(ipv4Text(words([192, 0, 2, 255])[0]!), "192.0.2.255");
  fc.assert(fc.property(fc.uint8Array({ minLength: 4, maxLength: 4 }), (bytes) => {
    assert.equal(ipv4Text(words([...bytes])[0]!), bytes.join("."));
  }));
});

Deno.test("ipv6Text() returns addresses as RFC 5952 recommends", () => {
  const cases = {
    "2001:0db8:0000:0000:0000:0000:0002:0001": "2001:db8::2:1", // 4.1 and 4.2.1
    "2001:db8:0:1:1:1:1:1": "2001:db8:0:1:1:1:1:1", // 4.2.2: not for a single group
    "2001:0:0:1:0:0:0:1": "2001:0:0:1::1", // 4.2.3: the longest run
    "2001:db8:0:0:1:0:0:1": "2001:db8::1:0:0:1", // 4.2.3: the first of two equal runs
    "2001:DB8:AAAA:BBBB:CCCC:DDDD:EEEE:FFFF": "2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff", // 4.3
    "0:0:0:0:0:0:0:0": "::",
    "0:0:0:0:0:0:0:1": "::1",
    "1:0:0:0:0:0:0:0": "1::",
    "0:0:1:0:0:0:0:0": "0:0:1::",
    "0:0:0:0:0:0:1:0": "::1:0",
    "fe80:0:0:0:1:0:0:0": "fe80::1:0:0:0",
    "0:1:0:1:0:1:0:1": "0:1:0:1:0:1:0:1",
    "::ffff:192.0.2.1": "::ffff:192.0.2.1", // 5
    "::fffe:c000:201": "::fffe:c000:201",
    "0:0:0:0:1:ffff:c000:201": "::1:ffff:c000:201",
  };
  for (const [text, expected] of Object.entries(cases)) assert.equal(ipv6(text), expected);
});

Deno.test("ipv6Text() returns what parses to the same address, and what the URL parser returns", () => {
  const group = fc.oneof(fc.constant(0), fc.nat(0xffff), fc.constantFrom(1, 0xff, 0xff00));
  const groups = fc.array(group, { minLength: 8, maxLength: 8 });
  fc.assert(
    fc.property(groups, (groups) => {
      const full = groups.map((value) => value.toString(16)).join(":");
      const text = ipv6(full);
      assert.deepEqual(addressBytes(text), addressBytes(full));
      // The URL standard has the same rules, except for IPv4 at the end.
      if (!text.includes(".")) assert.equal(new URL(`http://[${full}]`).hostname, `[${text}]`);
    }),
    manyRuns(10),
  );
});

Deno.test("addressText() uses four bytes for IPv4 and sixteen for IPv6", () => {
  const row = (bytes: number[]) => Uint32Array.of(7, ...words(bytes));
  assert.equal(addressText(2, row([10, 0, 0, 1, 9, 9]), 1), "10.0.0.1");
  assert.equal(addressText(10, row(addressBytes("2001:db8::1")), 1), "2001:db8::1");
});

Deno.test("nameText() ends at the first NUL, and after 16 bytes without one", () => {
  const read = (text: string) => {
    const bytes = words([...new TextEncoder().encode(text)]);
    return nameText(Uint32Array.of(7, ...bytes), 1);
  };
  assert.equal(read("wlc\0junk"), "wlc");
  assert.equal(read("abcdefghijklmnop"), "abcdefghijklmnop");
  assert.equal(read(""), "");
  // Names with the same first four bytes are distinguished.
  for (let i = 0; i < 600; i++) assert.equal(read(`name${i % 300}`), `name${i % 300}`);
});
