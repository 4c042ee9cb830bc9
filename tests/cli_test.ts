import assert from "node:assert/strict";
import { join } from "node:path";
import { FORMATS } from "../lib/commands/options.ts";
import { completions } from "../lib/commands/completions.ts";
import { helpText } from "../lib/commands/help.ts";
import { manPage } from "../lib/commands/man_page.ts";
import { record } from "../lib/commands/record.ts";
import { schemaText } from "../lib/commands/schema.ts";
import { COMMIT } from "../lib/version.ts";
import { cannotFind, moduleTempDir, type Result, run, withTempDir } from "./_commands.ts";
import { fakeKernel, GET_SERVICE } from "./_fake_kernel.ts";

const ROOT = new URL("..", import.meta.url).pathname;
const DEMO = join(ROOT, "testdata/demo/capture.pcap");
const RUN = ["run", "--quiet", "--no-prompt", "--allow-ffi", "--allow-read", "--allow-write"];

/** Runs a shell script that can call the program as `ipvstat`. */
async function shell(script: string): Promise<Result> {
  const ipvstat = `ipvstat() { "$DENO" ${RUN.join(" ")} "$CLI" "$@"; }`;
  const env = { DENO: Deno.execPath(), CLI: join(ROOT, "cli.ts"), DEMO, NO_COLOR: "1" };
  return await run(["sh", "-c", `${ipvstat}\n${script}`], { env });
}

/** Asserts an exit code, a message of one line and an empty standard output. */
function assertFailed(result: Result, code: number, line: RegExp): void {
  assert.equal(result.stdout, "");
  assert.match(result.stderr, line);
  assert.equal(result.stderr.trimEnd().split("\n").length, 1, result.stderr);
  assert.match(result.stderr, /^ipvstat: .*[^.\n]\n$/);
  assert.equal(result.code, code);
}

Deno.test("ipvstat --demo prints the table of the demo", async () => {
  const result = await shell("ipvstat --demo");
  const expected = Deno.readTextFileSync(join(ROOT, "testdata/demo/expected.txt"));
  assert.deepEqual(result, { code: 0, stdout: expected, stderr: "" });
});

Deno.test("ipvstat --replay prints the same bytes on every run", async () => {
  const expected = Deno.readTextFileSync(join(ROOT, "testdata/demo/expected.json"));
  const result = await shell(`ipvstat show --replay "$DEMO" -ojson; ipvstat --output=json --demo`);
  assert.deepEqual(result, { code: 0, stdout: expected + expected, stderr: "" });
});

Deno.test("ipvstat record --anonymize --replay writes a copy that can be replayed", async () => {
  const copy = `ipvstat record - --anonymize --replay "$DEMO"`;
  const result = await shell(`${copy} | ipvstat --replay - | head -n 2`);
  const head = Deno.readTextFileSync(join(ROOT, "testdata/demo/expected.txt")).split("\n");
  assert.deepEqual(result, { code: 0, stdout: `${head[0]}\n${head[1]}\n`, stderr: "" });
});

Deno.test("ipvstat record with a selection that matches nothing says so, and writes the rest", async () => {
  const copy = `ipvstat record - --fwmark 99 --replay "$DEMO"`;
  const result = await shell(`${copy} | ipvstat --replay - -o json | tail -n 1`);
  const stderr = "ipvstat: No server matches the selection\n";
  assert.deepEqual(result, { code: 0, stdout: `"virtual_servers":[]}\n`, stderr });
});

