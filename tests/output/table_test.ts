import assert from "node:assert/strict";
import { collect } from "../../lib/ipvs/collect.ts";
import { RecordCursor } from "../../lib/ipvs/records.ts";
import type { Snapshot } from "../../lib/ipvs/snapshot.ts";
import { encodeTable } from "../../lib/output/table.ts";
import {
  DROUTE,
  fakeKernel,
  type FakeSource,
  GET_CONFIG,
  GET_DAEMON,
  GET_INFO,
  inconsistentKernel,
  ONE_PACKET,
  PERSISTENT,
  procStats,
  SCHED1,
  SCHED2,
  TUNNEL,
  UDP,
} from "../_fixtures.ts";
import { HARD_SERVICES, hardKernel } from "../_hard_cases.ts";
import { textOf } from "../_parsers.ts";
import { identityOf, serversOf } from "./_expected.ts";

function table(snapshot: Snapshot, color = false): string {
  return textOf((sink) => encodeTable(snapshot, sink, { color }));
}

function lines(source: FakeSource): string[] {
  return table(collect(source)).split("\n");
}

/** The only line that has the text. */
function only(all: readonly string[], text: string): string {
  const found = all.filter((line) => line.includes(text));
  assert.equal(found.length, 1, `${text} in\n${all.join("\n")}`);
  return found[0]!;
}

Deno.test("encodeTable() prints this table", () => {
  const stats = {
    connections: 12345,
    pktsIn: 1234567,
    pktsOut: 99999,
    bytesIn: 123456789,
    bytesOut: 9999,
    cps: 12,
    ppsIn: 345,
    ppsOut: 300,
    bytesInPerSecond: 125000,
    bytesOutPerSecond: 999,
  };
  const source = fakeKernel({
    daemons: [{
      state: 1,
      interface: "eth0",
      syncId: 3,
      modern: { maxlen: 1472, group: "224.0.0.81", port: 8848, ttl: 1 },
    }],
    proc: { ip_vs_stats: procStats({ ...stats, connections: 2n ** 53n }) },
    services: [
      {
        address: "10.0.0.1",
        port: 80,
        sched: "wlc",
        flags: PERSISTENT,
        timeout: 300,
        stats,
        destinations: [
          { address: "192.168.0.11", port: 8080, weight: 100, active: 7, inactive: 300, stats },
          { address: "192.168.0.12", port: 8080, weight: 0 },
        ],
      },
      { fwmark: 7, family: 10, destinations: [{ address: "2001:db8::7", method: DROUTE }] },
    ],
  });
  assert.equal(
    table(collect(source)),
    `\
IPVS 1.2.1   connection table size 4096   timeouts tcp 900s, tcp-fin 120s, udp 300s   2025-11-22 01:02:03 UTC
sync daemon master on eth0, id 3, 224.0.0.81:8848, ttl 1, messages of up to 1472B
totals   9.01P connections   in 1.23M packets 123MB   out 99999 packets 9999B
rates    12 conn/s   in 345 pkt/s 125kB/s   out 300 pkt/s 999B/s

virtual server       sched                   connections      packets        bytes            pkt/s         bytes/s
  real server        fwd      weight  active inact total     in   out     in   out  conn/s   in out       in    out
tcp 10.0.0.1:80      wlc, persistent 300s          12345  1.23M 99999  123MB 9999B      12  345 300  125kB/s 999B/s
  192.168.0.11:8080  masq        100       7   300 12345  1.23M 99999  123MB 9999B      12  345 300  125kB/s 999B/s
  192.168.0.12:8080  masq    drained       0     0     0      0     0      0     0       0    0   0        0      0
fwmark 7 inet6       rr                                0      0     0      0     0       0    0   0        0      0
  [2001:db8::7]:0    droute        1       0     0     0      0     0      0     0       0    0   0        0      0

2 virtual servers, 3 real servers, 1 of them drained
`,
  );
});

Deno.test("encodeTable() says No virtual servers when there are none", () => {
  assert.deepEqual(lines(fakeKernel()).slice(1), ["", "No virtual servers", ""]);
});

Deno.test("encodeTable() says of what was not told nothing at all", () => {
  const untold = new Set([GET_INFO, GET_CONFIG, GET_DAEMON]);
  const source = fakeKernel({
    onRequest: (
      { type, command },
    ) => (type !== 16 && untold.has(command) ? "not recorded" : undefined),
  });
  assert.deepEqual(lines(source), ["IPVS   2025-11-22 01:02:03 UTC", "", "No virtual servers", ""]);
});

