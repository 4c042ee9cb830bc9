import assert from "node:assert/strict";
import {
  DROUTE,
  type FakeDaemon,
  type FakeService,
  type Kernel,
  MASQ,
  PERSISTENT,
  procStats,
  UDP,
} from "../_fake_kernel.ts";
import { statusText } from "../procfs/_status.ts";
import { type Changes, report, type Setting, tunedWith } from "./_machine.ts";

const REAL = { address: "10.0.0.2", port: 80, method: MASQ };
const TCP: FakeService = { address: "10.0.0.1", port: 80, destinations: [REAL] };
const UDP_ONLY: FakeService = { ...TCP, protocol: UDP };
const STICKY: FakeService = { ...TCP, flags: 2 | PERSISTENT, timeout: 60 };

interface Advice {
  readonly finding: string;
  readonly fix?: readonly string[];
}

/** The suggestions by their id, and what the summary says. */
async function tuning(setting: Setting): Promise<{ summary: string; advice: Map<string, Advice> }> {
  const { checks, exitCode } = await report(setting);
  assert.equal(exitCode, 0);
  const summary = checks.find(({ id }) => id === "tuning")!;
  const advice = checks.filter(({ status }) => status === "advice");
  return {
    summary: `${summary.status}: ${summary.finding}`,
    advice: new Map(advice.map(({ id, finding, fix }) => [id, { finding, fix: fix! }])),
  };
}

/** Asserts what the only suggestion is; none if it is undefined. */
async function assertAdvice(
  [id, finding, ...fix]: readonly string[],
  kernel: Partial<Kernel>,
  changes: Changes = {},
): Promise<void> {
  const { summary, advice } = await tuning({ kernel, changes });
  if (id === undefined) {
    assert.deepEqual([...advice], []);
    assert.equal(summary, "ok: the settings suit this table");
    return;
  }
  assert.deepEqual([...advice], [[id, { finding, fix }]]);
  assert.equal(summary, "ok: 1 suggestion for this table");
}

function release(text: string): Changes {
  return { "/proc/sys/kernel/osrelease": `${text}\n` };
}

const set = (setting: string) => `sudo sysctl -w net.ipv4.vs.${setting}`;

Deno.test("tuning: conn_reuse_mode 0 is not needed since Linux 5.9", async () => {
  const proc = tunedWith({ conn_reuse_mode: "0" });
  const finding = "net.ipv4.vs.conn_reuse_mode is 0: a client that reuses a port stays with its " +
    "real server; the delay that this avoids ended with Linux 5.9";
  const advice = ["connection_reuse", finding, set("conn_reuse_mode=1")];
  await assertAdvice(advice, { proc }, release("5.9.0"));
  await assertAdvice(advice, { proc }, release("6.1.0-50-amd64"));
  await assertAdvice([], { proc }, release("5.8.18"));
  await assertAdvice([], { proc, services: [UDP_ONLY] });
  await assertAdvice([], { proc }, { "/proc/sys/kernel/osrelease": undefined });
});

Deno.test("tuning: conn_reuse_mode 0 keeps draining servers busy without expire_nodest_conn", async () => {
  const proc = tunedWith({ conn_reuse_mode: "0", expire_nodest_conn: "0" });
  const { advice, summary } = await tuning({ kernel: { proc } });
  assert.match(advice.get("connection_reuse")!.finding, /real server, even if its weight is 0; /);
  assert.deepEqual([...advice.keys()], ["connection_reuse", "removed_servers"]);
  assert.equal(summary, "ok: 2 suggestions for this table");
});

Deno.test("tuning: conn_reuse_mode 1 with conntrack may delay connections before Linux 5.9", async () => {
  const proc = tunedWith({ conntrack: "1" });
  const on = async (version: string) =>
    (await tuning({ kernel: { proc }, changes: release(version) })).advice.get("connection_reuse");
  assert.deepEqual(await on("5.4.0-1"), {
    finding: "net.ipv4.vs.conn_reuse_mode is 1 and conntrack is 1: before Linux 5.9, a client " +
      "that reuses a port may wait for a second",
    fix: ["boot Linux 5.9 or later", set("conn_reuse_mode=0")],
  });
  assert.equal(await on("5.9.1"), undefined);
  await assertAdvice([], {}, release("5.4.0-1"));
});

Deno.test("tuning: expire_nodest_conn 0 matters if there are real servers", async () => {
  const proc = tunedWith({ expire_nodest_conn: "0" });
  const finding = "net.ipv4.vs.expire_nodest_conn is 0: if a real server is removed, packets of " +
    "its connections are dropped until they time out (TCP: 7200 s)";
  await assertAdvice(["removed_servers", finding, set("expire_nodest_conn=1")], { proc });
  await assertAdvice([], { proc, services: [{ fwmark: 1 }] });
});

