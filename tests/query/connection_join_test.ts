import assert from "node:assert/strict";
import { collect } from "../../lib/ipvs/collect.ts";
import type { ConnectionGroup } from "../../lib/query/connection_group.ts";
import { ServerIndex } from "../../lib/query/connection_join.ts";
import { readConnections } from "../../lib/query/connection_reader.ts";
import { isSelected } from "../../lib/query/connection_selection.ts";
import { Selection, type SelectionText } from "../../lib/query/selection.ts";
import { type Entry, entry, fileOf, inet } from "../_connections.ts";
import { fakeKernel, type FakeService, INET6, UDP } from "../_fake_kernel.ts";

const IPV6_VIRTUAL = "2001:0db8:0000:0000:0000:0000:0000:0001";

const SERVICES: readonly FakeService[] = [
  {
    address: "192.0.2.1",
    port: 80,
    sched: "wlc",
    destinations: [
      { address: "10.2.0.1", port: 8080, weight: 1 },
      { address: "10.2.0.2", port: 8080, weight: 0 },
    ],
  },
  { address: "192.0.2.2", port: 0, destinations: [{ address: "10.2.0.3", port: 0, weight: 1 }] },
  { address: "192.0.2.3", port: 21, destinations: [{ address: "10.2.0.4", port: 21, weight: 0 }] },
  {
    address: "192.0.2.4",
    port: 53,
    protocol: UDP,
    destinations: [{ address: "10.2.0.1", port: 53, weight: 1 }],
  },
];
const WITH_FWMARKS: readonly FakeService[] = [
  ...SERVICES,
  { fwmark: 7, destinations: [{ address: "10.2.0.2", port: 8080, weight: 3 }] },
  { fwmark: 8, destinations: [{ address: "10.2.0.9", port: 0, weight: 0 }] },
  { fwmark: 7, family: INET6, destinations: [{ address: "10.2.0.8", port: 80, weight: 1 }] },
];

/** The group of an entry. */
function groupOf(values: Partial<Entry>): ConnectionGroup {
  const chunks = [new TextEncoder().encode(fileOf([entry(values)]))];
  const read = (buffer: Uint8Array) => {
    const chunk = chunks.pop();
    buffer.set(chunk ?? []);
    return chunk?.length ?? 0;
  };
  return readConnections({ read }).groups[0]!;
}

function join(values: Partial<Entry>, services: readonly FakeService[]) {
  const { virtualServers } = collect(fakeKernel({ services: [...services] }));
  return new ServerIndex(virtualServers).join(groupOf(values));
}

/** An entry of virtual and real server, each `ADDRESS:PORT`. */
function between(virtual: string, real: string, others: Partial<Entry> = {}): Partial<Entry> {
  const [address, port] = virtual.split(":"), [realAddress, realPort] = real.split(":");
  return {
    ...{ virtual: inet(address!), port: Number(port) },
    ...{ real: inet(realAddress!), realPort: Number(realPort) },
    ...others,
  };
}

const template = { clientPort: 0, state: "NONE" };
/** The templates of a fwmark have it in place of the virtual address. */
const fwmarkTemplate = (mark: string, real: string) =>
  between(`${mark}:0`, real, { ...template, protocol: "IP" });

/** A case: what is expected of which entry, with these virtual servers. */
type Case = readonly [
  name: string,
  entry: Partial<Entry>,
  services: readonly FakeService[],
  expected: readonly [virtual: string | undefined, matches: number, stale: boolean | null],
  reason?: string,
];

