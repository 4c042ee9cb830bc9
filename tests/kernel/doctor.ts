/** The doctor on a real kernel: its findings, and that it changes nothing. */
import assert from "node:assert/strict";
import { assertSameReport } from "../doctor/_forms.ts";
import { type Files, seen, textOf } from "./_files.ts";
import { phase, runsFromSource } from "./_guest.ts";
import { chosenKernel, KERNEL_NAMES } from "./_kernels.ts";
import { check, reportOf } from "./_report.ts";

const test = phase("doctor.sh");

/** The checks that are neither ok nor advice, as "id status". */
function problems(files: Files, name: string): string[] {
  return reportOf(files, name).checks.filter(({ status }) => !["ok", "advice"].includes(status))
    .map(({ id, status }) => `${id} ${status}`);
}

/** Exit codes by the name of the report. */
const NAMES: Readonly<Record<string, number>> = {
  empty: 0,
  elsewhere: 0,
  well: 0,
  nobody: 4,
  "no-new-privileges": 4,
  unbounded: 4,
  "user-namespace": 4,
  ambient: 0,
  frozen: 0,
  mended: 0,
  untuned: 0,
  tuned: 0,
  "without-proc": 0,
  "pid-only": 0,
};

for (const [name, code] of Object.entries(NAMES)) {
  test(`doctor exits ${code} and reports it in JSON: ${name}`, (files) => {
    const { status, err } = seen(files, `${name}-json`);
    assert.deepEqual([status, err], [code, ""]);
    const report = reportOf(files, name);
    assert.deepEqual([report.version, report.exit_code], [1, code]);
  });
}

for (const name of ["well", "nobody", "frozen", "untuned"]) {
  test(`doctor reports the same as text as in JSON: ${name}`, (files) => {
    const { status, err } = seen(files, name);
    assert.deepEqual([status, err], [NAMES[name], ""]);
    assertSameReport(textOf(files, `${name}.out`), reportOf(files, name));
  });
}

test("doctor has the exit code and the message of show", (files) => {
  const compared = Object.keys(files).filter((file) => file.endsWith("-show.status"));
  assert.equal(compared.length, 6);
  for (const file of compared) {
    const name = file.slice(0, -"-show.status".length);
    const { status, err } = seen(files, `${name}-show`);
    assert.equal(status, NAMES[name], name);
    if (status === 0) continue;
    assert.ok(err.startsWith(`ipvstat: ${check(files, name, "show").finding}; try: `), err);
  }
});

test("doctor finds no problem as root, or with the ambient capability", (files) => {
  for (const name of ["well", "ambient", "mended"]) {
    assert.deepEqual(problems(files, name), [], name);
  }
  assert.equal(check(files, "well", "show").finding, "11 virtual servers, 19 real servers");
  const release = textOf(files, "release.txt").trim();
  const { finding } = check(files, "well", "kernel");
  assert.ok(finding.startsWith(`Linux ${release}: 64-bit counters`), finding);
  const { effective, ambient } = check(files, "ambient", "capability").values!;
  assert.deepEqual([effective, ambient], [true, true]);
});

test("doctor distinguishes an empty table from another network namespace", (files) => {
  assert.deepEqual(problems(files, "empty"), [
    "counters unknown",
    "show warning",
    "tuning unknown",
  ]);
  assert.match(check(files, "empty", "namespace").finding, /, the same as process 1$/);
  assert.match(check(files, "elsewhere", "namespace").finding, /, not the same as process 1$/);
  const fix = ["sudo nsenter --target 1 --net ipvstat"];
  assert.deepEqual(check(files, "elsewhere", "show").fix, fix);
  // The suggested command works.
  assert.equal(JSON.parse(textOf(files, "entered.json")).virtual_servers.length, 11);
});

/** Findings about the capability by the name of the report. */
const LACKS: Readonly<Record<string, RegExp>> = {
  nobody: /^CAP_NET_ADMIN is neither effective nor permitted$/,
  "no-new-privileges": /^CAP_NET_ADMIN is missing, and no_new_privs prevents sudo and setcap/,
  unbounded: /^CAP_NET_ADMIN is not in the bounding set/,
  "user-namespace": /^CAP_NET_ADMIN counts only in the initial user namespace, .* user:\[\d+\]$/,
};
for (const [name, finding] of Object.entries(LACKS)) {
  test(`doctor and show report what is missing: ${name}`, (files) => {
    const capability = check(files, name, "capability");
    assert.match(capability.finding, finding);
    assert.ok(textOf(files, `${name}-show.err`).includes(capability.finding));
    assert.ok(textOf(files, `${name}-show.err`).includes(capability.fix![0]!));
  });
}

test("checks that need no privilege pass without it", (files) => {
  for (const name of Object.keys(LACKS)) {
    const { checks } = reportOf(files, name);
    const well = checks.filter(({ status }) => status === "ok").map(({ id }) => id);
    for (const id of ["kernel", "module", "proc", "ipvs", "family", "namespace", "estimator"]) {
      assert.ok(well.includes(id), `${name}: ${id}`);
    }
  }
});

test("doctor reports that IPv6 is disabled", (files) => {
  assert.ok(problems(files, "frozen").includes("ipv6 warning"));
});

test("doctor reports that the estimator is stopped, on kernels where that is possible", (files) => {
  if (chosenKernel() === "5.10") {
    assert.equal(check(files, "frozen", "estimator").finding, "runs every 2 seconds on a timer");
    return;
  }
  assert.deepEqual(problems(files, "frozen"), ["estimator warning", "ipv6 warning"]);
  const { finding, fix } = check(files, "frozen", "estimator");
  assert.match(finding, /^frozen: net\.ipv4\.vs\.run_estimation is 0/);
  assert.deepEqual(fix, ["sudo sysctl -w net.ipv4.vs.run_estimation=1"]);
});

