/** `ipvstat diff`: inputs, output and exit codes. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { diff, type DiffOptions } from "../../lib/commands/diff.ts";
import { parseArguments } from "../../lib/commands/parse.ts";
import { collect } from "../../lib/ipvs/collect.ts";
import { encodeJson } from "../../lib/output/json.ts";
import { Selection, type SelectionText } from "../../lib/query/selection.ts";
import { moduleTempDir, run } from "../_commands.ts";
import { fakeKernel, type FakeService } from "../_fake_kernel.ts";
import { textOf } from "../_output_parsers.ts";
import { fileWriter, recordingOf } from "./_recordings.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const DIR = moduleTempDir();
const SECOND = 1_000_000_000n;

const BEFORE: FakeService[] = [
  {
    address: "10.0.0.1",
    port: 80,
    sched: "wrr",
    stats: { connections: 10, pktsIn: 50 },
    destinations: [
      { address: "10.1.0.1", port: 80, weight: 3, stats: { connections: 10 } },
      { address: "10.1.0.2", port: 80, weight: 1 },
    ],
  },
  { fwmark: 7, destinations: [{ address: "10.1.0.1", port: 80 }] },
];
const AFTER: FakeService[] = [
  {
    address: "10.0.0.1",
    port: 80,
    sched: "wlc",
    stats: { connections: 25, pktsIn: 4 },
    destinations: [
      { address: "10.1.0.1", port: 80, weight: 0, stats: { connections: 10 } },
      { address: "10.1.0.3", port: 80, weight: 1, upperThreshold: 9 },
    ],
  },
  { address: "2001:db8::1", port: 443, destinations: [] },
];
const RULES = "-A -t 10.0.0.1:80 -s wrr\n-a -t 10.0.0.1:80 -r 10.1.0.1:80 -m -w 3\n" +
  "-a -t 10.0.0.1:80 -r 10.1.0.2:80 -m -w 1\n-A -f 7 -s rr\n-a -f 7 -r 10.1.0.1:80 -m -w 1\n";

const write = fileWriter(DIR);

function jsonOf(services: readonly FakeService[]): string {
  return textOf((sink) => encodeJson(collect(fakeKernel({ services })), sink));
}

const A = write("a.pcap", recordingOf([{ time: 100n * SECOND, services: BEFORE }]));
const B = write("b.pcap", recordingOf([{ time: 200n * SECOND, services: AFTER }]));
const A_JSON = write("a.json", jsonOf(BEFORE));
const B_JSON = write("b.json", jsonOf(AFTER));
const A_RULES = write("a.rules", RULES);

/** The exit code, the output and the remarks. */
function compare(
  before: string,
  after: string,
  settings: Partial<DiffOptions> = {},
): [code: number, text: string, notes: string[]] {
  let text = "";
  const notes: string[] = [];
  const { code } = diff((chunk) => void (text += new TextDecoder().decode(chunk)), {
    sides: [before, after],
    format: "table",
    color: false,
    counters: false,
    selection: new Selection({}),
    openKernel: () => ({ ...fakeKernel({ services: AFTER }), [Symbol.dispose]() {} }),
    readKernel: collect,
    note: (message) => notes.push(message),
    ...settings,
  });
  return [code, text, notes];
}

const TABLE = `
~ tcp 10.0.0.1:80
    sched: wrr -> wlc
  ~ 10.1.0.1:80
      weight: 3 -> 0
  - 10.1.0.2:80  forwarding_method masq, weight 1
  + 10.1.0.3:80  forwarding_method masq, weight 1, upper_threshold 9
- fwmark 7 inet  sched rr, netmask 32
  - 10.1.0.1:80  forwarding_method masq, weight 1
+ tcp [2001:db8::1]:443  sched rr, netmask 128

virtual servers: 1 added, 1 removed, 1 changed; real servers: 1 added, 2 removed, 1 changed
`;

Deno.test("diff prints what was added, removed and changed, and exits with 1", () => {
  const [code, text] = compare(A, B);
  assert.equal(code, 1);
  const head = `--- ${A} (recording)   1970-01-01 00:01:40 UTC\n` +
    `+++ ${B} (recording)   1970-01-01 00:03:20 UTC\n`;
  assert.equal(text, head + TABLE);
});

