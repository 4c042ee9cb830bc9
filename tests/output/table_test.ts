import assert from "node:assert/strict";
import { collect } from "../../lib/ipvs/collect.ts";
import { withRates } from "../../lib/ipvs/rates.ts";
import {
  DROUTE,
  fakeKernel,
  type FakeStats,
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
} from "../_fake_kernel.ts";
import { HARD_SERVICES, hardKernel } from "../_hard_cases.ts";
import { identityOf, serversOf } from "./_expected.ts";
import { lines, only, table } from "./_table.ts";

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
  const snapshot = collect(source);
  assert.equal(
    table(snapshot),
    `\
IPVS 1.2.1   2 virtual servers, 3 real servers (1 drained)
12 conn/s   in 345 pkt/s 125 kB/s   out 300 pkt/s 999 B/s   2025-11-22 01:02:03 UTC
connection table size 4096   timeouts tcp 900s, tcp-fin 120s, udp 300s
totals 9.0P connections   in 1.2M packets 123 MB   out 99999 packets 10.0 kB
sync daemon master on eth0, id 3, 224.0.0.81:8848, ttl 1, max. 1472 bytes

                                   weight weight % share % active inact conn/s in pkt/s out pkt/s in B/s out B/s conns in pkts out pkts in bytes out bytes
tcp 10.0.0.1:80      wlc, persist 300s                          7   300     12      345       300   125k     999 12.3k    1.2M     100k     123M     10.0k
  192.168.0.11:8080  masq             100    100.0       -      7   300     12      345       300   125k     999 12.3k    1.2M     100k     123M     10.0k
  192.168.0.12:8080  masq, drained      0      0.0       -      0     0      0        0         0      0       0     0       0        0        0         0
fwmark 7 inet6       rr                                         0     0      0        0         0      0       0     0       0        0        0         0
  [2001:db8::7]:0    droute             1    100.0       -      0     0      0        0         0      0       0     0       0        0        0         0
`,
  );
  assert.equal(
    table(snapshot, { width: 80 }),
    `\
IPVS 1.2.1   2 virtual servers, 3 real servers (1 drained)
12 conn/s   in 345 pkt/s 125 kB/s   out 300 pkt/s 999 B/s   01:02:03 UTC
sync daemon master on eth0, id 3, 224.0.0.81:8848, ttl 1, max. 1472 bytes

                                   weight active inact conn/s in B/s out B/s
tcp 10.0.0.1:80      wlc, persist 300s         7   300     12   125k     999
  192.168.0.11:8080  masq             100      7   300     12   125k     999
  192.168.0.12:8080  masq, drained      0      0     0      0      0       0
fwmark 7 inet6       rr                        0     0      0      0       0
  [2001:db8::7]:0    droute             1      0     0      0      0       0
`,
  );
});

Deno.test("encodeTable() prints the number of servers even if there are none", () => {
  assert.deepEqual(lines(fakeKernel())[0], "IPVS 1.2.1   0 virtual servers, 0 real servers");
});

Deno.test("encodeTable() omits what the kernel did not report", () => {
  const notRecorded = new Set([GET_INFO, GET_CONFIG, GET_DAEMON]);
  const source = fakeKernel({
    onRequest: (
      { type, command },
    ) => (type !== 16 && notRecorded.has(command) ? "not recorded" : undefined),
  });
  assert.deepEqual(lines(source), [
    "IPVS   0 virtual servers, 0 real servers",
    "2025-11-22 01:02:03 UTC",
    "",
  ]);
});

Deno.test("encodeTable() shows the total connections of the real servers for a virtual server", () => {
  const destinations = [
    { address: "10.0.0.1", active: 4294967295, inactive: 2 },
    { address: "10.0.0.2", active: 1, inactive: 3 },
  ];
  const all = lines(fakeKernel({ services: [{ fwmark: 1, destinations }] }), 80);
  assert.match(only(all, "fwmark 1"), /^fwmark 1 inet +rr +4\.3G +5 /);
});