const WRONG: readonly [words: string, line: RegExp][] = [
  ["shwo", /Unknown command "shwo"; did you mean show\?/],
  ["-o jsn", /Unknown FORMAT "jsn" for --output; did you mean json\?/],
  ["--repaly x", /Unknown option --repaly; did you mean --replay\?/],
  ["-x", /Unknown option -x; show takes -o, -h, -V, --output, /],
  ["doctor -o influx", /Unknown FORMAT "influx" for --output; use table or json/],
  ["completions fihs", /Unknown SHELL "fihs" for completions; did you mean fish\?/],
  ["record", /Missing FILE for record: use a file name or -/],
  ["record x --replay y", /Option --replay requires --anonymize, --service, /],
  ["record x --anonymize --replay y --rounds 2", /--rounds and --replay cannot be combined/],
  ["record a b", /Unexpected argument "b"; record takes only FILE/],
  ["schema --demo", /Option --demo does not apply to schema; use it with show, stream or check/],
  [
    "-o",
    /Missing FORMAT for --output: use table, wide, json, ndjson, csv, influx, prometheus, openmetrics or ipvsadm/,
  ],
  ["--demo=1", /Option --demo takes no argument/],
  ["--round 1", /Option --round requires --replay or --demo/],
  ["--demo --extended", /Option --extended requires --output influx/],
  [
    "--demo --compat node_exporter",
    /Option --compat requires --output prometheus or --output openmetrics/,
  ],
  ["--aggregate vitrual", /Unknown BY "vitrual" for --aggregate; did you mean virtual\?/],
  ["--demo --replay x", /Options --replay and --demo cannot be combined/],
  ["stream --interval 1 --on stdin", /Options --on and --interval cannot be combined/],
  ["stream --changes 2 -o influx", /Option --changes requires --output ndjson/],
  ["stream --extended", /Option --extended requires --output influx/],
  ["stream --loop", /Option --loop requires --replay or --demo/],
  ["stream -o json", /Unknown FORMAT "json" for --output; did you mean ndjson\?/],
  ["stream --on stdin --replay -", /Options --replay - and --on stdin cannot be combined/],
  ["--round 0 --demo", /Invalid N "0" for --round: use a number from 1 to 999999/],
  [
    "record x --interval -1",
    /Invalid SECONDS "-1" for --interval: use seconds from 0 to 86400, or a time such as 500ms or 2m/,
  ],
];
for (const [words, line] of WRONG) {
  Deno.test(`ipvstat ${words} exits with 2 and suggests what to use`, async () => {
    assertFailed(await shell(`ipvstat ${words}`), 2, line);
  });
}

for (const format of FORMATS) {
  Deno.test(`ipvstat -o ${format} > /dev/full exits with 1 and a single line`, async () => {
    const result = await shell(`ipvstat --demo -o ${format} > /dev/full`);
    assertFailed(result, 1, /Cannot write standard output: no space left on device/);
  });
}

Deno.test("ipvstat prints no error if the output pipe closes early", async () => {
  const script = `for i in 1 2 3; do ipvstat --demo -o prometheus | head -n 1; done`;
  const result = await shell(script);
  assert.equal(result.stderr, "");
  assert.equal(result.stdout.split("\n").length, 4);
});

const dir = moduleTempDir();
const demo = Deno.readFileSync(DEMO);
const ethernet = demo.slice();
ethernet[20] = 1; // the pcap header's link type
const flipped = demo.slice();
flipped[flipped.length >> 1]! ^= 0x10;
const BAD: Readonly<Record<string, Uint8Array>> = {
  "an empty file": new Uint8Array(),
  "a truncated capture": demo.subarray(0, demo.length - 7),
  "a truncated pcap header": demo.subarray(0, 10),
  "half a capture": demo.subarray(0, demo.length >> 1),
  "a capture of Ethernet": ethernet,
  "a capture with a flipped bit": flipped,
  "a file of another type": new TextEncoder().encode("\x89PNG\r\n\x1a\n".repeat(50)),
};
for (const [kind, bytes] of Object.entries(BAD)) {
  Deno.test(`ipvstat --replay of ${kind} exits with 1 and a single line`, async () => {
    const file = join(dir, `${kind.replaceAll(" ", "-")}.pcap`);
    Deno.writeFileSync(file, bytes);
    for (const format of ["json", "table"]) {
      const result = await shell(`ipvstat --replay '${file}' -o ${format}`);
      assertFailed(result, 1, /Cannot read \S+\.pcap: /);
    }
  });
}

