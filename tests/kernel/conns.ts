/** The connection table of a real kernel, compared with awk over /proc and with ipvsadm. */
import assert from "node:assert/strict";
import { type Files, seen, textOf } from "./_files.ts";
import { phase } from "./_guest.ts";

const test = phase("conns.sh");
const STEPS = ["all", "weight", "gone", "invalid", "expired"];

/** A row of `conns -o json`. */
interface Row {
  virtual_server: string;
  real_server: string;
  protocol: string | null;
  kind: string;
  state: string;
  origin: string;
  stale: boolean | null;
  reason: string | null;
  count: number;
  longest_expiry: number;
  candidates: string[];
}

interface Report {
  connections: number;
  templates: number;
  cut: string | null;
  stale: { connections: number; templates: number; undecided: number };
  servers: Row[];
}

function reportOf(files: Files, name: string): Report {
  const { status, out, err } = seen(files, name);
  assert.deepEqual([status, err], [0, ""], name);
  return JSON.parse(out);
}

/** Counts and longest expiries of awk's sums, by protocol, state and kind. */
function sumsOf(files: Files, name: string): Map<string, { count: number; longest: number }> {
  const sums = new Map<string, { count: number; longest: number }>();
  for (const line of textOf(files, name).trimEnd().split("\n")) {
    const [protocol, , , real, realPort, state, count, longest] = line.split(" ");
    const key = `${protocol} ${real} ${realPort} ${state}`;
    const before = sums.get(key);
    sums.set(key, {
      count: Number(count) + (before?.count ?? 0),
      longest: Math.max(Number(longest), before?.longest ?? 0),
    });
  }
  return sums;
}

/** Rows whose virtual server, real server and state begin with these. */
function find({ servers }: Report, virtual: string, real: string, state = ""): Row[] {
  return servers.filter((row) =>
    row.virtual_server === virtual && row.real_server === real && row.state.startsWith(state)
  );
}

/** Number of entries by what makes them stale. */
function countBy(rows: readonly Row[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { stale, reason, count } of rows) {
    const key = reason ?? (stale === null ? "undecided" : "usable");
    counts[key] = (counts[key] ?? 0) + count;
  }
  return counts;
}

test("conns counts as many entries as awk finds in /proc, by protocol, real server and state", (files) => {
  for (const step of STEPS) {
    const [before, after] = ["before", "after"].map((end) => sumsOf(files, `${step}-${end}.txt`));
    const counts = (sums: typeof before) => [...sums!].map(([key, { count }]) => [key, count]);
    assert.deepEqual(new Map(counts(before) as []), new Map(counts(after) as []), "at rest");
    const total = [...before!.values()].reduce((sum, { count }) => sum + count, 0);
    const { connections, templates, servers, cut } = reportOf(files, step);
    assert.equal(connections + templates, total, step);
    assert.equal(servers.reduce((sum, { count }) => sum + count, 0), total, step);
    assert.equal(cut, null);
    const longest = Math.max(...servers.map((row) => row.longest_expiry));
    const limits = [after, before].map((sums) =>
      Math.max(...[...sums!.values()].map((each) => each.longest))
    );
    assert.ok(limits[0]! <= longest && longest <= limits[1]!, `${step}: ${limits} ${longest}`);
  }
});

test("conns counts each state as often as ipvsadm lists it", (files) => {
  for (const step of STEPS) {
    const listed: Record<string, number> = {};
    for (const line of textOf(files, `${step}-ipvsadm.txt`).trimEnd().split("\n").slice(2)) {
      const [protocol, , state, client] = line.trim().split(/\s+/);
      const kind = client!.endsWith(":0") ? "template" : "connection";
      const key = `${protocol!.toLowerCase()} ${kind} ${state}`;
      listed[key] = (listed[key] ?? 0) + 1;
    }
    const counted: Record<string, number> = {};
    for (const { protocol, kind, state, count } of reportOf(files, step).servers) {
      const key = `${protocol ?? "ip"} ${kind.replace("invalid-", "")} ${state}`;
      counted[key] = (counted[key] ?? 0) + count;
    }
    assert.deepEqual(counted, listed, step);
  }
});

test("conns has the client's connections of each virtual server", (files) => {
  for (const line of textOf(files, "traffic.txt").trimEnd().split("\n")) {
    const [, made, wanted] = /(\d+)\/(\d+)$/.exec(line) ?? [];
    assert.equal(made, wanted, line);
  }
  const all = reportOf(files, "all");
  const count = (virtual: string, real: string, state = "ESTABLISHED") =>
    find(all, virtual, real, state).reduce((sum, row) => sum + row.count, 0);
  assert.equal(count("tcp 192.0.2.10:80", "10.2.1.2:80"), 3);
  assert.equal(count("tcp 192.0.2.10:80", "10.2.2.2:80"), 3);
  assert.equal(count("tcp [2001:db8:1::10]:80", "[fd00:2:1::2]:80"), 2);
  assert.equal(count("tcp 192.0.2.20:80", "10.2.1.2:80"), 3);
  assert.equal(count("fwmark 7 inet", "10.2.2.2:80"), 4);
  // A virtual server of any port has the connections to each port.
  assert.equal(count("udp 192.0.2.11:0", "10.2.1.2:0", "UDP"), 3);
  assert.deepEqual(countBy(all.servers), { usable: all.connections + all.templates });
});

