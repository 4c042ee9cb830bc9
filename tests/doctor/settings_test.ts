import assert from "node:assert/strict";
import { statusText } from "../procfs/_status.ts";
import { type Changes, found, netFiles, report, STATUS_FILE, VS, without } from "./_machine.ts";

const EAFNOSUPPORT = 97;
const THREADS = { [`${VS}/est_cpulist`]: "0-3\n", [`${VS}/est_nice`]: "-5\n" };

async function estimator(changes: Changes) {
  return await found("estimator", { changes });
}

Deno.test("the estimator runs by a timer before Linux 6.2", async () => {
  const expected = { id: "estimator", status: "ok", finding: "runs every 2 seconds by a timer" };
  assert.deepEqual(await estimator({}), expected);
  // Nor can it be stopped before 5.16.
  assert.deepEqual(await estimator(without(`${VS}/run_estimation`)), expected);
});

Deno.test("the estimator's threads are told with their CPUs and niceness", async () => {
  const check = await estimator(THREADS);
  assert.deepEqual(
    [check.status, check.finding],
    ["ok", "runs every 2 seconds on CPUs 0-3 with niceness -5"],
  );
});

Deno.test("the estimator's threads and their capacity are reported once it has measured", async () => {
  const finding = async (name: Parameters<typeof statusText>[0]) =>
    (await estimator({ ...THREADS, [STATUS_FILE]: statusText(name) })).finding;
  const runs = "runs every 2 seconds on CPUs 0-3 with niceness -5";
  const threads = "in 1 of at most 4 threads, each for up to 9499200 estimators";
  assert.equal(await finding("demo"), `${runs}, ${threads}`);
  assert.equal(await finding("first_service"), runs);
  assert.equal(await finding("fresh"), runs);
});

const FROZEN: readonly [name: string, changes: Changes, why: string, mend: string][] = [
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
    "both are so",
    { ...THREADS, [`${VS}/est_cpulist`]: "\n", [`${VS}/run_estimation`]: "0\n" },
    "net.ipv4.vs.run_estimation is 0 and net.ipv4.vs.est_cpulist is empty",
    "net.ipv4.vs.run_estimation=1 net.ipv4.vs.est_cpulist=all",
  ],
];
for (const [name, changes, why, mend] of FROZEN) {
  Deno.test(`frozen counters are called frozen where ${name}`, async () => {
    assert.deepEqual(await estimator(changes), {
      id: "estimator",
      status: "warning",
      finding: `frozen: ${why}, so counters and rates stand still`,
      mend: [`sudo sysctl -w ${mend}`],
    });
  });
}

Deno.test("a run_estimation other than 0 is no 0", async () => {
  assert.equal((await estimator({ [`${VS}/run_estimation`]: "2\n" })).status, "ok");
});

Deno.test("the estimator is unknown where its settings are not to be seen", async () => {
  const hidden = without(`${VS}/run_estimation`, `${VS}/amemthresh`);
  const check = await estimator(hidden);
  assert.equal(check.status, "unknown");
  assert.deepEqual(check.mend, ["ProcSubset=all in the systemd unit, if this is one"]);
  const { finding, mend } = await estimator({ ...hidden, ...netFiles(undefined) });
  assert.deepEqual([finding, mend], ["cannot be told without ip_vs", undefined]);
});

Deno.test("the estimator's settings are values, null where there is none", async () => {
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

Deno.test("IPv6 is spoken, or an ip_vs without it says so", async () => {
  const spoken = await found("ipv6");
  assert.deepEqual([spoken.status, spoken.finding], ["ok", "ip_vs speaks it"]);
  const silent = await found("ipv6", {
    kernel: {
      onRequest: ({ service }) =>
        service?.get(1)?.[0] === INET6 ? { errno: EAFNOSUPPORT } : undefined,
    },
  });
  assert.deepEqual([silent.status, silent.finding], ["warning", "ip_vs does not speak it"]);
  assert.deepEqual(silent.mend, ["boot a kernel that was built with CONFIG_IP_VS_IPV6"]);
});

Deno.test("IPv6 is spoken where the mark that is asked for is there", async () => {
  const services = [{ fwmark: 1, family: INET6, destinations: [] }];
  assert.equal((await found("ipv6", { kernel: { services } })).finding, "ip_vs speaks it");
});

Deno.test("IPv6 is unknown where ip_vs could not be asked", async () => {
  const kernel = { onRequest: () => ({ errno: 1 }) };
  const check = await found("ipv6", { kernel });
  const expected = ["unknown", "the kernel has it; ip_vs could not be asked"];
  assert.deepEqual([check.status, check.finding], expected);
  const changes = without("/proc/thread-self/net/netlink");
  const hidden = await found("ipv6", { kernel, changes });
  assert.match(hidden.finding, /^cannot be told, as \/proc\/thread-self\/net cannot be read$/);
  const absent = await found("ipv6", { kernel, changes: { ...IF_INET6, ...netFiles(undefined) } });
  assert.deepEqual([absent.status, absent.finding], ["unknown", "cannot be told without ip_vs"]);
});

const DISABLED: readonly [name: string, changes: Changes, finding: string, mend: string][] = [
  [
    "in this network namespace",
    { "/proc/sys/net/ipv6/conf/all/disable_ipv6": "1\n" },
    "disabled in this network namespace: net.ipv6.conf.all.disable_ipv6 is 1",
    "sudo sysctl -w net.ipv6.conf.all.disable_ipv6=0",
  ],
  [
    "when the kernel started",
    { ...IF_INET6, "/sys/module/ipv6/parameters/disable": "1\n" },
    "was disabled when the kernel started",
    "boot without ipv6.disable=1",
  ],
  ["by its absence", IF_INET6, "neither built in nor loaded", "sudo modprobe ipv6"],
];
for (const [name, changes, finding, mend] of DISABLED) {
  Deno.test(`IPv6 disabled ${name} is told, with what mends it`, async () => {
    const expected = { id: "ipv6", status: "warning", finding, mend: [mend] };
    assert.deepEqual(await found("ipv6", { changes }), expected);
  });
}