Deno.test("diff prints the same for every kind of input", () => {
  const body = (text: string) => text.split("\n").slice(2).join("\n");
  for (const [before, after] of [[A_JSON, B], [A, B_JSON], [A_JSON, "live"]] as const) {
    const [code, text] = compare(before, after);
    assert.equal(code, 1);
    assert.equal(body(text), TABLE, `${before} ${after}`);
  }
});

Deno.test("diff of rules lists what rules do not have instead of reporting it", () => {
  const [code, text] = compare(A_RULES, B);
  assert.equal(code, 1);
  assert.equal(
    text.split("\n").slice(2).join("\n"),
    TABLE.replace("- fwmark 7 inet  sched rr, netmask 32", "- fwmark 7 inet  sched rr") +
      "not compared, because one side does not have it: lower_threshold, netmask, upper_threshold\n",
  );
});

Deno.test("diff of the same configuration prints nothing and exits with 0", () => {
  for (const [before, after] of [[A, A], [A, A_JSON], [A_JSON, A_RULES], ["live", B]] as const) {
    assert.deepEqual(compare(before, after), [0, "", []], `${before} ${after}`);
  }
  const empty = write("empty.rules", "");
  assert.deepEqual(compare(empty, empty), [0, "", []]);
});

Deno.test("diff --counters shows differences and resets, and says that rules have none", () => {
  const [, text, notes] = compare(A, B, { counters: true });
  assert.match(text, /^ {4}connections: 10 -> 25 \(\+15\)$/m);
  assert.match(text, /^ {4}pkts_in: 50 -> 4 \(reset\)$/m);
  assert.equal(text.match(/connections: /g)?.length, 1);
  assert.deepEqual(notes, []);
  assert.deepEqual(compare(A, A_RULES, { counters: true }), [0, "", [
    `Counters are not compared: ${A_RULES} has rules, which have none`,
  ]]);
});

Deno.test("diff -o json has every difference by name, also if there is none", () => {
  const [code, text] = compare(A, B, { format: "json", counters: true });
  const document = JSON.parse(text);
  assert.equal(code, 1);
  assert.deepEqual(document, {
    format: "ipvstat-diff",
    version: 1,
    same: false,
    before: { name: A, kind: "recording", time: "1970-01-01T00:01:40.000000000Z" },
    after: { name: B, kind: "recording", time: "1970-01-01T00:03:20.000000000Z" },
    not_compared: [],
    virtual_servers: document.virtual_servers,
  });
  const [changed, removed, added] = document.virtual_servers;
  const { real_servers: reals, ...virtual } = changed;
  const identity = { address_family: "inet", protocol: "tcp", address: "10.0.0.1", port: 80 };
  assert.deepEqual(virtual, {
    change: "changed",
    ...identity,
    changes: { sched: { before: "wrr", after: "wlc" } },
    counters: {
      connections: { before: 10, after: 25, difference: 15, reset: false },
      pkts_in: { before: 50, after: 4, difference: null, reset: true },
    },
  });
  assert.deepEqual(reals[0].changes, { weight: { before: 3, after: 0 } });
  assert.deepEqual([reals[1].change, reals[1].fields.weight], ["removed", 1]);
  assert.deepEqual([removed.change, removed.fwmark, removed.fields.sched], ["removed", 7, "rr"]);
  assert.deepEqual([added.change, added.address, added.real_servers], ["added", "2001:db8::1", []]);

  const [same, nothing] = compare(A_RULES, A, { format: "json" });
  assert.equal(same, 0);
  const { same: isSame, before, virtual_servers } = JSON.parse(nothing);
  assert.deepEqual([isSame, virtual_servers], [true, []]);
  assert.deepEqual(before, { name: A_RULES, kind: "rules", time: null });
});