Deno.test("encodeTable() flags and counts virtual servers that cannot serve", () => {
  const drained = [{ address: "10.0.0.1", weight: 0 }, {
    address: "10.0.0.2",
    weight: 0,
    active: 1,
  }];
  const services = [{ fwmark: 1 }, { fwmark: 2, destinations: drained }];
  const all = lines(fakeKernel({ services }), 80);
  assert.match(
    only(all, "virtual servers ("),
    /^2 virtual servers \(1 empty, 1 down\), 2 real servers \(1 drained, 1 draining\)$/,
  );
  assert.match(only(all, "fwmark 1"), /rr, no real servers +0/);
  assert.match(only(all, "fwmark 2"), /rr, all weights 0 +1/);
  assert.match(only(all, "10.0.0.1"), /masq, drained +0 +0/);
  assert.match(only(all, "10.0.0.2"), /masq, draining +0 +1/);
});

Deno.test("encodeTable() has a word for each state that needs attention, and none for idle", () => {
  const read = (time: bigint, stats: FakeStats) => {
    const destinations = [
      { address: "10.0.0.1", weight: 0, stats },
      { address: "10.0.0.2", upperThreshold: 5, active: 5 },
      { address: "10.0.0.3", upperThreshold: 4, active: 3 },
      { address: "10.0.0.4" },
    ];
    return collect(fakeKernel({ services: [{ fwmark: 1, destinations }], time }));
  };
  const snapshot = withRates(read(2_000_000_000n, { pktsIn: 1 }), read(0n, {}));
  const all = table(snapshot, { width: 100 }).split("\n");
  const states = "1 still receiving, 1 overloaded, 1 near threshold";
  assert.match(all[0]!, new RegExp(`1 virtual server, 4 real servers \\(${states}\\)$`));
  assert.match(only(all, "10.0.0.1"), /masq, still receiving +0 /);
  assert.match(only(all, "10.0.0.2"), /masq, overloaded +1 /);
  assert.match(only(all, "10.0.0.3"), /masq, near threshold +1 /);
  assert.match(only(all, "10.0.0.4"), /masq +1 /);
});

Deno.test("encodeTable() says whether a virtual server is down by its weights alone", () => {
  const full = { address: "10.0.0.1", upperThreshold: 1, active: 1 };
  const destinations = [full, { address: "10.0.0.2", weight: 0 }];
  const all = lines(fakeKernel({ services: [{ fwmark: 1, destinations }] }), 80);
  assert.match(only(all, "fwmark 1"), /rr, none usable +1/);
});

Deno.test("encodeTable() without a width shows shares in percent", () => {
  const destinations = [
    { address: "10.0.0.1", weight: 1, stats: { connections: 1 } },
    { address: "10.0.0.2", weight: 3, stats: { connections: 2 } },
  ];
  const services = [
    { fwmark: 1, destinations },
    { fwmark: 2, sched: "sh", destinations: [{ address: "10.0.0.3", weight: 0 }] },
  ];
  const all = lines(fakeKernel({ services }));
  assert.match(only(all, "share"), / weight weight % share % active /);
  assert.match(only(all, "10.0.0.1"), /masq +1 +25\.0 +33\.3 +0 /);
  assert.match(only(all, "10.0.0.2"), /masq +3 +75\.0 +66\.7 +0 /);
  assert.match(only(all, "10.0.0.3"), /masq, drained +0 +- +- +0 /);
});

Deno.test("encodeTable() shows all servers in order, with IPv6 in brackets", () => {
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
      assert.ok(at > 0, `${wanted} is missing or out of order`);
    }
  }
});

Deno.test("encodeTable() shows scheduler flags and all settings other than the defaults", () => {
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
  assert.match(only(all, "10.0.0.1:1"), /:1 +mh, mh-fallback, mh-port, no real servers +0/);
  assert.match(only(all, "10.0.0.2:1"), /^udp 10.0.0.2:1 +rr, one-packet, pe sip, no/);
  assert.match(only(all, "10.0.0.3:1"), /:1 +rr, persist 60s per \/24, no/);
  assert.match(only(all, "[fd00::4]:1"), /:1 +rr, persist 60s per \/64, no/);
  assert.match(only(all, "[fd00::5]:1"), /:1 +rr, persist 60s, no/);
  assert.match(only(all, "[fd00::6]:1"), /:1 +rr, no/);
  assert.match(only(all, "[fd00::7]:1"), /:1 +rr, netmask \/127, no/);
});