Deno.test("encodeTable() keeps every row aligned and no wider than its head, IPv6 too", () => {
  const all = lines(hardKernel());
  const head = all.find((line) => line.startsWith("  real server"))!;
  const rows = all.slice(all.indexOf(head) + 1, all.indexOf("", all.indexOf(head)));
  const starts = [...head.matchAll(/\S+$| out(?= )/g)].map((match) =>
    match.index + match[0].length
  );
  const figures = rows.filter((row) => row.length === head.length);
  const servers = serversOf(HARD_SERVICES);
  const expected = servers.length + servers.reduce((n, each) => n + each.realServers.length, 0);
  assert.equal(figures.length, expected, "a line of figures for each server");
  for (const row of figures) {
    for (const end of starts) assert.match(row.slice(end - 1, end + 1), /^[0-9BskMGTPE]( |$)/, row);
  }
});

Deno.test("encodeTable() has every hard server's name, in order, IPv6 in brackets", () => {
  const all = lines(hardKernel());
  const host = (address: string, port: string | number) =>
    `${address.includes(":") ? `[${address}]` : address}:${port}`;
  let at = 0;
  for (const server of serversOf(HARD_SERVICES)) {
    const { protocol, address, port, fwmark } = identityOf(server);
    const name = fwmark === undefined
      ? `${protocol} ${host(address!, port!)}`
      : `fwmark ${fwmark} ${server.addressFamily}`;
    const names = [name, ...server.realServers.map((real) => `  ${host(real.address, real.port)}`)];
    for (const wanted of names) {
      at = all.findIndex((line, i) => i > at && (line === wanted || line.startsWith(`${wanted} `)));
      assert.ok(at > 0, `${wanted} is missing or out of its order`);
    }
  }
});

Deno.test("encodeTable() puts a long name on its own line rather than go beyond 120 columns", () => {
  const address = "2001:db8:1111:2222:3333:4444:5555:6666";
  const destinations = [{ address, port: 65535, weight: 42 }];
  const all = lines(fakeKernel({ services: [{ address, port: 443, destinations }] }));
  assert.ok(all.every((line) => line.length <= 120));
  const at = all.indexOf(`  [${address}]:65535`);
  assert.match(all[at + 1]!, /^ +masq +42 /);
});

Deno.test("encodeTable() names the scheduler's flags and every setting that is no default", () => {
  const all = lines(fakeKernel({
    services: [
      { address: "10.0.0.1", port: 1, sched: "mh", flags: SCHED1 | SCHED2 },
      { address: "10.0.0.2", port: 1, protocol: UDP, flags: ONE_PACKET, pe: "sip" },
      { address: "10.0.0.3", port: 1, flags: PERSISTENT, timeout: 60, netmask: 0xffffff },
      { address: "fd00::4", port: 1, flags: PERSISTENT, timeout: 60, netmask: 64 },
      { address: "fd00::5", port: 1, flags: PERSISTENT, timeout: 60, netmask: 128 },
      { address: "fd00::6", port: 1, netmask: 128 },
      { address: "fd00::7", port: 1, netmask: 127 },
    ],
  }));
  assert.match(only(all, "10.0.0.1:1"), /:1 +mh, mh-fallback, mh-port +0/);
  assert.match(only(all, "10.0.0.2:1"), /^udp 10.0.0.2:1 +rr, one-packet, pe sip +0/);
  const at = (name: string) => all.indexOf(only(all, name));
  assert.match(all[at("10.0.0.3:1")]!, /:1 +rr, persistent 60s per \/24 +0/);
  assert.match(all[at("[fd00::4]:1")]!, /:1 +rr, persistent 60s per \/64 +0/);
  assert.match(all[at("[fd00::5]:1")]!, /:1 +rr, persistent 60s +0/);
  assert.match(all[at("[fd00::6]:1")]!, /:1 +rr +0/);
  assert.match(all[at("[fd00::7]:1")]!, /:1 +rr, netmask \/127 +0/);
});

Deno.test("encodeTable() puts settings that have no room on a line of their own", () => {
  const flags = PERSISTENT | ONE_PACKET | SCHED1 | SCHED2;
  const all = lines(fakeKernel({
    services: [{ fwmark: 1, sched: "mh", flags, timeout: 4294967, netmask: 1, pe: "sip" }],
  }));
  const at = all.indexOf(only(all, "fwmark 1 inet"));
  assert.match(all[at]!, /inet +mh +0/);
  assert.equal(
    all[at + 1],
    "  mh-fallback, mh-port, one-packet, persistent 4294967s per /1, pe sip",
  );
  assert.equal(all[at + 2], "  no real servers");
});

Deno.test("encodeTable() names a tunnel's kind, port and checksum", () => {
  const tunnels = [{ type: 0 }, { type: 1, port: 5555, flags: 1 }, { type: 2, flags: 2 }];
  const destinations = tunnels.map((tunnel, i) => ({
    address: `10.0.0.${i}`,
    method: TUNNEL,
    tunnel,
  }));
  const all = lines(fakeKernel({ services: [{ fwmark: 1, destinations }] }));
  assert.match(only(all, "10.0.0.0"), /:0 +tunnel ipip +1 /);
  assert.match(only(all, "10.0.0.1"), /:0 +tunnel gue:5555 csum +1 /);
  assert.match(only(all, "10.0.0.2"), /:0 +tunnel gre remcsum +1 /);
});

