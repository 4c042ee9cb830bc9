/** Network namespaces: several in one run, and the process is in its own one afterwards. */
import assert from "node:assert/strict";
import { type Files, seen, textOf } from "./_files.ts";
import { phase } from "./_guest.ts";

const test = phase("netns.sh");

interface NamespaceJson {
  netns: string;
  settings: { run_estimation: number | null } | null;
  virtual_servers: { address: string; real_servers: { address: string; weight: number }[] }[];
}

/** What `-o json` printed about each namespace: its label, and its real servers with their weights. */
function tablesIn(files: Files, name: string): Record<string, string[]> {
  const { namespaces } = JSON.parse(seen(files, name).out) as { namespaces: NamespaceJson[] };
  return Object.fromEntries(namespaces.map((each) => [each.netns, tableOf(each)]));
}

function tableOf({ virtual_servers }: NamespaceJson): string[] {
  return virtual_servers.flatMap(({ address, real_servers }) =>
    real_servers.map((real) => `${address} ${real.address} ${real.weight}`)
  );
}

/** The same of ipvsadm, whose lines are `TCP  192.0.2.2:80 wrr` and `  -> 10.2.0.1:80 Masq 2 …`. */
function listedIn(files: Files, name: string): string[] {
  const text = textOf(files, `${name}.list`);
  const virtual = /^TCP +([\d.]+):80/m.exec(text)?.[1];
  return [...text.matchAll(/-> ([\d.]+):80 +Masq +(\d+)/g)]
    .map(([, real, weight]) => `${virtual} ${real} ${weight}`);
}

test("show --netns prints each namespace's own table and settings, labelled, in one run", (files) => {
  const { status, err } = seen(files, "two");
  assert.deepEqual([status, err], [0, ""]);
  const tables = tablesIn(files, "two");
  assert.deepEqual(Object.keys(tables), ["red", "blue"]);
  for (const name of ["red", "blue"]) {
    const listed = listedIn(files, name);
    assert.equal(listed.length, 1, name);
    assert.deepEqual(tables[name], listed);
  }
  const { namespaces } = JSON.parse(seen(files, "two").out) as { namespaces: NamespaceJson[] };
  assert.deepEqual(namespaces.map(({ settings }) => settings?.run_estimation), [0, 1]);
});

