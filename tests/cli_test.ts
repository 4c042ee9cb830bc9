import assert from "node:assert/strict";
import { join } from "node:path";
import { FORMATS } from "../lib/commands/options.ts";
import { completions } from "../lib/commands/completions.ts";
import { helpText } from "../lib/commands/help.ts";
import { manPage } from "../lib/commands/man_page.ts";
import { record } from "../lib/commands/record.ts";
import { schemaText } from "../lib/commands/schema.ts";
import { COMMIT } from "../lib/version.ts";
import { cannotFind, moduleTempDir, type Result, run } from "./_commands.ts";
import { fakeKernel, GET_SERVICE } from "./_fixtures.ts";

const ROOT = new URL("..", import.meta.url).pathname;
const DEMO = join(ROOT, "testdata/demo/capture.pcap");
const RUN = ["run", "--quiet", "--no-prompt", "--allow-ffi", "--allow-read", "--allow-write"];

/** Runs the program as `sh` would, so that redirections can be tried. */
async function shell(script: string): Promise<Result> {
  const ipvstat = `ipvstat() { "$DENO" ${RUN.join(" ")} "$CLI" "$@"; }`;
  const env = { DENO: Deno.execPath(), CLI: join(ROOT, "cli.ts"), DEMO, NO_COLOR: "1" };
  return await run(["sh", "-c", `${ipvstat}\n${script}`], { env });
}

/** What goes wrong says so in one line, and nothing on standard output. */
function assertRefused(result: Result, code: number, line: RegExp): void {
  assert.equal(result.stdout, "");
  assert.match(result.stderr, line);
  assert.equal(result.stderr.trimEnd().split("\n").length, 1, result.stderr);
  assert.match(result.stderr, /^ipvstat: /);
  assert.equal(result.code, code);
}

Deno.test("ipvstat --demo prints the demo's table", async () => {
  const result = await shell("ipvstat --demo");
  const expected = Deno.readTextFileSync(join(ROOT, "testdata/demo/expected.txt"));
  assert.deepEqual(result, { code: 0, stdout: expected, stderr: "" });
});

Deno.test("ipvstat --replay gives the same bytes on every run", async () => {
  const expected = Deno.readTextFileSync(join(ROOT, "testdata/demo/expected.json"));
  const result = await shell(`ipvstat show --replay "$DEMO" -ojson; ipvstat --output=json --demo`);
  assert.deepEqual(result, { code: 0, stdout: expected + expected, stderr: "" });
});

const WRONG: readonly [words: string, line: RegExp][] = [
  ["shwo", /Unknown command "shwo"; did you mean show\?/],
  ["-o jsn", /Unknown FORMAT "jsn" of --output; did you mean json\?/],
  ["--repaly x", /Unknown option --repaly; did you mean --replay\?/],
  ["-x", /Unknown option -x; it is one of -o, -h/],
  ["doctor -o influx", /Unknown FORMAT "influx" of --output; it is one of table, json/],
  ["completions fihs", /Unknown SHELL "fihs" of completions; did you mean fish\?/],
  ["record", /record needs its FILE/],
  ["record a b", /record takes no "b"/],
  ["schema --demo", /schema takes no --demo/],
  ["-o", /--output needs its FORMAT/],
  ["--demo=1", /--demo takes no argument/],
  ["--round 1", /--round goes with --replay/],
  ["--demo --replay x", /exclude each other/],
  ["--round 0 --demo", /--round takes a number from 1 to 999999, not "0"/],
  ["record x --interval -1", /--interval takes seconds/],
];
for (const [words, line] of WRONG) {
  Deno.test(`ipvstat ${words} exits 2 with the right word`, async () => {
    assertRefused(await shell(`ipvstat ${words}`), 2, line);
  });
}

for (const format of FORMATS) {
  Deno.test(`ipvstat -o ${format} > /dev/full exits 1 with one line`, async () => {
    const result = await shell(`ipvstat --demo -o ${format} > /dev/full`);
    assertRefused(result, 1, /Cannot write standard output: No space left on device/);
  });
}