const CASES: readonly Case[] = [
  [
    "a connection to a real server with a weight",
    between("192.0.2.1:80", "10.2.0.1:8080"),
    SERVICES,
    ["tcp 192.0.2.1:80", 1, false],
  ],
  [
    "a connection to a real server of weight 0",
    between("192.0.2.1:80", "10.2.0.2:8080"),
    SERVICES,
    ["tcp 192.0.2.1:80", 1, true],
    "weight-0",
  ],
  [
    "another port of a real server",
    between("192.0.2.1:80", "10.2.0.1:8081"),
    SERVICES,
    ["tcp 192.0.2.1:80", 0, true],
    "real-server-gone",
  ],
  [
    "a virtual server that is not in the table",
    between("192.0.2.9:80", "10.2.0.1:8080"),
    SERVICES,
    [undefined, 0, true],
    "virtual-server-gone",
  ],
  [
    "another protocol",
    between("192.0.2.1:80", "10.2.0.1:8080", { protocol: "UDP" }),
    SERVICES,
    [undefined, 0, true],
    "virtual-server-gone",
  ],
  [
    "any port of a virtual server of port 0",
    between("192.0.2.2:8443", "10.2.0.3:8443"),
    SERVICES,
    ["tcp 192.0.2.2:0", 1, false],
  ],
  [
    "a data connection of FTP",
    between("192.0.2.3:20", "10.2.0.4:20"),
    SERVICES,
    ["tcp 192.0.2.3:21", 1, true],
    "weight-0",
  ],
  [
    "a passive data connection of FTP, whose client port is not known yet",
    between("192.0.2.3:40000", "10.2.0.4:50000", { clientPort: 0, state: "LISTEN" }),
    SERVICES,
    ["tcp 192.0.2.3:21", 1, true],
    "weight-0",
  ],
  [
    "the template of FTP, which has no ports",
    between("192.0.2.3:0", "10.2.0.4:0", template),
    SERVICES,
    ["tcp 192.0.2.3:21", 1, true],
    "weight-0",
  ],
  [
    "a template with ports",
    between("192.0.2.1:80", "10.2.0.2:8080", { ...template, state: "ASSURED" }),
    SERVICES,
    ["tcp 192.0.2.1:80", 1, true],
    "weight-0",
  ],
  [
    "a template that the kernel has given up",
    between("192.0.2.1:80", "10.2.0.2:65535", template),
    SERVICES,
    ["tcp 192.0.2.1:80", 1, true],
    "weight-0",
  ],
  [
    "a template that has lost its virtual port, too",
    between("192.0.2.1:65535", "10.2.0.2:65535", template),
    SERVICES,
    [undefined, 0, null],
  ],
  [
    "a real server that a fwmark has with another weight",
    between("192.0.2.1:80", "10.2.0.2:8080"),
    WITH_FWMARKS,
    [undefined, 2, null],
  ],
  [
    "a real server that only the fwmark has",
    between("192.0.2.99:80", "10.2.0.2:8080"),
    WITH_FWMARKS,
    ["fwmark 7 inet", 1, false],
  ],
  [
    "a real server of port 0 of a fwmark",
    between("192.0.2.99:443", "10.2.0.9:443"),
    WITH_FWMARKS,
    ["fwmark 8 inet", 1, true],
    "weight-0",
  ],
  [
    "a real server that is gone from an address or from a fwmark",
    between("192.0.2.1:80", "10.2.0.7:8080"),
    WITH_FWMARKS,
    [undefined, 0, true],
    "real-server-gone",
  ],
  [
    "a real server of the fwmark in the other family",
    {
      ...between("192.0.2.1:80", "10.2.0.8:80"),
      ...{ client: IPV6_VIRTUAL, virtual: IPV6_VIRTUAL },
    },
    WITH_FWMARKS,
    ["fwmark 7 inet6", 1, false],
  ],
  [
    "the template of a fwmark",
    fwmarkTemplate("0.0.0.8", "10.2.0.9:0"),
    WITH_FWMARKS,
    ["fwmark 8 inet", 1, true],
    "weight-0",
  ],
  [
    "the template of a fwmark that is gone",
    fwmarkTemplate("0.0.0.9", "10.2.0.9:0"),
    WITH_FWMARKS,
    [undefined, 0, true],
    "virtual-server-gone",
  ],
  [
    "a connection that bypasses all real servers",
    between("192.0.2.99:80", "0.0.0.0:0"),
    WITH_FWMARKS,
    [undefined, 0, false],
  ],
];

