/** The virtual servers in a names file. */
import assert from "node:assert/strict";
import type { ConfiguredVirtualServer } from "../../lib/query/configuration.ts";
import { parseRules } from "../../lib/query/rules.ts";
import { isNames, parseExpectedNames } from "../../lib/query/expected_names.ts";

const { virtualServers } = parseRules(
  "-A -t 10.0.0.1:80\n-A -t 10.0.0.1:443\n-A -u 10.0.0.1:80\n-A -t [2001:db8::1]:80\n" +
    "-A -f 7\n-A -f 7 -6\n-A -f 8",
);

/** The keys of the virtual servers that a line names. */
function named(line: object): string[] {
  const [name] = parseExpectedNames(JSON.stringify({ name: "shop", ...line }));
  return virtualServers.filter((virtual) => name!.matches(virtual)).map(({ key }) => key);
}

Deno.test("a name matches by protocol, address and port, as far as the line has them", () => {
  const address = "10.0.0.1";
  assert.deepEqual(named({ protocol: "tcp", address, port: 80 }), ["tcp 10.0.0.1:80"]);
  assert.deepEqual(named({ protocol: "TCP", address }), ["tcp 10.0.0.1:80", "tcp 10.0.0.1:443"]);
  assert.equal(named({ address }).length, 3);
  assert.deepEqual(named({ address: "2001:DB8::0:1" }), ["tcp [2001:db8::1]:80"]);
  assert.deepEqual(named({ fwmark: 7 }), ["fwmark 7 inet", "fwmark 7 inet6"]);
  assert.deepEqual(named({ address: "10.0.0.2", labels: { team: "web" } }), []);
});

Deno.test("the text of a name has the name and what it names", () => {
  const lines = '{"name":"a","protocol":"tcp","address":"10.0.0.1","port":80}\n\n' +
    '{"name":"b","fwmark":7}\n';
  assert.deepEqual(parseExpectedNames(lines).map(({ text }) => text), [
    "a (tcp 10.0.0.1 80)",
    "b (fwmark 7)",
  ]);
});

Deno.test("a file of names can be one array, with a fwmark or an address alone", () => {
  const text = '[{"name":"a","fwmark":7},\n {"name":"b","address":"2001:DB8:0::1","ready":true}]';
  assert.ok(isNames(text));
  assert.deepEqual(parseExpectedNames(text).map((name) => name.text), [
    "a (fwmark 7)",
    "b (2001:db8::1)",
  ]);
});

Deno.test("a name without a protocol can be that of a real server", () => {
  const [{ realServers: [real] }] = parseRules("-A -f 1\n-a -f 1 -r 10.1.0.1:80")
    .virtualServers as [ConfiguredVirtualServer];
  const matches = (line: object) =>
    parseExpectedNames(JSON.stringify({ name: "a", ...line }))[0]!.matchesReal(real!);
  assert.ok(matches({ address: "10.1.0.1" }));
  assert.ok(matches({ address: "10.1.0.1", port: 80 }));
  assert.ok(!matches({ address: "10.1.0.1", port: 81 }));
  assert.ok(!matches({ address: "10.1.0.1", protocol: "tcp" }));
  assert.ok(!matches({ fwmark: 1 }));
});

Deno.test("parseExpectedNames() refuses other lines, with their number", () => {
  const text = '{"name":"a","fwmark":1}\n{"name":"a"}';
  assert.throws(() => parseExpectedNames(text), {
    name: "ConfigurationError",
    message: /^line 2 /,
  });
});

Deno.test("isNames() distinguishes names from other JSON and from rules", () => {
  assert.ok(isNames('\n{"name":"a","fwmark":1}\n{"name":'));
  assert.ok(isNames('[{"name":"a","fwmark":1}]'));
  for (
    const text of ["", "-A -f 1", '{"format":"ipvstat"}', "null", '{"format":"ipvstat",\n"a":1}']
  ) {
    assert.ok(!isNames(text), text);
  }
});
