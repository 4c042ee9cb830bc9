import assert from "node:assert/strict";
import { Anonymizer, ANONYMIZER_KEY_LENGTH } from "../../lib/capture/anonymizer.ts";
import { addressBytes } from "../_netlink_messages.ts";
import { textOf } from "./_find_addresses.ts";

const KEY = Uint8Array.from({ length: ANONYMIZER_KEY_LENGTH }, (_, i) => 7 * i);

function replace(anonymizer: Anonymizer, address: string): string {
  return textOf(anonymizer.address(Uint8Array.from(addressBytes(address))));
}

Deno.test("Anonymizer keeps the addresses that identify nothing", () => {
  for (const address of ["0.0.0.0", "127.0.0.1", "::", "::1"]) {
    assert.equal(replace(new Anonymizer(), address), address);
  }
});

/** Addresses of each class, and the form of their replacements. */
const CLASSES: readonly [string, RegExp][] = [
  ["127.4.5.6", /^127\./],
  ["169.254.7.8", /^169\.254\./],
  ["224.0.0.81", /^2(2[4-9]|3\d)\./],
  ["fe80::1234", /^fe[89ab]/],
  ["ff02::81", /^ff02:/],
  ["ff0e::81", /^ff0e:/],
];

Deno.test("Anonymizer replaces loopback, link-local and multicast addresses within their class", () => {
  const anonymizer = new Anonymizer(KEY);
  for (const [address, form] of CLASSES) {
    const replacement = replace(anonymizer, address);
    assert.match(replacement, form, address);
    assert.notEqual(replacement, address);
  }
});

Deno.test("Anonymizer replaces no other address by one of these classes, with any key", () => {
  const special = [/^0\.0\.0\.0$/, /^::1?$/, ...CLASSES.map(([, form]) => form)];
  for (let i = 0; i < 50; i++) {
    const anonymizer = new Anonymizer();
    for (const address of ["10.0.0.1", "126.0.0.1", "192.168.1.1", "223.1.1.1", "2001:db8::1"]) {
      const replacement = replace(anonymizer, address);
      assert.ok(!special.some((form) => form.test(replacement)), replacement);
    }
  }
});

Deno.test("Anonymizer draws another key each time", () => {
  const draw = () => replace(new Anonymizer(), "2001:db8:1:2:3:4:5:6");
  assert.equal(new Set([draw(), draw(), draw()]).size, 3);
});

Deno.test("Anonymizer replaces the same address by the same one, and different ones by different ones", () => {
  const anonymizer = new Anonymizer(KEY);
  const addresses = Array.from({ length: 256 }, (_, i) => `10.1.2.${i}`);
  const once = addresses.map((address) => replace(anonymizer, address));
  assert.deepEqual(addresses.map((address) => replace(anonymizer, address)), once);
  assert.equal(new Set(once).size, 256);
  // The common prefix has the same length as before.
  assert.equal(new Set(once.map((address) => address.replace(/\d+$/, ""))).size, 1);
});

Deno.test("Anonymizer numbers interfaces in order of appearance, in names that fit", () => {
  const anonymizer = new Anonymizer(KEY);
  const names = ["eth0", "bond0.100", "eth0", "lo", "p", "wg"];
  const replaced = names.map((name) => anonymizer.interfaceName(name, name.length));
  assert.deepEqual(replaced, ["if0", "if1", "if0", "lo", "2", "f3"]);
});