for (const [name, values, services, [virtual, matches, stale], reason] of CASES) {
  Deno.test(`ServerIndex joins ${name}`, () => {
    const found = join(values, services);
    assert.deepEqual(
      [found.virtual?.key, found.matches.length, found.stale, found.reason],
      [virtual, matches, stale, reason],
    );
  });
}

Deno.test("groups have kinds: templates by client port and state", () => {
  const kinds = [{}, template, { clientPort: 0, state: "LISTEN" }, { clientPort: 0, state: "UDP" }]
    .map((values) => groupOf(values).kind);
  assert.deepEqual(kinds, ["connection", "template", "connection", "connection"]);
  assert.equal(groupOf({ ...template, realPort: 65_535 }).kind, "invalid-template");
});

/** Whether a selection has an entry, with and without the table. */
function selects(text: SelectionText, values: Partial<Entry>): [boolean, boolean] {
  const selection = new Selection(text);
  const group = groupOf(values);
  const found = join(values, WITH_FWMARKS);
  return [isSelected(selection, group, found), isSelected(selection, group, undefined)];
}

Deno.test("connections are selected by their addresses, and by their server", () => {
  const web = between("192.0.2.1:80", "10.2.0.1:8080");
  const gone = between("192.0.2.1:80", "10.2.0.7:8080");
  const marked = between("192.0.2.99:80", "10.2.0.2:8080");
  const cases: readonly [SelectionText, Partial<Entry>, [boolean, boolean]][] = [
    [{}, web, [true, true]],
    [{ services: ["tcp://192.0.2.1:80"] }, web, [true, true]],
    [{ services: ["192.0.2.0/24"], protocols: ["tcp"], families: ["inet"] }, gone, [true, true]],
    [{ services: ["udp://192.0.2.1:80"] }, web, [false, false]],
    [{ services: [":81", "192.0.2.7", ":80"] }, gone, [true, true]],
    [{ reals: ["10.2.0.7"] }, gone, [true, true]],
    [{ reals: ["10.2.0.7:80"] }, gone, [false, false]],
    [{ families: ["inet6"] }, web, [false, false]],
    [{ protocols: ["udp"] }, web, [false, false]],
    [{ fwmarks: ["7"] }, marked, [true, false]],
    [{ services: ["fwmark:7"] }, marked, [true, false]],
    [{ fwmarks: ["8"] }, fwmarkTemplate("0.0.0.8", "10.2.0.9:0"), [true, true]],
    [{ services: ["0.0.0.8", ":0"] }, fwmarkTemplate("0.0.0.8", "10.2.0.9:0"), [false, false]],
    [{ protocols: ["tcp"] }, fwmarkTemplate("0.0.0.8", "10.2.0.9:0"), [false, false]],
    [{ services: ["192.0.2.2:0"] }, between("192.0.2.2:99", "10.2.0.3:99"), [true, false]],
    [{ schedulers: ["wlc"] }, web, [true, false]],
    [{ states: ["drained"] }, between("192.0.2.1:80", "10.2.0.2:8080"), [true, false]],
    [{ states: ["drained"] }, web, [false, false]],
  ];
  for (const [text, values, expected] of cases) {
    assert.deepEqual(selects(text, values), expected, JSON.stringify([text, values]));
  }
});

Deno.test("connections of a removed real server are selected by its virtual server", () => {
  const values = between("192.0.2.1:80", "10.2.0.7:8080");
  const found = join(values, SERVICES);
  const isIn = (text: SelectionText) => isSelected(new Selection(text), groupOf(values), found);
  assert.deepEqual(
    [{ schedulers: ["wlc"] }, { schedulers: ["wlc"], reals: ["10.2.0.1"] }, { states: ["down"] }]
      .map(isIn),
    [true, false, false],
  );
});
