import assert from "node:assert/strict";
import { collectProc } from "../../lib/ipvs/collect_proc.ts";
import { UnknownValueError } from "../../lib/ipvs/unknown_value.ts";
import { isMissingFamily, NetlinkError } from "../../lib/netlink/errors.ts";

const HEAD = "IP Virtual Server version 1.2.1 (size=4096)\n" +
  "Prot LocalAddress:Port Scheduler Flags\n" +
  "  -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n";
const TABLE = HEAD +
  "FWM  00000007 wlc persistent 30000 FFFFFF00\n" +
  "  -> 0A010001:0050      Route   1      2          3         \n" +
  "FWM  00000008 rr \n" +
  "  -> [fd00:0002:0003:0000:0000:0000:0000:0002]:0000      Tunnel  1      0          0         \n" +
  "SCTP  C0000201:0009 rr \n" +
  "TCP  [2001:0db8:0000:0000:0000:0000:0000:0001]:01BB sh persistent 60000 40000000\n" +
  "  -> [fd00:0002:0000:0000:0000:0000:0000:0002]:01BB      Masq    0      0          4         \n" +
  "  -> [fd00:0001:0000:0000:0000:0000:0000:0001]:01BB      Masq    0      0          0         \n" +
  "UDP  C0000201:0035 rr ops\n" +
  "  -> 0A010001:0035      Masq    100    0          0         \n";

function read(...texts: string[]) {
  let reads = 0;
  return collectProc({
    now: () => 1n,
    readProc: (name) => name === "ip_vs" ? texts[Math.min(reads++, texts.length - 1)] : undefined,
  });
}

Deno.test("collectProc() has the servers of the file, in the order of netlink", () => {
  const { virtualServers, info, source, consistency, totals, timeouts } = read(TABLE);
  assert.deepEqual(
    virtualServers.map(({ key, realServers }) => [key, realServers.map((real) => real.key)]),
    [
      // By family, address, port and protocol; fwmarks last.
      ["sctp 192.0.2.1:9", []],
      ["udp 192.0.2.1:53", ["10.1.0.1:53"]],
      ["tcp [2001:db8::1]:443", ["[fd00:1::1]:443", "[fd00:2::2]:443"]],
      ["fwmark 7 inet", ["10.1.0.1:80"]],
      ["fwmark 8", ["[fd00:2:3::2]:0"]],
    ],
  );
  assert.deepEqual(info, { version: "1.2.1", connectionTableSize: 4096 });
  assert.equal(source, "proc");
  assert.deepEqual(consistency, { state: "unverified", listings: 2, doubts: [] });
  assert.equal(totals, null);
  assert.equal(timeouts, null);
});

Deno.test("values that the file has are read, and getters of all others throw", () => {
  const [, udp, web, mark, tunnelled] = [...read(TABLE).virtualServers];
  assert.deepEqual([udp!.onePacket, udp!.persistent, udp!.persistenceTimeout], [true, false, 0]);
  assert.deepEqual([web!.sched, web!.persistent, web!.netmask], ["sh", true, 64]);
  assert.deepEqual([mark!.netmask, mark!.addressFamily], [24, "inet"]);
  const [real] = [...mark!.realServers];
  assert.equal(real!.forwardingMethod, "droute");
  assert.deepEqual([real!.weight, real!.activeConnections, real!.inactiveConnections], [1, 2, 3]);
  for (
    const read of [
      () => udp!.connections,
      () => udp!.cps,
      () => udp!.netmask,
      () => udp!.schedFlags,
      () => udp!.flags,
      () => udp!.pe,
      () => udp!.state,
      () => web!.onePacket,
      () => web!.persistenceTimeout,
      () => tunnelled!.addressFamily,
      () => tunnelled!.realServers.at(0)!.tunnelType,
      () => real!.bytesIn,
      () => real!.upperThreshold,
      () => real!.lowerThreshold,
      () => real!.persistentConnections,
      () => real!.state,
      () => real!.usable,
    ]
  ) assert.throws(read, UnknownValueError, read.toString());
});

Deno.test("states are known only where thresholds and templates do not matter", () => {
  const [sctp, , web] = [...read(TABLE).virtualServers];
  assert.equal(sctp!.state, "empty");
  assert.equal(web!.state, "down");
  const [drained, draining] = [...web!.realServers];
  assert.equal(draining!.state, "draining");
  assert.throws(
    () => drained!.state,
    /^UnknownValueError: The state of \[fd00:1::1\]:443 is not known/,
  );
});

Deno.test("toJSON() leaves out what is not known", () => {
  const [, udp] = JSON.parse(JSON.stringify([...read(TABLE).virtualServers]));
  assert.equal(udp.realServers[0].weight, 100);
  for (const name of ["connections", "state", "flags"]) assert.ok(!(name in udp), name);
});

Deno.test("the table is read until two reads have the same servers, whatever their connections", () => {
  const moving = TABLE.replace("2          3", "9          9");
  assert.equal(read(TABLE, moving).consistency.listings, 2);
  const { consistency, virtualServers } = read(HEAD, TABLE, HEAD, TABLE, TABLE);
  assert.deepEqual(consistency, { state: "unverified", listings: 5, doubts: [] });
  assert.equal(virtualServers.length, 5);
  const texts = Array.from({ length: 12 }, (_, i) => i % 2 ? TABLE : HEAD);
  assert.equal(read(...texts).consistency.state, "inconsistent");
});

Deno.test("two fwmarks that cannot be told apart are one, and a doubt", () => {
  const tunnel = "  -> 0A010001:0000      Tunnel  1      0          0         \n";
  const { consistency, virtualServers } = read(
    `${HEAD}FWM  00000008 rr \n${tunnel}FWM  00000008 rr \n${tunnel}`,
  );
  assert.deepEqual(virtualServers.map(({ key }) => key), ["fwmark 8"]);
  assert.deepEqual(consistency.doubts, [
    "fwmark 8 exists in both address families, and only one of them is shown",
  ]);
  assert.equal(consistency.state, "inconsistent");
});

Deno.test("a missing file means that ip_vs is not loaded", () => {
  assert.throws(
    () => collectProc({ now: () => 1n, readProc: () => undefined }),
    (error) => error instanceof NetlinkError && isMissingFamily(error),
  );
});