test("conns finds the templates of persistent virtual servers, also of a fwmark", (files) => {
  const templates = reportOf(files, "all").servers.filter(({ kind }) => kind === "template");
  const byServer = templates.map((row) => [row.virtual_server, row.real_server, row.count]);
  assert.deepEqual(byServer, [
    ["fwmark 7 inet", "10.2.2.2:80", 1],
    ["tcp 192.0.2.20:80", "10.2.1.2:80", 2],
    ["udp 192.0.2.11:0", "10.2.1.2:0", 1],
  ]);
});

test("conns names the candidates if a fwmark has the same real server", (files) => {
  const candidates = ["tcp 192.0.2.10:80", "fwmark 7 inet"];
  const [row] = find(reportOf(files, "all"), "tcp 192.0.2.10:80", "10.2.2.2:80");
  assert.deepEqual([row!.candidates, row!.stale], [candidates, false]);
  const [undecided] = find(reportOf(files, "weight"), "tcp 192.0.2.10:80", "10.2.2.2:80");
  assert.deepEqual([undecided!.candidates, undecided!.stale], [candidates, null]);
});

test("conns finds connections and templates of a real server of weight 0", (files) => {
  const { stale, servers } = reportOf(files, "weight");
  assert.deepEqual(countBy(find({ servers } as Report, "tcp 192.0.2.20:80", "10.2.1.2:80")), {
    "weight-0": 5,
  });
  assert.deepEqual([stale.connections, stale.templates, stale.undecided], [3, 2, 3]);
});

test("conns finds connections of removed real and virtual servers", (files) => {
  const { servers, stale } = reportOf(files, "gone");
  assert.deepEqual(countBy(find({ servers } as Report, "tcp 192.0.2.10:80", "10.2.1.2:80")), {
    "real-server-gone": 3,
  });
  const removed = find({ servers } as Report, "tcp [2001:db8:1::10]:80", "[fd00:2:1::2]:80");
  assert.deepEqual(countBy(removed), { "virtual-server-gone": 2 });
  assert.deepEqual([stale.connections, stale.templates], [3 + 3 + 2, 2]);
});

test("conns finds the same in a copy and a recording as in the running kernel", (files) => {
  const timeless = (name: string) =>
    reportOf(files, name).servers.map(({ longest_expiry: _, ...row }) => row);
  assert.deepEqual(timeless("gone-copy"), timeless("gone"));
});

test("conns recognizes invalid templates, with expire_quiescent_template", (files) => {
  const { servers } = reportOf(files, "invalid");
  const invalid = servers.filter(({ kind }) => kind === "invalid-template");
  assert.deepEqual(invalid.map(({ virtual_server, count }) => [virtual_server, count]), [
    ["tcp 192.0.2.20:80", 1],
  ]);
  assert.deepEqual(
    countBy(
      find({ servers } as Report, "tcp 192.0.2.20:80", "10.2.2.2:80", "NONE")
        .concat(find({ servers } as Report, "tcp 192.0.2.20:80", "10.2.2.2:80", "ASSURED")),
    ),
    {
      usable: 1,
    },
  );
});

test("conns finds none of removed real servers once expire_nodest_conn has dropped them", (files) => {
  const { servers } = reportOf(files, "expired");
  const gone = servers.filter(({ reason, kind }) =>
    reason?.endsWith("-gone") && kind === "connection"
  );
  assert.deepEqual(gone, []);
});

test("conns distinguishes synchronized connections from local ones", (files) => {
  const { status, out } = seen(files, "backup");
  assert.equal(status, 0);
  const lines = textOf(files, "backup.txt").match(/ SYNC /g)!.length;
  assert.equal(out.match(/ SYNC/g)!.length > 0, lines > 0, out);
  for (const { origin } of reportOf(files, "all").servers) assert.equal(origin, "LOCAL");
});

test("conns needs CAP_NET_ADMIN for the table of servers, but not for a copy", (files) => {
  const { status, out, err } = seen(files, "refused");
  assert.deepEqual([status, out], [4, ""]);
  assert.match(err, /^ipvstat: Not permitted to read IPVS: [^\n]*\n$/);
  const copy = seen(files, "refused-file");
  assert.deepEqual([copy.status, copy.err], [0, ""]);
  assert.match(copy.out, /^from,to,connections,templates,cut\r\n0,10,/);
});