Deno.test("encodeTable() shows the type, port and checksum of tunnels", () => {
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

Deno.test("encodeTable() shows thresholds and persistent connections only if a server has some", () => {
  const plain = lines(fakeKernel({
    services: [{ fwmark: 1, destinations: [{ address: "10.0.0.1" }] }],
  })).join("\n");
  assert.doesNotMatch(plain, /upper|lower|persist/);
  const all = lines(fakeKernel({
    services: [{
      fwmark: 1,
      destinations: [
        { address: "10.0.0.1", upperThreshold: 4000000000, lowerThreshold: 123456, persistent: 9 },
        { address: "10.0.0.2", active: 5, inactive: 6 },
      ],
    }],
  }));
  assert.match(
    only(all, "upper"),
    / weight +weight % +share % +upper +lower +active +inact +persist +conn\/s /,
  );
  assert.match(only(all, "10.0.0.1:0"), /masq +1 +50\.0 +- +4000000000 +123456 +0 +0 +9 +0 /);
  assert.match(only(all, "10.0.0.2:0"), /masq +1 +50\.0 +- +0 +0 +5 +6 +0 +0 /);
});

Deno.test("encodeTable() prints all digits of weights up to 2147483647", () => {
  const destinations = [{ address: "10.0.0.1", weight: 2147483647 }];
  const all = lines(fakeKernel({ services: [{ fwmark: 1, destinations }] }));
  assert.match(only(all, "10.0.0.1:0"), / 2147483647 /);
});

Deno.test("encodeTable() reports an inconsistent snapshot with the reason, and no other state", () => {
  assert.match(
    only(lines(inconsistentKernel()), "inconsistent"),
    /^inconsistent: .*fwmark 1 inet: no two of/,
  );
  assert.doesNotMatch(table(collect(hardKernel())), /verified|consistent/);
});

Deno.test("encodeTable() reports 32-bit counters", () => {
  const services = [{ fwmark: 1 }];
  assert.match(table(collect(fakeKernel({ services, statsWidth: 32 }))), /\n32-bit counters/);
  assert.doesNotMatch(table(collect(fakeKernel({ services }))), /32-bit/);
});

Deno.test("encodeTable() adds only escape sequences for colours", () => {
  const snapshot = collect(hardKernel());
  const plain = table(snapshot);
  const colored = table(snapshot, { color: true });
  // deno-lint-ignore no-control-regex
  const escapes = /\x1b\[\d*m/g;
  assert.doesNotMatch(plain, escapes);
  assert.match(colored, escapes);
  assert.equal(colored.replace(escapes, ""), plain);
});

Deno.test("encodeTable() escapes control characters in names", () => {
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

const MIXED = [
  {
    fwmark: 1,
    destinations: [{ address: "10.0.0.1", weight: 3 }, { address: "10.0.0.2", weight: 0 }],
  },
];

Deno.test("chosen columns are shown in their order, whatever the width and whether they are set", () => {
  const text = table(collect(fakeKernel({ services: MIXED })), {
    columns: ["lower_threshold", "weight", "bytes_in"],
    width: 20,
  });
  assert.match(text, /\n +lower weight in bytes\n/);
});

Deno.test("an unknown column is an error that lists the known ones", () => {
  assert.throws(
    () => table(collect(fakeKernel({ services: MIXED })), { columns: ["wieght"] }),
    /^SelectionError: Unknown column "wieght"; use one of weight, /,
  );
});

Deno.test("a rollup has one row for each virtual server, and says what is a sum", () => {
  const text = table(collect(fakeKernel({ services: MIXED })), { rollup: true, width: 80 });
  assert.ok(text.includes("\nweights and connections are sums over the real servers\n"));
  assert.match(only(text.split("\n"), "fwmark 1"), /^fwmark 1 inet {2}rr, 1 active, 1 drained +3 /);
  assert.ok(!text.includes("10.0.0."));
});
