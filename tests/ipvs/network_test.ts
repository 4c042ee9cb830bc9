import assert from "node:assert/strict";
import { Network, parseAddress, parseNetwork } from "../../lib/ipvs/network.ts";

Deno.test("parseAddress reads every form of an address into its bytes", () => {
  const cases: [text: string, hex: string][] = [
    ["10.0.0.1", "0a000001"],
    ["255.255.255.255", "ffffffff"],
    ["::", "0".repeat(32)],
    ["::1", `${"0".repeat(31)}1`],
    ["2001:db8::1", "20010db8000000000000000000000001"],
    ["2001:DB8:0:0:1:0:0:1", "20010db8000000000001000000000001"],
    ["1:2:3:4:5:6:7:8", "00010002000300040005000600070008"],
    ["1:2:3:4:5:6:7::", "00010002000300040005000600070000"],
    ["::ffff:10.0.0.1", "00000000000000000000ffff0a000001"],
    ["64:ff9b::192.0.2.33", "0064ff9b0000000000000000c0000221"],
  ];
  for (const [text, hex] of cases) {
    const address = parseAddress(text);
    assert.equal(address?.bytes.toHex(), hex, text);
    assert.equal(address?.family, hex.length === 8 ? 2 : 10, text);
  }
});

Deno.test("parseAddress rejects what is no address", () => {
  for (
    const text of [
      ...[
        "",
        "10",
        "10.0.0",
        "10.0.0.256",
        "10.0.0.1.2",
        "10.0.0.-1",
        "localhost",
        "1:2:3:4:5:6:7",
      ],
      ...[":::", "1::2::3", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "12345::", "g::", ":1", "1:"],
      ...["::10.0.0.1:1", "10.0.0.1::", "fe80::1%eth0", "[::1]", " ::1"],
    ]
  ) assert.equal(parseAddress(text), undefined, text);
});

/** The four words of an address, as a row has them. */
function words(text: string): Uint32Array {
  return new Network(parseAddress(text)!).words;
}

Deno.test("a network contains the addresses that begin with its bits", () => {
  const cases: [network: string, inside: string[], outside: string[]][] = [
    ["10.0.0.0/8", ["10.0.0.0", "10.255.255.255"], ["9.255.255.255", "11.0.0.0"]],
    ["192.0.2.128/25", ["192.0.2.128", "192.0.2.255"], ["192.0.2.127", "192.0.3.128"]],
    ["192.0.2.77/31", ["192.0.2.76", "192.0.2.77"], ["192.0.2.78", "192.0.2.75"]],
    ["10.0.0.1", ["10.0.0.1"], ["10.0.0.2"]],
    ["0.0.0.0/0", ["0.0.0.0", "255.255.255.255"], []],
    ["2001:db8::/33", ["2001:db8::", "2001:db8:7fff::1"], ["2001:db8:8000::"]],
    ["2001:db8::1", ["2001:db8::1"], ["2001:db8::2", "2001:db8:0:0:1::1"]],
    ["2001:db8::/127", ["2001:db8::1"], ["2001:db8::2"]],
    ["::/0", ["::", "ffff::"], []],
  ];
  for (const [text, inside, outside] of cases) {
    const network = parseNetwork(text)!;
    for (const one of inside) assert.ok(network.contains(words(one), 0), `${one} in ${text}`);
    for (const one of outside) assert.ok(!network.contains(words(one), 0), `${one} in ${text}`);
  }
});

Deno.test("parseNetwork rejects prefix lengths that the family does not have", () => {
  for (const text of ["10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/-1", "/8", "10.0.0.0/8/8"]) {
    assert.equal(parseNetwork(text), undefined, text);
  }
  assert.equal(parseNetwork("10.0.0.0/32")?.isAddress, true);
  assert.equal(parseNetwork("10.0.0.0/31")?.isAddress, false);
  assert.equal(parseNetwork("::1")?.isAddress, true);
});
