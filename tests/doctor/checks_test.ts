import assert from "node:assert/strict";
import {
  type Changes,
  EACCES,
  found,
  netFiles,
  refusal,
  report,
  type Setting,
  STATUS,
  STATUS_FILE,
  without,
} from "./_machine.ts";

const NO_FAMILY = refusal(2, "CTRL_CMD_GETFAMILY");
const NETLINK = "/proc/thread-self/net/netlink";
const FIRST = "/proc/1/ns/net";
const PROCESSES = "/proc/thread-self/ns/pid";

Deno.test("a director without problems has no failed checks and no warnings", async () => {
  const { exitCode, checks } = await report();
  assert.equal(exitCode, 0);
  assert.deepEqual(checks.filter(({ status, fix }) => status !== "ok" || fix), []);
  assert.deepEqual(checks.find(({ id }) => id === "show"), {
    id: "show",
    status: "ok",
    finding: "1 virtual server, 1 real server",
    values: {
      virtual_servers: 1,
      real_servers: 1,
      consistency: "verified",
      unknown_attributes: 0,
    },
  });
});

Deno.test("every failed check and every warning has a fix", async () => {
  const settings: readonly Setting[] = [
    { changes: netFiles(undefined), refusal: NO_FAMILY },
    { changes: { [STATUS]: "CapEff:\t0\n" }, kernel: { onRequest: () => ({ errno: 1 }) } },
    { kernel: { statsWidth: 32 } },
    { kernel: { services: [] } },
    { refusal: new Error("Malformed reply") },
    { changes: { ...netFiles(EACCES) } },
  ];
  for (const setting of settings) {
    const { checks } = await report(setting);
    const wrong = checks.filter(({ status }) => status === "failed" || status === "warning");
    assert.ok(wrong.length > 0);
    const explained = wrong.some(({ id, status }) => id !== "show" && status === "failed");
    for (const { id, fix } of wrong) {
      if (id === "show" && explained) assert.equal(fix, undefined);
      else assert.ok(fix!.length > 0, id);
    }
  }
});

const PROC: readonly [name: string, changes: Changes, status: string, finding: string][] = [
  ["are all readable", {}, "ok", "ip_vs, ip_vs_stats, ip_vs_stats_percpu, ip_vs_conn can be read"],
  [
    "include ip_vs_status since Linux 7.1",
    { [STATUS_FILE]: "Conns:\t0\n" },
    "ok",
    "ip_vs, ip_vs_stats, ip_vs_stats_percpu, ip_vs_conn, ip_vs_status can be read",
  ],
  [
    "are readable except the one for root only",
    { [STATUS_FILE]: EACCES },
    "warning",
    "cannot read ip_vs_status: EACCES",
  ],
  ["are missing without ip_vs", netFiles(undefined), "unknown", "not checked: ip_vs is not loaded"],
  [
    "are readable only in part",
    { "/proc/thread-self/net/ip_vs_conn": EACCES, "/proc/thread-self/net/ip_vs_stats": 5 },
    "warning",
    "cannot read ip_vs_stats: EIO, ip_vs_conn: EACCES",
  ],
  [
    "are hidden with all of /proc/net",
    { ...netFiles(undefined), ...without(NETLINK) },
    "warning",
    "cannot read ip_vs: ENOENT, ip_vs_stats: ENOENT, ip_vs_stats_percpu: ENOENT, ip_vs_conn: ENOENT",
  ],
  [
    "are missing without /proc",
    { ...netFiles(undefined), ...without(STATUS, NETLINK) },
    "warning",
    "/proc is not mounted, so the totals are missing",
  ],
];
for (const [name, changes, status, finding] of PROC) {
  Deno.test(`the files of /proc/net ${name}`, async () => {
    const check = await found("proc", { changes });
    assert.deepEqual([check.status, check.finding], [status, finding]);
  });
}

Deno.test("IPVS's version is reported without the capability, and without /proc", async () => {
  const finding = "version 1.2.1, connection table of size 4096";
  const head = "IP Virtual Server version 1.2.1 (size=8192)\nProt\n";
  const changes = { "/proc/thread-self/net/ip_vs": head };
  const kernel = { onRequest: () => ({ errno: 1 }) };
  assert.equal((await found("ipvs", { changes })).finding, finding);
  assert.equal((await found("ipvs", { changes: netFiles(undefined) })).finding, finding);
  assert.equal(
    (await found("ipvs", { changes, kernel })).finding,
    finding.replace("4096", "8192"),
  );
  const none = await found("ipvs", { changes: netFiles(undefined), kernel });
  assert.deepEqual([none.status, none.finding], ["unknown", "not checked: ip_vs is not loaded"]);
});

