import assert from "node:assert/strict";
import { statusText } from "../procfs/_status.ts";
import { type Changes, found, netFiles, report, STATUS_FILE, VS, without } from "./_machine.ts";

const EAFNOSUPPORT = 97;
const THREADS = { [`${VS}/est_cpulist`]: "0-3\n", [`${VS}/est_nice`]: "-5\n" };

async function estimator(changes: Changes) {
  return await found("estimator", { changes });
}

Deno.test("the estimator runs on a timer before Linux 6.2", async () => {
  const expected = { id: "estimator", status: "ok", finding: "runs every 2 seconds on a timer" };
  assert.deepEqual(await estimator({}), expected);
  // Before 5.16 the setting does not exist.
  assert.deepEqual(await estimator(without(`${VS}/run_estimation`)), expected);
});

Deno.test("the estimator's threads are reported with their CPUs and niceness", async () => {
  const check = await estimator(THREADS);
  assert.deepEqual(
    [check.status, check.finding],
    ["ok", "runs every 2 seconds on CPUs 0-3 with niceness -5"],
  );
});

Deno.test("the estimator's threads and their capacity are reported once the kernel has measured it", async () => {
  const finding = async (name: Parameters<typeof statusText>[0]) =>
    (await estimator({ ...THREADS, [STATUS_FILE]: statusText(name) })).finding;
  const runs = "runs every 2 seconds on CPUs 0-3 with niceness -5";
  const threads = "1 of at most 4 threads, up to 9499200 estimators each";
  assert.equal(await finding("demo"), `${runs}, ${threads}`);
  assert.equal(await finding("first_service"), runs);
  assert.equal(await finding("fresh"), runs);
});

const FROZEN: readonly [name: string, changes: Changes, why: string, fix: string][] = [
  [
    "run_estimation is 0",
    { [`${VS}/run_estimation`]: "0\n" },
    "net.ipv4.vs.run_estimation is 0",
    "net.ipv4.vs.run_estimation=1",
  ],
  [
    "est_cpulist is empty",
    { ...THREADS, [`${VS}/est_cpulist`]: "\n" },
    "net.ipv4.vs.est_cpulist is empty",
    "net.ipv4.vs.est_cpulist=all",
  ],
  [
    "both are the case",
    { ...THREADS, [`${VS}/est_cpulist`]: "\n", [`${VS}/run_estimation`]: "0\n" },
    "net.ipv4.vs.run_estimation is 0 and net.ipv4.vs.est_cpulist is empty",
    "net.ipv4.vs.run_estimation=1 net.ipv4.vs.est_cpulist=all",
  ],
];
for (const [name, changes, why, fix] of FROZEN) {
  Deno.test(`frozen counters are reported if ${name}`, async () => {
    assert.deepEqual(await estimator(changes), {
      id: "estimator",
      status: "warning",
      finding: `frozen: ${why}, so counters and rates do not change`,
      fix: [`sudo sysctl -w ${fix}`],
    });
  });
}

Deno.test("a run_estimation other than 0 does not freeze counters", async () => {
  assert.equal((await estimator({ [`${VS}/run_estimation`]: "2\n" })).status, "ok");
});

Deno.test("the estimator is unknown if its settings are not readable", async () => {
  const hidden = without(`${VS}/run_estimation`, `${VS}/amemthresh`);
  const check = await estimator(hidden);
  assert.equal(check.status, "unknown");
  assert.deepEqual(check.fix, ["in a systemd unit, set ProcSubset=all"]);
  const { finding, fix } = await estimator({ ...hidden, ...netFiles(undefined) });
  assert.deepEqual([finding, fix], ["not checked: ip_vs is not loaded", undefined]);
});

Deno.test("the estimator's settings are values, null if unknown", async () => {
  const values = async (changes: Changes) =>
    (await report({ changes })).checks.find(({ id }) => id === "estimator")?.values;
  const none = {
    thread_slots: null,
    thread_slots_limit: null,
    chain_length_limit: null,
    thread_capacity: null,
  };
  const threads = { run_estimation: 1, est_cpulist: "0-3", est_nice: -5 };
  assert.deepEqual(await values(THREADS), { ...threads, ...none });
  assert.deepEqual(await values({}), {
    run_estimation: 1,
    est_cpulist: null,
    est_nice: null,
    ...none,
  });
  assert.deepEqual(await values({ ...THREADS, [STATUS_FILE]: statusText("demo") }), {
    ...threads,
    thread_slots: 1,
    thread_slots_limit: 4,
    chain_length_limit: 3958,
    thread_capacity: 9_499_200,
  });
});

const INET6 = 10;
const IF_INET6 = without("/proc/thread-self/net/if_inet6");

Deno.test("IPv6 is supported by ip_vs, or its error shows that it is not", async () => {
  const supported = await found("ipv6");
  assert.deepEqual([supported.status, supported.finding], ["ok", "supported by ip_vs"]);
  const unsupported = await found("ipv6", {
    kernel: {
      onRequest: ({ service }) =>
        service?.get(1)?.[0] === INET6 ? { errno: EAFNOSUPPORT } : undefined,
    },
  });
  assert.deepEqual([unsupported.status, unsupported.finding], [
    "warning",
    "not supported by ip_vs",
  ]);
  assert.deepEqual(unsupported.fix, ["boot a kernel built with CONFIG_IP_VS_IPV6"]);
});

Deno.test("IPv6 is supported if the requested virtual server exists", async () => {
  const services = [{ fwmark: 1, family: INET6, destinations: [] }];
  assert.equal((await found("ipv6", { kernel: { services } })).finding, "supported by ip_vs");
});

Deno.test("IPv6 is unknown if ip_vs could not be read", async () => {
  const kernel = { onRequest: () => ({ errno: 1 }) };
  const check = await found("ipv6", { kernel });
  const expected = ["unknown", "supported by the kernel; ip_vs not checked"];
  assert.deepEqual([check.status, check.finding], expected);
  const changes = without("/proc/thread-self/net/netlink");
  const hidden = await found("ipv6", { kernel, changes });
  assert.match(hidden.finding, /^not checked: \/proc\/thread-self\/net is not readable$/);
  const absent = await found("ipv6", { kernel, changes: { ...IF_INET6, ...netFiles(undefined) } });
  assert.deepEqual([absent.status, absent.finding], [
    "unknown",
    "not checked: ip_vs is not loaded",
  ]);
});

const DISABLED: readonly [name: string, changes: Changes, finding: string, fix: string][] = [
  [
    "in this network namespace",
    { "/proc/sys/net/ipv6/conf/all/disable_ipv6": "1\n" },
    "disabled in this network namespace: net.ipv6.conf.all.disable_ipv6 is 1",
    "sudo sysctl -w net.ipv6.conf.all.disable_ipv6=0",
  ],
  [
    "at boot",
    { ...IF_INET6, "/sys/module/ipv6/parameters/disable": "1\n" },
    "disabled at boot",
    "boot without ipv6.disable=1",
  ],
  ["because the kernel lacks it", IF_INET6, "neither built in nor loaded", "sudo modprobe ipv6"],
];
for (const [name, changes, finding, fix] of DISABLED) {
  Deno.test(`IPv6 disabled ${name} is reported with a fix`, async () => {
    const expected = { id: "ipv6", status: "warning", finding, fix: [fix] };
    assert.deepEqual(await found("ipv6", { changes }), expected);
  });
}