Deno.test("ipvstat into a closed pipe ends quietly", async () => {
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
  empty: new Uint8Array(),
  truncated: demo.subarray(0, demo.length - 7),
  "cut in its header": demo.subarray(0, 10),
  "half-recorded": demo.subarray(0, demo.length >> 1),
  "of Ethernet": ethernet,
  "with a flipped bit": flipped,
  "of another kind of file": new TextEncoder().encode("\x89PNG\r\n\x1a\n".repeat(50)),
};
for (const [kind, bytes] of Object.entries(BAD)) {
  Deno.test(`ipvstat --replay of a capture ${kind} exits 1 with one line`, async () => {
    const file = join(dir, `${kind.replaceAll(" ", "-")}.pcap`);
    Deno.writeFileSync(file, bytes);
    for (const format of ["json", "table"]) {
      const result = await shell(`ipvstat --replay '${file}' -o ${format}`);
      assertRefused(result, 1, /Cannot read capture: /);
    }
  });
}

Deno.test("ipvstat --replay of no file exits 1 with one line", async () => {
  assertRefused(await shell(`ipvstat --replay '${dir}/none'`), 1, /none/);
});

Deno.test("ipvstat without Deno's permission exits 4 and names it", async () => {
  const result = await shell(`"$DENO" run --no-prompt "$CLI"`);
  assertRefused(result, 4, /--allow-ffi/);
});

Deno.test("ipvstat --output-file writes what standard output would have, and nothing there", async () => {
  const file = join(dir, "formats");
  for (const [format, extension] of [["json", "json"], ["prometheus", "prom"], ["table", "txt"]]) {
    const result = await shell(`ipvstat --demo -o ${format} --output-file '${file}'`);
    assert.deepEqual(result, { code: 0, stdout: "", stderr: "" });
    const expected = Deno.readTextFileSync(join(ROOT, `testdata/demo/expected.${extension}`));
    assert.equal(Deno.readTextFileSync(file), expected, format);
  }
});

Deno.test({
  name: "ipvstat --output-file writes no colours while standard output has some",
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
    assert.ok(stdout.includes("\x1b["), "a terminal has colours");
    const expected = Deno.readTextFileSync(join(ROOT, "testdata/demo/expected.txt"));
    assert.equal(Deno.readTextFileSync(file), expected);
  },
});

Deno.test("ipvstat refuses a file that cannot be written before it asks the kernel", async () => {
  for (const words of ["show --output-file", "doctor --output-file", "record"]) {
    const none = await shell(`ipvstat ${words} '${dir}/none/file'`);
    assertRefused(none, 1, /Cannot write \S+\/none\/file: there is no directory \S+\/none\/$/m);
    assertRefused(await shell(`ipvstat ${words} /dev/full`), 1, /Cannot write \/dev\/full: /);
  }
});

Deno.test("ipvstat --output-file and record leave the old file where they fail", async () => {
  const file = join(dir, "old");
  Deno.writeTextFileSync(file, "old");
  const before = [...Deno.readDirSync(dir)].length;
  for (const words of [`--replay '${dir}/none' --output-file`, "record --interval x"]) {
    assert.notEqual((await shell(`ipvstat ${words} '${file}'`)).code, 0);
    assert.equal(Deno.readTextFileSync(file), "old");
  }
  assert.equal([...Deno.readDirSync(dir)].length, before);
});

Deno.test("ipvstat --output-file writes what could not be made consistent, and exits 5", async () => {
  const capture = join(dir, "restless.pcap");
  const kernel = fakeKernel();
  let port = 0;
  kernel.kernel.onRequest = ({ command, dump }, kernel) => {
    // No listing has what another has.
    if (command === GET_SERVICE && dump) kernel.services = [{ address: "10.0.0.1", port: ++port }];
  };
  using recording = Deno.createSync(capture);
  await record(kernel, (bytes) => recording.writeSync(bytes), { rounds: 1, interval: 0 });
  for (
    const [format, word] of [["json", '"state":"inconsistent"'], ["prometheus", "inconsistent"]]
  ) {
    const file = join(dir, `restless.${format}`);
    const result = await shell(
      `ipvstat --replay '${capture}' -o ${format} --output-file '${file}'`,
    );
    assertRefused(result, 5, /The table kept changing/);
    assert.ok(Deno.readTextFileSync(file).includes(word!), format);
  }
});

Deno.test("ipvstat --output-file - is standard output", async () => {
  const expected = Deno.readTextFileSync(join(ROOT, "testdata/demo/expected.json"));
  const result = await shell("ipvstat --demo -o json --output-file -");
  assert.deepEqual(result, { code: 0, stdout: expected, stderr: "" });
});

Deno.test("ipvstat prints help, manual, completions and schema, and nothing on standard error", async () => {
  const texts: Readonly<Record<string, string>> = {
    "--help": helpText(),
    "help": helpText(),
    "record --help": helpText("record"),
    "help show": helpText("show"),
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

Deno.test("ipvstat --version prints the version, the commit, Deno, V8 and the target", async () => {
  const { version } = JSON.parse(Deno.readTextFileSync(join(ROOT, "deno.json")));
  const lines = [
    `ipvstat ${version}`,
    `commit ${COMMIT}`,
    `Deno ${Deno.version.deno}`,
    `V8 ${Deno.version.v8}`,
    `target ${Deno.build.target}`,
  ];
  for (const words of ["--version", "record --version"]) {
    const result = await shell(`ipvstat ${words}`);
    assert.deepEqual(result, { code: 0, stdout: `${lines.join("\n")}\n`, stderr: "" });
  }
});