test("the table has a heading for each namespace, and Prometheus a label on each sample", (files) => {
  const { out } = seen(files, "table");
  assert.match(out, /^Network namespace red\n[^]*192\.0\.2\.2[^]*\n\nNetwork namespace blue\n/);
  const samples = seen(files, "prometheus").out.split("\n").filter((line) => /^[^#]/.test(line));
  const unlabelled = samples.filter((line) => !/\{netns="(red|blue)"/.test(line));
  assert.deepEqual(unlabelled.map((line) => line.split("{")[0]), ["ipvs_build_info"]);
});

test("a namespace that cannot be read is reported without losing the others", (files) => {
  const { status, out, err } = seen(files, "some");
  assert.equal(status, 1);
  const labels = out.trimEnd().split("\n").map((line) => JSON.parse(line).netns);
  assert.deepEqual([...new Set(labels)], ["red", "blue"]);
  const [missing, wrong, end] = err.split("\n");
  assert.match(missing!, /^ipvstat: There is no network namespace "missing"/);
  assert.match(wrong!, /^ipvstat: .*\/etc\/hostname.* not a network namespace$/);
  assert.equal(end, "");
});

test("--netns all finds namespaces by name and of processes, each once", (files) => {
  const { status, err } = seen(files, "all");
  assert.deepEqual([status, err], [0, ""]);
  const own = textOf(files, "own.txt").trim(), unnamed = textOf(files, "unnamed.txt").trim();
  const tables = tablesIn(files, "all");
  assert.deepEqual(new Set(Object.keys(tables)), new Set(["blue", "red", own, unnamed]));
  assert.deepEqual(tables[own], listedIn(files, "own"));
  assert.deepEqual(tables[unnamed], listedIn(files, "unnamed"));
});

test("--netns takes a process ID and a path", (files) => {
  const tables = Object.entries(tablesIn(files, "pid"));
  assert.match(tables[0]![0], /^\d+$/);
  assert.deepEqual(tables[0]![1], listedIn(files, "unnamed"));
  assert.deepEqual(tables[1], ["/run/netns/red", listedIn(files, "red")]);
});

test("doctor examines each namespace, as the estimator is stopped in one of them", (files) => {
  const { namespaces } = JSON.parse(seen(files, "doctor").out);
  type Check = { id: string; status: string };
  const found = namespaces.map(({ netns, checks }: { netns: string; checks: Check[] }) => [
    netns,
    checks.find(({ id }) => id === "estimator")?.status,
  ]);
  assert.deepEqual(found, [["red", "warning"], ["blue", "ok"]]);
});

test("without CAP_SYS_ADMIN each namespace is refused, with the missing capability", (files) => {
  const { status, out, err } = seen(files, "refused");
  assert.deepEqual([status, out], [4, ""]);
  assert.match(
    err,
    /^(ipvstat: Not permitted to enter network namespace (red|blue): CAP_SYS_ADMIN .*\n){2}$/,
  );
});

test("record --netns records another namespace", (files) => {
  assert.deepEqual(seen(files, "record"), { status: 0, out: "", err: "" });
  const replayed = JSON.parse(seen(files, "replayed").out) as NamespaceJson;
  assert.deepEqual(tableOf(replayed), listedIn(files, "red"));
});

interface Threads {
  own: string;
  links: [tid: number, namespace: string][];
}

test("only the thread of JavaScript moves, and it is back afterwards, also after an error", (files) => {
  const { status, out, err } = seen(files, "enter");
  assert.deepEqual([status, err], [0, ""]);
  const found = JSON.parse(out);
  const { pid } = found;
  const [before, within, after] = [found.before, found.within, found.after] as Threads[];
  const own = textOf(files, "own.txt").trim();
  for (const { own: calling, links } of [before!, after!]) {
    assert.equal(calling, own);
    assert.ok(links.length > 1);
    for (const [tid, namespace] of links) assert.equal(namespace, own, `thread ${tid}`);
  }
  assert.notEqual(within!.own, own);
  for (const [tid, namespace] of within!.links) {
    assert.equal(namespace, tid === pid ? within!.own : own, `thread ${tid}`);
  }
  assert.equal(found.error, "Error: a failure within");
});

test("files below /proc/net and /proc/sys are those of the namespace that a thread is in", (files) => {
  const { table, setting, ownSetting } = JSON.parse(seen(files, "enter").out);
  // 192.0.2.2, the virtual server of red.
  assert.match(table, /^TCP {2}C0000202:0050 wrr/m);
  assert.deepEqual([setting, ownSetting], ["0\n", "1\n"]);
});

test("a stream reads its namespaces again and again, and SIGTERM ends it", (files) => {
  assert.equal(textOf(files, "stream.status").trim(), "0");
  const lines = textOf(files, "stream.out").trimEnd().split("\n");
  const totals = lines.map((line) => /^ipvs,netns=(\w+) /.exec(line)?.[1]).filter(Boolean);
  const pairs = Array.from({ length: totals.length / 2 }, () => ["red", "blue"]).flat();
  assert.deepEqual(totals, pairs);
  const pid = textOf(files, "stream.pid").trim(), own = textOf(files, "own.txt").trim();
  for (const line of textOf(files, "moving.txt").trimEnd().split("\n")) {
    const [, tid, namespace] = line.trim().split(" ");
    if (tid !== pid) assert.equal(namespace, own, line);
  }
});

test("a stream that waits is in its own namespace, and keeps no other one open", (files) => {
  assert.equal(textOf(files, "waiting.status").trim(), "0");
  assert.equal(textOf(files, "waiting.txt"), textOf(files, "own.txt"));
  assert.equal(textOf(files, "open.txt"), "");
  // Columns: address, protocol (16 for generic netlink), port (0 for the kernel's own socket).
  const sockets = textOf(files, "sockets.txt").trim().split("\n").slice(1)
    .map((line) => line.trim().split(/\s+/)).filter(([, protocol]) => protocol === "16");
  assert.deepEqual(sockets.map(([, , port]) => port), ["0"]);
});