Deno.test("diff colours what was added, removed and changed", () => {
  const [, text] = compare(A, B, { color: true });
  assert.ok(text.includes("\x1b[33m~ tcp 10.0.0.1:80\x1b[0m\n"));
  assert.ok(text.includes("\x1b[31m- fwmark 7 inet"));
  assert.ok(text.includes("\x1b[32m+ tcp [2001:db8::1]:443"));
});

const KINDS = "a recording, the output of ipvstat show -o json, or rules of ipvsadm -Sn";
const REFUSED: [data: Uint8Array | string, reason: string][] = [
  ["hello\n", `it is not ${KINDS}`],
  ["[1]", `it is not ${KINDS}`],
  [new Uint8Array([0x2d, 0xff, 0xfe]), "it is neither a recording nor text"],
  ["{}", "it is JSON, but not the output of ipvstat show -o json"],
  [
    "-A -t a.example:80 -s rr",
    'line 1: "a.example:80" is not an address and a port in numbers; ' +
    "save the rules with ipvsadm -Sn",
  ],
];

Deno.test("diff says in one line why a file cannot be compared, and names it", () => {
  for (const [data, reason] of REFUSED) {
    const path = write("refused", data);
    const message = `Cannot read ${path}: ${reason}`;
    assert.throws(() => compare(path, A), { name: "CaptureFileError", message });
  }
  const missing = { message: `Cannot read ${DIR}/missing: no such file` };
  assert.throws(() => compare(A, join(DIR, "missing")), missing);
  assert.throws(() => compare("-", "-"), { name: "UsageError" });
  assert.throws(() => compare(A, B, { maxSize: 100 }), /larger than 100 bytes/);
});

Deno.test("diff selects on both sides, and keeps what is selected on one of them", () => {
  const selected = (text: SelectionText) => {
    const [, output] = compare(A_RULES, B, { selection: new Selection(text) });
    return output.split("\n").filter((line) => /^ *[~+-] /.test(line)).map((line) =>
      line.trim().split("  ")[0]
    );
  };
  const changed = ["~ tcp 10.0.0.1:80", "~ 10.1.0.1:80", "- 10.1.0.2:80", "+ 10.1.0.3:80"];
  assert.deepEqual(selected({ services: ["tcp://10.0.0.0/24"] }), changed);
  assert.deepEqual(selected({ schedulers: ["wlc"] }), changed);
  assert.deepEqual(selected({ fwmarks: ["7"] }), ["- fwmark 7 inet", "- 10.1.0.1:80"]);
  assert.deepEqual(selected({ families: ["inet6"] }), ["+ tcp [2001:db8::1]:443"]);
  assert.deepEqual(selected({ reals: ["10.1.0.3"] }), ["~ tcp 10.0.0.1:80", "+ 10.1.0.3:80"]);
  assert.deepEqual(selected({ protocols: ["udp"] }), []);
});

Deno.test("diff takes two operands", () => {
  assert.throws(() => parseArguments(["diff", A]), /^UsageError: Missing B for diff/);
  assert.throws(() => parseArguments(["diff", A, B, "c"]), /takes only A B$/);
});

Deno.test("ipvstat diff exits as diff(1): 0, 1, and 2 for every error", async () => {
  const flags = ["--quiet", "--no-prompt", "--allow-ffi", "--allow-read", "--allow-write"];
  const ipvstat = (args: string[], input?: string) =>
    run([Deno.execPath(), "run", ...flags, join(ROOT, "cli.ts"), "diff", ...args], {
      env: { NO_COLOR: "1" },
      ...(input !== undefined && { input }),
    });
  assert.deepEqual(await ipvstat([A, "-"], RULES), { code: 0, stdout: "", stderr: "" });
  const different = await ipvstat([A, B]);
  assert.deepEqual([different.code, different.stderr], [1, ""]);
  assert.equal(different.stdout.split("\n").slice(2).join("\n"), TABLE);
  for (const args of [[A, join(DIR, "missing")], [A, B, "--colour"], [A], ["-", "-"]]) {
    const { code, stdout, stderr } = await ipvstat(args);
    assert.deepEqual([code, stdout, stderr.split("\n").length], [2, "", 2], stderr);
    assert.match(stderr, /^ipvstat: /);
  }
});