/** The suggestions, by the id of the check. */
function advice(files: Files, name: string): Map<string, string> {
  const found = reportOf(files, name).checks.filter(({ status }) => status === "advice");
  return new Map(found.map(({ id, finding }) => [id, finding]));
}

test("doctor suggests what is true for the table with the kernel's defaults", (files) => {
  assert.deepEqual([...advice(files, "well").keys()], [
    "removed_servers",
    "persistence",
    "idle_timeout",
  ]);
});

test("doctor suggests other settings, and nothing once its suggestions are followed", (files) => {
  const untuned = advice(files, "untuned");
  assert.deepEqual([...untuned.keys()], [
    "connection_reuse",
    "removed_servers",
    "persistence",
    "idle_timeout",
    "sloppy_tcp",
    "sync_message_size",
  ]);
  assert.match(untuned.get("persistence")!, /of 3 persistent virtual servers stay/);
  assert.match(untuned.get("idle_timeout")!, /after 900 s/);
  assert.match(untuned.get("sync_message_size")!, /1472 bytes .* MTU of sync0 is 1450$/);
  assert.equal(textOf(files, "commands.txt").trim().split("\n").length, 5);
  assert.deepEqual([...advice(files, "tuned")], []);
  assert.equal(check(files, "tuned", "tuning").finding, "the settings suit this table");
});

test("the sample in docs/tuning.md is the output of doctor", (files) => {
  const page = Deno.readTextFileSync(new URL("../../docs/tuning.md", import.meta.url));
  const [, sample = ""] = /```console\n\$ sudo ipvstat doctor\n…\n(.*?)```/s.exec(page) ?? [];
  assert.ok(sample.includes("sync_message_size"));
  assert.ok(textOf(files, "untuned.out").endsWith(sample));
});

test("the values of the tuning audit are the kernel's", (files) => {
  const values = check(files, "untuned", "tuning").values!;
  const [threshold, period] = textOf(files, "untuned.sync_threshold").trim().split("\t");
  assert.deepEqual([values["sync_threshold"], values["sync_period"]], [3, 50]);
  assert.deepEqual([threshold, period], ["3", "50"]);
  const names = Object.keys(files).flatMap((file) =>
    /^untuned\.(?!out|err|sta)(.*)/.exec(file)?.[1] ?? []
  );
  assert.equal(names.length, 9);
  for (const name of names.filter((name) => name !== "sync_threshold")) {
    assert.equal(values[name], Number(textOf(files, `untuned.${name}`)), name);
  }
});

const page = Deno.readTextFileSync(new URL("../../docs/troubleshooting.md", import.meta.url));
const [, sample = ""] = /```console\n\$ ipvstat doctor\n(.*?)```/s.exec(page) ?? [];
const sampledKernel = KERNEL_NAMES.find((name) => sample.includes(`Linux ${name}.`));
assert.ok(
  sampledKernel,
  "The sample of doctor in docs/troubleshooting.md is from a kernel that the lab does not have",
);

if (sampledKernel === chosenKernel()) {
  test("the sample in docs/troubleshooting.md is the output of doctor", (files) => {
    // Without the binary the program is deno, for which setcap is not suggested.
    const lines = (text: string) =>
      text.replaceAll(/\d+\.\d+\.[\w.+-]*\w|\[\d+\]|ID \d+|(?<=\+ep )\S+/g, "#").split("\n");
    const expected = lines(sample).filter((line) => !runsFromSource || !line.includes("setcap"));
    assert.ok(expected.length > 10);
    assert.deepEqual(lines(textOf(files, "sample.out")), expected);
  });
}

test("doctor works without /proc, and with /proc mounted with subset=pid", (files) => {
  assert.match(check(files, "without-proc", "proc").finding, /^\/proc is not mounted/);
  assert.equal(check(files, "without-proc", "capability").status, "ok");
  assert.match(check(files, "pid-only", "estimator").finding, /^not checked/);
  for (const name of ["without-proc", "pid-only"]) {
    const found = check(files, name, "show").finding;
    assert.equal(found, check(files, "well", "show").finding);
  }
});

test("doctor opens no file for writing, starts no process, and opens only netlink sockets", (files) => {
  const denoDir = textOf(files, "deno-dir.txt").trim();
  const calls = textOf(files, "strace.txt").split("\n").map((line) => line.replace(/^\d+ +/, ""));
  assert.ok(calls.some((call) => /^open\w*\(.*"\/proc\/thread-self\/status", O_RDONLY/.test(call)));
  const writes = calls.filter((call) =>
    /^(open|openat|creat)\(.*(O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND)/.test(call) ||
    /^(unlink|rename|mkdir|rmdir|chmod|chown|truncate|link|symlink)/.test(call)
  );
  // Deno's cache, which a compiled binary does not have, and /dev/null for the output.
  const allowed = (call: string) => call.includes(`"${denoDir}/`) || call.includes('"/dev/null"');
  assert.deepEqual(writes.filter((call) => !allowed(call)), []);
  // The wrapper script and the program.
  assert.ok(calls.filter((call) => call.startsWith("execve(")).length <= 2);
  const sockets = calls.filter((call) => call.startsWith("socket("));
  assert.ok(sockets.some((call) => call.includes("NETLINK_GENERIC")));
  assert.deepEqual(sockets.filter((call) => !call.includes("AF_NETLINK")), []);
});