Deno.test("encodeTable() has thresholds and persistent connections only where some are set", () => {
  const plain = lines(fakeKernel({
    services: [{ fwmark: 1, destinations: [{ address: "10.0.0.1" }] }],
  })).join("\n");
  assert.doesNotMatch(plain, /thresholds|upper|lower|persist/);
  const all = lines(fakeKernel({
    services: [{
      fwmark: 1,
      destinations: [
        { address: "10.0.0.1", upperThreshold: 4000000000, lowerThreshold: 123456, persistent: 9 },
        { address: "10.0.0.2", active: 5, inactive: 6 },
      ],
    }],
  }));
  assert.match(only(all, "upper"), / weight +upper +lower +active +inact +persist +total /);
  assert.match(only(all, "10.0.0.1:0"), /masq +1 +4000000000 +123456 +0 +0 +9 +0 /);
  assert.match(only(all, "10.0.0.2:0"), /masq +1 +0 +0 +5 +6 +0 +0 /);
});

Deno.test("encodeTable() prints weights up to 2147483647 in full", () => {
  const destinations = [{ address: "10.0.0.1", weight: 2147483647 }];
  const all = lines(fakeKernel({ services: [{ fwmark: 1, destinations }] }));
  assert.match(only(all, "10.0.0.1:0"), / 2147483647 /);
});

Deno.test("encodeTable() says inconsistent, with the doubt, and of other states nothing", () => {
  assert.match(
    only(lines(inconsistentKernel()), "inconsistent"),
    /^inconsistent: .*fwmark 1 inet: no two of/,
  );
  assert.doesNotMatch(table(collect(hardKernel())), /verified|consistent/);
});

Deno.test("encodeTable() says when counters have 32 bits", () => {
  const services = [{ fwmark: 1 }];
  assert.match(table(collect(fakeKernel({ services, statsWidth: 32 }))), /\n32-bit counters/);
  assert.doesNotMatch(table(collect(fakeKernel({ services }))), /32-bit/);
});

Deno.test("encodeTable() has escape sequences only in colour, which change nothing else", () => {
  const snapshot = collect(hardKernel());
  const plain = table(snapshot);
  const colored = table(snapshot, true);
  // deno-lint-ignore no-control-regex
  const escapes = /\x1b\[\d*m/g;
  assert.doesNotMatch(plain, escapes);
  assert.match(colored, escapes);
  assert.equal(colored.replace(escapes, ""), plain);
});

Deno.test("encodeTable() lets no name steer the terminal", () => {
  const evil = "\x1b[2J\n\x9b";
  const source = fakeKernel({
    daemons: [{ state: 1, interface: evil, syncId: 1 }],
    services: [{ fwmark: 1, sched: evil, pe: evil }],
  });
  const text = table(collect(source));
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(text, /[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
  assert.ok(text.includes("sync daemon master on \\x1b[2J\\n\\x9b"));
});

/** How often `run` goes to a record of a server, and how many values it reads of them. */
function looksOf(run: () => void): { records: number; values: number } {
  const { next, get } = RecordCursor.prototype;
  const looks = { records: 0, values: 0 };
  RecordCursor.prototype.next = function () {
    looks.records++;
    next.call(this);
  };
  RecordCursor.prototype.get = function (slot) {
    looks.values++;
    return get.call(this, slot);
  };
  try {
    run();
  } finally {
    Object.assign(RecordCursor.prototype, { next, get });
  }
  return looks;
}

Deno.test("encodeTable() goes to each server twice, and reads no more of it in a larger table", () => {
  const reals = (count: number) =>
    Array.from({ length: count }, (_, i) => ({
      address: `10.1.${i >> 8}.${i & 255}`,
      stats: { bytesIn: 10n ** BigInt(i % 20) },
    }));
  const looks = [20, 200, 2000].map((count) => {
    const destinations = reals(count);
    const services = Array.from({ length: 5 }, (_, i) => ({ fwmark: i + 1, destinations }));
    const snapshot = collect(fakeKernel({ services }));
    let text = "";
    const { records, values } = looksOf(() => text = table(snapshot));
    assert.ok(text.endsWith(`\n5 virtual servers, ${5 * count} real servers\n`));
    assert.equal(records, 2 * (5 + 5 * count));
    return values;
  });
  const [few, more, most] = looks as [number, number, number];
  // Each further real server costs the same.
  assert.equal((most - more) / 1800, (more - few) / 180);
});