Deno.test("tuning: expire_quiescent_template 0 matters for persistent virtual servers", async () => {
  const proc = tunedWith({ expire_quiescent_template: "0" });
  const finding = "net.ipv4.vs.expire_quiescent_template is 0: known clients of 1 persistent " +
    "virtual server stay with real servers of weight 0";
  const fix = set("expire_quiescent_template=1");
  await assertAdvice(["persistence", finding, fix], { proc, services: [STICKY] });
  const drained = { ...STICKY, port: 81, destinations: [REAL, { ...REAL, port: 81, weight: 0 }] };
  const more = finding.replace("1 persistent virtual server", "2 persistent virtual servers");
  const services = [STICKY, drained];
  await assertAdvice(["persistence", `${more}, now 1`, fix], { proc, services });
  await assertAdvice([], { proc, services: [TCP] });
});

Deno.test("tuning: a TCP timeout below the first keepalive matters for TCP", async () => {
  const timeouts = { tcp: 900, tcpFin: 120, udp: 300 };
  const finding = "idle TCP connections expire after 900 s, but Linux sends the first " +
    "keepalive after 7200 s by default";
  const fix = [
    "on clients or real servers: sudo sysctl -w net.ipv4.tcp_keepalive_time=600",
    "sudo ipvsadm --set 7200 0 0",
  ];
  await assertAdvice(["idle_timeout", finding, ...fix], { timeouts });
  await assertAdvice(["idle_timeout", finding, ...fix], {
    timeouts,
    services: [{ fwmark: 7, destinations: [REAL] }],
  });
  await assertAdvice([], { timeouts, services: [UDP_ONLY] });
  await assertAdvice([], { timeouts: {} });
});

Deno.test("tuning: sloppy_tcp without a backup daemon matters unless the scheduler hashes", async () => {
  const proc = tunedWith({ sloppy_tcp: "1" });
  const finding = "net.ipv4.vs.sloppy_tcp is 1 without a backup sync daemon: packets of unknown " +
    "TCP connections go to any real server, which resets them";
  const advice = ["sloppy_tcp", finding, set("sloppy_tcp=0")];
  await assertAdvice(advice, { proc });
  await assertAdvice(advice, { proc, daemons: [MASTER] });
  await assertAdvice([], { proc, daemons: [BACKUP] });
  await assertAdvice([], { proc, services: [{ ...TCP, sched: "mh" }] });
});

Deno.test("tuning: conntrack costs time and memory", async () => {
  const finding = "net.ipv4.vs.conntrack is 1: the firewall tracks each connection, too, which " +
    "takes time and memory";
  const fix = `${set("conntrack=0")}, unless rules of the firewall or of NAT need it`;
  await assertAdvice(["conntrack", finding, fix], { proc: tunedWith({ conntrack: "1" }) });
});

const MASTER: FakeDaemon = {
  state: 1,
  interface: "eth0",
  syncId: 1,
  modern: { maxlen: 1472, group: "224.0.0.81", port: 8848, ttl: 1 },
};
const BACKUP: FakeDaemon = { ...MASTER, state: 2 };
const MTU = "/sys/class/net/eth0/mtu";

Deno.test("tuning: sync messages that exceed the MTU are fragmented", async () => {
  const finding = "sync messages of up to 1472 bytes are fragmented: the MTU of eth0 is 1450";
  const fix = "stop the master daemon, and start it with --sync-maxlen 1422";
  const daemons = [MASTER];
  await assertAdvice(["sync_message_size", finding, fix], { daemons }, { [MTU]: "1450\n" });
  await assertAdvice([], { daemons }, { [MTU]: "1500\n" });
  await assertAdvice([], { daemons: [BACKUP] }, { [MTU]: "1450\n" });
  // /sys may belong to another network namespace.
  const elsewhere = { [MTU]: "1450\n", "/proc/1/ns/net": "net:[1]" };
  await assertAdvice([], { daemons }, elsewhere);
  const six = [{ ...MASTER, modern: { ...MASTER.modern!, group: "ff02::81" } }];
  const { advice } = await tuning({ kernel: { daemons: six }, changes: { [MTU]: "1500\n" } });
  assert.deepEqual(advice.get("sync_message_size")?.fix, [fix.replace("1422", "1452")]);
});