Deno.test("ipvstat --replay of a missing file exits with 1 and names the file", async () => {
  const result = await shell(`ipvstat --replay '${dir}/none'`);
  assertFailed(result, 1, /Cannot read \S+\/none: no such file$/m);
});

const WITHOUT: readonly [permission: string, words: string, line: RegExp][] = [
  ["ffi", "show", /without permission for ffi access to .*; run: deno run --allow-ffi /],
  ["read", `--replay '${DEMO}'`, /without permission for read access to .*; run: .* --allow-read /],
  [
    "write",
    `--demo --output-file '${dir}/without'`,
    /without permission for write access to .*; run: .* --allow-write /,
  ],
];
for (const [permission, words, line] of WITHOUT) {
  Deno.test(`ipvstat ${words.split(" ")[0]} without --allow-${permission} exits with 1`, async () => {
    const flags = RUN.filter((flag) => flag !== `--allow-${permission}`).join(" ");
    assertFailed(await shell(`"$DENO" ${flags} "$CLI" ${words}`), 1, line);
  });
}

Deno.test("ipvstat --output-file writes to the file and not to standard output", async () => {
  const file = join(dir, "formats");
  for (const [format, extension] of [["json", "json"], ["prometheus", "prom"], ["table", "txt"]]) {
    const result = await shell(`ipvstat --demo -o ${format} --output-file '${file}'`);
    assert.deepEqual(result, { code: 0, stdout: "", stderr: "" });
    const expected = Deno.readTextFileSync(join(ROOT, `testdata/demo/expected.${extension}`));
    assert.equal(Deno.readTextFileSync(file), expected, format);
  }
});

Deno.test({
  name: "ipvstat --output-file writes no colours, even if standard output is a terminal",
  ignore: cannotFind({ script: "bsdutils" }),
  async fn() {
    const script = join(dir, "colours.sh");
    const file = join(dir, "colours.txt");
    const flags = RUN.join(" ");
    await Deno.writeTextFile(
      script,
      `"$DENO" ${flags} "$CLI" --demo --output-file '${file}'
exec "$DENO" ${flags} "$CLI" --demo
`,
    );
    const { code, stdout } = await shell(`unset NO_COLOR; script -qec 'sh ${script}' /dev/null`);
    assert.equal(code, 0);
    assert.ok(stdout.includes("\x1b["), "no colours on a terminal");
    const expected = Deno.readTextFileSync(join(ROOT, "testdata/demo/expected.txt"));
    assert.equal(Deno.readTextFileSync(file), expected);
  },
});

Deno.test("ipvstat checks that it can write the file before it reads from the kernel", async () => {
  for (const words of ["show --output-file", "doctor --output-file", "record"]) {
    const none = await shell(`ipvstat ${words} '${dir}/none/file'`);
    assertFailed(none, 1, /Cannot write \S+\/none\/file: no such directory: \S+\/none\/$/m);
    assertFailed(await shell(`ipvstat ${words} /dev/full`), 1, /Cannot write \/dev\/full: /);
  }
});

Deno.test("ipvstat --output-file and record keep the old file on failure", async () => {
  const file = join(dir, "old");
  Deno.writeTextFileSync(file, "old");
  const before = [...Deno.readDirSync(dir)].length;
  for (const words of [`--replay '${dir}/none' --output-file`, "record --interval x"]) {
    assert.notEqual((await shell(`ipvstat ${words} '${file}'`)).code, 0);
    assert.equal(Deno.readTextFileSync(file), "old");
  }
  assert.equal([...Deno.readDirSync(dir)].length, before);
});

Deno.test("ipvstat --output-file writes an inconsistent snapshot and exits with 5", async () => {
  const capture = join(dir, "inconsistent.pcap");
  const kernel = fakeKernel();
  let port = 0;
  kernel.kernel.onRequest = ({ command, dump }, kernel) => {
    // No two listings agree.
    if (command === GET_SERVICE && dump) kernel.services = [{ address: "10.0.0.1", port: ++port }];
  };
  using recording = Deno.createSync(capture);
  await record(kernel, (bytes) => recording.writeSync(bytes), { rounds: 1, interval: 0 });
  for (
    const [format, word] of [
      ["json", '"state":"inconsistent"'],
      ["prometheus", "inconsistent"],
      ["influx", "# inconsistent: "],
    ]
  ) {
    const file = join(dir, `inconsistent.${format}`);
    const result = await shell(
      `ipvstat --replay '${capture}' -o ${format} --output-file '${file}'`,
    );
    assertFailed(result, 5, /The table could not be read consistently; /);
    assert.ok(Deno.readTextFileSync(file).includes(word!), format);
  }
});