Deno.test("the ID of the family is reported without the capability", async () => {
  const onRequest = ({ type }: { type: number }) => (type === 28 ? { errno: 1 } : undefined);
  const { status, finding } = await found("family", { kernel: { onRequest } });
  const expected = "generic netlink family IPVS has ID 28, version 1";
  assert.deepEqual([status, finding], ["ok", expected]);
});

Deno.test("the family is not looked up if /proc shows that ip_vs is not loaded", async () => {
  const check = await found("family", { changes: netFiles(undefined), refusal: NO_FAMILY });
  const expected = ["unknown", "not checked: the lookup could make the kernel load ip_vs"];
  assert.deepEqual([check.status, check.finding], expected);
});

Deno.test("the family is missing if its lookup fails and /proc is not readable", async () => {
  const changes = { ...netFiles(undefined), ...without(NETLINK) };
  assert.deepEqual(await found("family", { changes, refusal: NO_FAMILY }), {
    id: "family",
    status: "failed",
    finding: "the kernel has no generic netlink family IPVS",
    fix: ["sudo modprobe ip_vs"],
  });
  const forbidden = await found("family", { refusal: refusal(13, "socket") });
  assert.deepEqual([forbidden.status, forbidden.finding], [
    "unknown",
    "not checked: the lookup failed",
  ]);
});

const WIDTHS: readonly [setting: Setting, status: string, finding: string][] = [
  [{}, "ok", "64 bits wide"],
  [
    { kernel: { statsWidth: 32 } },
    "warning",
    "32 bits wide: connections and packets wrap at 4294967296",
  ],
  [{ kernel: { services: [] } }, "unknown", "not checked: there are no virtual servers"],
  [{ refusal: NO_FAMILY }, "unknown", "not checked: IPVS could not be read"],
];
for (const [setting, status, finding] of WIDTHS) {
  Deno.test(`the counters are ${status}: ${finding}`, async () => {
    const check = await found("counters", setting);
    assert.deepEqual([check.status, check.finding], [status, finding]);
  });
}

const NAMESPACES: readonly [finding: string, changes: Changes, fix: string][] = [
  [
    "net:[4026531840], the same as process 1",
    {},
    "sudo lsns --type net, then sudo nsenter --target PID --net ipvstat",
  ],
  [
    "net:[4026531840], that of process 1 is not readable",
    { [FIRST]: EACCES },
    "sudo lsns --type net, then sudo nsenter --target PID --net ipvstat",
  ],
  [
    "net:[4026531840], not the same as process 1",
    { [FIRST]: "net:[4026532100]" },
    "sudo nsenter --target 1 --net ipvstat",
  ],
  [
    "net:[4026531840], the same as process 1, in a container",
    { [PROCESSES]: "pid:[4026532300]" },
    "run ipvstat on the host, outside the container",
  ],
  [
    "not checked: /proc/thread-self/ns/net is not readable",
    without("/proc/thread-self/ns/net", PROCESSES),
    "sudo lsns --type net, then sudo nsenter --target PID --net ipvstat",
  ],
];
for (const [finding, changes, fix] of NAMESPACES) {
  Deno.test(`the network namespace is ${finding}; for an empty table another one is suggested`, async () => {
    assert.equal((await found("namespace", { changes })).finding, finding);
    assert.deepEqual(await found("show", { changes, kernel: { services: [] } }), {
      id: "show",
      status: "warning",
      finding: "no virtual servers in this network namespace",
      fix: [fix],
    });
  });
}

Deno.test("show has the message of its error, and a fix if no other check explains it", async () => {
  const nonsense = await found("show", { refusal: new Error("Malformed reply") });
  assert.deepEqual(nonsense, {
    id: "show",
    status: "failed",
    finding: "Malformed reply",
    fix: ["ipvstat show --debug"],
  });
  const filtered = await found("show", { refusal: refusal(97, "socket") });
  assert.deepEqual(filtered.fix, ["set RestrictAddressFamilies=AF_NETLINK in the systemd unit"]);
});

Deno.test("show reports skipped attributes of a newer kernel", async () => {
  const { status, finding } = await found("show", { kernel: { unknownAttributes: true } });
  assert.equal(status, "ok");
  assert.match(finding, /^1 virtual server, 1 real server; skipped \d+ attributes of a newer/);
});

Deno.test("show has a warning if the table kept changing", async () => {
  let address = 1;
  const services = () => [{ address: `10.0.0.${address++ % 200 + 1}`, port: 80 }];
  const { status, finding, fix } = await found("show", {
    kernel: { onRequest: (_, kernel) => void (kernel.services = services()) },
  });
  assert.equal(status, "warning");
  assert.match(finding, /^the table kept changing during the read; /);
  assert.deepEqual(fix, ["run ipvstat again"]);
});
