import assert from "node:assert/strict";
import {
  type Changes,
  EACCES,
  found,
  netFiles,
  refusal,
  RELEASE,
  report,
  without,
} from "./_machine.ts";

const OSRELEASE = "/proc/sys/kernel/osrelease";

const RELEASES: readonly [release: string, status: string, finding: string][] = [
  [
    "3.10.0-1160.el7.x86_64",
    "warning",
    "32-bit counters (64-bit since 4.1), estimator on a timer, one connection table, " +
    "no mixed address families (since 3.18)",
  ],
  [
    "3.18.0",
    "warning",
    "32-bit counters (64-bit since 4.1), estimator on a timer, one connection table",
  ],
  ["4.1.0", "ok", "64-bit counters, estimator on a timer, one connection table"],
  ["6.1.0-50-amd64", "ok", "64-bit counters, estimator on a timer, one connection table"],
  ["6.2.0", "ok", "64-bit counters, estimator in kernel threads, one connection table"],
  ["6.12.1", "ok", "64-bit counters, estimator in kernel threads, one connection table"],
  [
    "7.1.0-rc3",
    "ok",
    "64-bit counters, estimator in kernel threads, one connection table per network namespace",
  ],
];
for (const [release, status, finding] of RELEASES) {
  Deno.test(`the kernel check reports what Linux ${release} supports`, async () => {
    const check = await found("kernel", { changes: { [OSRELEASE]: `${release}\n` } });
    assert.deepEqual([check.status, check.finding], [status, `Linux ${release}: ${finding}`]);
    assert.deepEqual(check.fix, status === "ok" ? undefined : ["boot Linux 4.1 or later"]);
  });
}

Deno.test("the kernel is unknown if /proc does not show its release", async () => {
  assert.equal((await found("kernel", { changes: without(OSRELEASE) })).status, "unknown");
  assert.equal((await found("kernel", { changes: { [OSRELEASE]: "x\n" } })).status, "unknown");
});

const ABSENT: Changes = {
  ...netFiles(undefined),
  "/proc/modules": "xt_ipvs 1 1 - Live 0x0\nip_vs_rr 1 1 ip_vs, Live 0x0\n",
  [`${RELEASE}/modules.builtin`]: "kernel/net/ipv4/ip_tables.ko\n",
};
const OTHERS = "kernel/net/netfilter/ipvs/ip_vs_rr.ko: kernel/net/netfilter/ipvs/ip_vs.ko\n" +
  "kernel/net/netfilter/xt_ipvs.ko: kernel/net/netfilter/ipvs/ip_vs.ko\n";

async function state(changes: Changes): Promise<unknown> {
  const { checks } = await report({ changes, refusal: refusal(2, "CTRL_CMD_GETFAMILY") });
  return checks.find(({ id }) => id === "module")?.values?.state;
}

Deno.test("the module is loaded", async () => {
  const expected = { id: "module", status: "ok", finding: "ip_vs is loaded" };
  assert.deepEqual(await found("module"), expected);
  assert.equal(await state({}), "loaded");
});

Deno.test("the module is built in if ip_vs is available and not in the list of modules", async () => {
  const changes = { "/proc/modules": "ip_vs_rr 1 1 - Live 0x0\n" };
  const expected = { id: "module", status: "ok", finding: "ip_vs is built into the kernel" };
  assert.deepEqual(await found("module", { changes }), expected);
  assert.equal(await state(changes), "built_in");
});

Deno.test("the module is available even if /proc does not list modules", async () => {
  const check = await found("module", { changes: without("/proc/modules") });
  assert.deepEqual([check.status, check.finding], ["ok", "ip_vs is available"]);
});

Deno.test("the module is unknown if /proc is not readable", async () => {
  const changes = without("/proc/modules", "/proc/thread-self/net/netlink");
  const check = await found("module", { changes: { ...netFiles(undefined), ...changes } });
  assert.equal(check.status, "unknown");
  assert.equal(await state({ ...netFiles(undefined), ...changes }), null);
});

for (const suffix of ["", ".xz", ".zst", ".gz"]) {
  Deno.test(`the module ip_vs.ko${suffix} exists and is not loaded`, async () => {
    const path = `kernel/net/netfilter/ipvs/ip_vs.ko${suffix}`;
    const dependencies = `${OTHERS}${path}: kernel/lib/libcrc32c.ko${suffix}\n`;
    const changes = { ...ABSENT, [`${RELEASE}/modules.dep`]: dependencies };
    assert.deepEqual(await found("module", { changes }), {
      id: "module",
      status: "failed",
      finding: `ip_vs is not loaded; the module is ${path}`,
      fix: ["sudo modprobe ip_vs"],
    });
    assert.equal(await state(changes), "not_loaded");
  });
}

Deno.test("the module is absent if only other modules of the running kernel exist", async () => {
  const changes = { ...ABSENT, [`${RELEASE}/modules.dep`]: OTHERS };
  assert.deepEqual(await found("module", { changes }), {
    id: "module",
    status: "failed",
    finding: `ip_vs is not loaded, and ${RELEASE} does not contain it`,
    fix: ["boot a kernel built with CONFIG_IP_VS"],
  });
  assert.equal(await state(changes), "absent");
});

Deno.test("several fixes are suggested if /lib/modules has nothing for the running kernel", async () => {
  for (const more of [{}, without(OSRELEASE), { [`${RELEASE}/modules.dep`]: EACCES }]) {
    const check = await found("module", { changes: { ...ABSENT, ...more } });
    assert.equal(check.status, "failed");
    assert.match(check.finding, /\/lib\/modules has no modules for the running kernel$/);
    assert.match(check.fix![0]!, /container, on the host: sudo modprobe ip_vs$/);
    assert.match(check.fix![1]!, /upgraded since boot: sudo reboot$/);
  }
});

Deno.test("the module is built in and failed to start", async () => {
  const builtIn = "kernel/net/netfilter/ipvs/ip_vs.ko\n";
  const check = await found("module", {
    changes: { ...ABSENT, [`${RELEASE}/modules.builtin`]: builtIn },
  });
  assert.deepEqual([check.status, check.fix], ["failed", ["sudo dmesg | grep -e IPVS -e ip_vs"]]);
});