Deno.test("tuning: many sync messages can be reduced", async () => {
  const proc = (ppsIn: number) => ({ ...tunedWith({}), ip_vs_stats: procStats({ ppsIn }) });
  const finding = "net.ipv4.vs.sync_refresh_period is 0: every 50 packets a connection is " +
    "synchronized again, up to 100 times per second in all";
  const advice = ["sync_rate", finding, set("sync_refresh_period=10")];
  await assertAdvice(advice, { daemons: [MASTER], proc: proc(5049) });
  await assertAdvice([], { daemons: [MASTER], proc: proc(4999) });
  await assertAdvice([], { daemons: [BACKUP], proc: proc(5049) });
  const refreshed = { ...proc(5049), ...tunedWith({ sync_refresh_period: "10" }) };
  await assertAdvice([], { daemons: [MASTER], proc: refreshed });
});

Deno.test("tuning: a backup needs sloppy_tcp for persistence that only templates synchronize", async () => {
  const proc = tunedWith({ sync_persist_mode: "1" });
  const finding = "net.ipv4.vs.sync_persist_mode is 1 and sloppy_tcp is 0: TCP connections of " +
    "persistent virtual servers do not survive a failover to this backup";
  const advice = ["sync_failover", finding, set("sloppy_tcp=1")];
  await assertAdvice(advice, { proc, daemons: [BACKUP], services: [STICKY] });
  await assertAdvice([], { proc, daemons: [MASTER], services: [STICKY] });
  await assertAdvice([], { proc, daemons: [BACKUP], services: [TCP] });
});

Deno.test("tuning: a connection table with more connections than buckets is too small before Linux 7.1", async () => {
  const real = { ...REAL, active: 3000, inactive: 1000, persistent: 97 };
  const services = [{ ...TCP, destinations: [real] }];
  const finding = "4097 connections in a table of 4096 buckets make lookups slow";
  const fix = "set options ip_vs conn_tab_bits=14 in /etc/modprobe.d/, and load ip_vs again";
  await assertAdvice(["connection_table", finding, fix], { services });
  await assertAdvice([], { services: [{ ...TCP, destinations: [{ ...real, persistent: 96 }] }] });
  await assertAdvice([], { services }, release("7.1.0"));
  await assertAdvice([], { services, info: { version: 0x010201, size: 1 << 20 } });
});

Deno.test("tuning: the estimator can be too nice, or have too few threads", async () => {
  const nice = tunedWith({ est_nice: "5" });
  const finding =
    "net.ipv4.vs.est_nice is 5: on a busy machine, counters and rates may be updated late";
  await assertAdvice(["estimator_priority", finding, set("est_nice=0")], { proc: nice });
  await assertAdvice([], { proc: tunedWith({ est_nice: "-5" }) });

  const status = statusText("demo").replace(/(Stats thread ests:\t)\d+/, "$12")
    .replace(/(Stats thread slots:\t1 \(max )\d+/, "$11");
  const proc = { ...tunedWith({ est_cpulist: "0" }), ip_vs_status: status };
  const destinations = [REAL, { ...REAL, method: DROUTE, port: 81 }];
  const servers = "3 servers need more estimators than the 2 that the threads on CPUs 0 can handle";
  await assertAdvice(["estimator_capacity", servers, set("est_cpulist=all")], {
    proc,
    services: [{ ...TCP, destinations }],
  });
  await assertAdvice([], { proc });
});

Deno.test("tuning is unknown without a table or without settings", async () => {
  const unknown = async (kernel: Partial<Kernel>) => (await tuning({ kernel })).summary;
  assert.equal(
    await unknown({ services: [] }),
    "unknown: not checked: there are no virtual servers",
  );
  const hidden = "unknown: not checked: /proc/sys/net/ipv4/vs is not readable";
  assert.equal(await unknown({ proc: {} }), hidden);
});

Deno.test("tuning has the settings as values, null if unknown", async () => {
  const proc = tunedWith({ sync_refresh_period: "10" });
  const { "sys/net/ipv4/vs/sloppy_tcp": _, ...others } = proc;
  const { checks } = await report({ kernel: { proc: others, services: [STICKY] } });
  assert.deepEqual(checks.find(({ id }) => id === "tuning")?.values, {
    conn_reuse_mode: 1,
    conntrack: 0,
    expire_nodest_conn: 1,
    expire_quiescent_template: 1,
    sloppy_tcp: null,
    sync_threshold: 3,
    sync_period: 50,
    sync_refresh_period: 10,
    sync_ports: 1,
    sync_persist_mode: 0,
    tcp_timeout: 7200,
    connections: 0,
    persistent_virtual_servers: 1,
  });
});