Deno.test("ipvstat --output-file - writes to standard output", async () => {
  const expected = Deno.readTextFileSync(join(ROOT, "testdata/demo/expected.json"));
  const result = await shell("ipvstat --demo -o json --output-file -");
  assert.deepEqual(result, { code: 0, stdout: expected, stderr: "" });
});

Deno.test("ipvstat prints help, man page, completions and schema to standard output only", async () => {
  const texts: Readonly<Record<string, string>> = {
    "--help": helpText(),
    "help": helpText(),
    "record --help": helpText("record"),
    "help show": helpText("show"),
    "show -o -h": helpText("show"),
    "--qqq -h": helpText(),
    "man": manPage(),
    "completions bash": completions("bash"),
    "completions zsh": completions("zsh"),
    "completions fish": completions("fish"),
    "schema": schemaText(),
  };
  for (const [words, stdout] of Object.entries(texts)) {
    assert.deepEqual(await shell(`ipvstat ${words}`), { code: 0, stdout, stderr: "" }, words);
  }
});

Deno.test("ipvstat --version prints the versions of ipvstat, Deno and V8, the commit and the target", async () => {
  const { version } = JSON.parse(Deno.readTextFileSync(join(ROOT, "deno.json")));
  const lines = [
    `ipvstat ${version}`,
    `commit ${COMMIT}`,
    `Deno ${Deno.version.deno}`,
    `V8 ${Deno.version.v8}`,
    `target ${Deno.build.target}`,
  ];
  for (const words of ["--version", "record --version", "-V", "version", "--qqq -V"]) {
    const result = await shell(`ipvstat ${words}`);
    assert.deepEqual(result, { code: 0, stdout: `${lines.join("\n")}\n`, stderr: "" });
  }
});

Deno.test("ipvstat --debug logs requests, files and times, and prints the same output", async () => {
  const expected = Deno.readTextFileSync(join(ROOT, "testdata/demo/expected.json"));
  const { code, stdout, stderr } = await shell("ipvstat --demo -o json --debug");
  assert.deepEqual([code, stdout], [0, expected]);
  const lines = stderr.trimEnd().split("\n");
  assert.ok(lines.every((line) => line.startsWith("ipvstat: debug: ")), stderr);
  assert.match(
    stderr,
    /: IPVS_CMD_GET_DEST \(dump\): 11 requests, \d+ datagrams, \d+ bytes, waited/,
  );
  assert.match(stderr, /: \/proc\/net\/ip_vs_stats: \d+ characters, \d+\.\d ms$/m);
  assert.match(stderr, /: total: \d+ requests, .* ms in all$/m);
  assert.equal(lines.at(-1), "ipvstat: debug: 0 unknown attributes skipped");
});

Deno.test("deno task demo and cli.ts download no npm package", async () => {
  await withTempDir(async (cache) => {
    const env = { DENO_DIR: cache, NPM_CONFIG_REGISTRY: "http://127.0.0.1:9", NO_COLOR: "1" };
    const deno = Deno.execPath();
    const stdout = Deno.readTextFileSync(join(ROOT, "testdata/demo/expected.txt"));
    for (const words of [["task", "--quiet", "demo"], [...RUN, "cli.ts", "--demo"]]) {
      const result = await run([deno, ...words], { cwd: ROOT, env });
      assert.deepEqual(result, { code: 0, stdout, stderr: "" }, words.join(" "));
      assert.deepEqual([...Deno.readDirSync(join(cache, "npm"))], []);
    }
  });
});
