import assert from "node:assert/strict";
import { collect } from "../../lib/ipvs/collect.ts";
import { Names, parseNames, withNames } from "../../lib/query/names.ts";
import { Selection } from "../../lib/query/selection.ts";
import { SelectionError } from "../../lib/query/selection_error.ts";
import { fakeKernel, INET6, UDP } from "../_fake_kernel.ts";
import { keys } from "./_tables.ts";

function snapshot() {
  return collect(fakeKernel({
    services: [
      {
        address: "10.96.0.10",
        port: 443,
        destinations: [{ address: "10.1.0.1", port: 8443 }, { address: "10.1.0.2", port: 8443 }],
      },
      { address: "10.96.0.10", port: 53, protocol: UDP },
      { address: "10.96.0.10", port: 80 },
      { address: "2001:db8::1", port: 443 },
      { fwmark: 7 },
      { fwmark: 7, family: INET6 },
      { fwmark: 8 },
    ],
  }));
}

/** The names of all servers that have one, by key. */
function namesIn(names: Names): Record<string, string> {
  const found: Record<string, string> = {};
  for (const virtual of withNames(snapshot(), names).virtualServers) {
    for (const { key, name } of [virtual, ...virtual.realServers]) {
      if (name !== undefined) found[key] = name;
    }
  }
  return found;
}

Deno.test("the most precise entry names a server, and of two equal ones the first", () => {
  const names = parseNames([
    '{"name":"address","address":"10.96.0.10"}',
    '{"name":"udp","protocol":"UDP","address":"10.96.0.10"}',
    '{"name":"web","protocol":"tcp","address":"10.96.0.10","port":443}',
    '{"name":"web again","protocol":"tcp","address":"10.96.0.10","port":443}',
    '{"name":"v6","address":"2001:DB8:0::1","port":443}',
    '{"name":"mark","fwmark":7}',
    "",
    '{"name":"pod","address":"10.1.0.2"}',
  ].join("\n"));
  assert.deepEqual(namesIn(names), {
    "tcp 10.96.0.10:443": "web",
    "udp 10.96.0.10:53": "udp",
    "tcp 10.96.0.10:80": "address",
    "tcp [2001:db8::1]:443": "v6",
    "fwmark 7 inet": "mark",
    "fwmark 7 inet6": "mark",
    "10.1.0.2:8443": "pod",
  });
});

Deno.test("a names file can be one array; unknown members are ignored", () => {
  const text = '\n[{"name":"a","fwmark":8,"ready":true},\n {"name":"b","address":"10.1.0.1"}]\n';
  assert.deepEqual(namesIn(parseNames(text)), { "fwmark 8 inet": "a", "10.1.0.1:8443": "b" });
});

Deno.test("labels come with the name", () => {
  const names = parseNames('{"name":"a","fwmark":8,"labels":{"team":"shop","tier":"x y"}}');
  const virtual = [...withNames(snapshot(), names).virtualServers].find(({ fwmark }) =>
    fwmark === 8
  );
  assert.deepEqual(virtual!.nameLabels, ["team=shop", "tier=x y"]);
});

Deno.test("a line that is no name is an error with its number", () => {
  const good = '{"name":"a","fwmark":1}\n';
  const cases: [text: string, message: string][] = [
    ["x", "line 2 is not JSON"],
    ["1", "line 2 is not an object"],
    ["null", "line 2 is not an object"],
    ['{"fwmark":1}', 'line 2 has no "name"'],
    ['{"name":"","fwmark":1}', 'line 2 has no "name"'],
    ['{"name":"a"}', 'line 2 has neither an "address" nor a "fwmark"'],
    ['{"name":"a","address":"web"}', 'line 2 has neither an "address" nor a "fwmark"'],
    ['{"name":"a","address":"10.0.0.0/8"}', 'line 2 has neither an "address" nor a "fwmark"'],
    ['{"name":"a","fwmark":0}', 'line 2 has an invalid "fwmark"'],
    ['{"name":"a","fwmark":4294967296}', 'line 2 has an invalid "fwmark"'],
    ['{"name":"a","address":"::1","port":65536}', 'line 2 has an invalid "port"'],
    ['{"name":"a","address":"::1","port":"80"}', 'line 2 has an invalid "port"'],
    [
      '{"name":"a","address":"::1","protocol":"icmp"}',
      'line 2 has a "protocol" other than tcp, udp and sctp',
    ],
    ['{"name":"a","fwmark":1,"labels":{"a":1}}', 'line 2 has "labels" that are not texts'],
    ['{"name":"a","fwmark":1,"labels":["a"]}', 'line 2 has "labels" that are not texts'],
  ];
  for (const [text, message] of cases) {
    assert.throws(() => parseNames(good + text), new SelectionError(message), text);
  }
  assert.throws(() => parseNames('[{"name":"a","fwmark":1},{}]'), /entry 2 has no "name"/);
  assert.throws(() => parseNames("[1,"), /the list is not JSON/);
});

Deno.test("virtual servers are selected by name, and the kernel is asked for exact ones", () => {
  const names = parseNames(
    '{"name":"web","protocol":"tcp","address":"10.96.0.10","port":443}\n' +
      '{"name":"all","address":"10.96.0.10"}\n{"name":"mark","fwmark":7}',
  );
  const select = (...services: string[]) => {
    const selection = new Selection({ services }, names);
    const found = Object.keys(keys(selection.select(withNames(snapshot(), names))));
    return [found, selection.identities?.length];
  };
  assert.deepEqual(select("web"), [["tcp 10.96.0.10:443"], 1]);
  assert.deepEqual(select("web", "mark")[1], 3);
  assert.deepEqual(select("all"), [["udp 10.96.0.10:53", "tcp 10.96.0.10:80"], undefined]);
  assert.deepEqual(select("none"), [[], undefined]);
});

Deno.test("an empty file names nothing", () => {
  assert.deepEqual(parseNames("\n").entries, []);
  assert.deepEqual(namesIn(new Names([])), {});
});
