import assert from "node:assert/strict";
import { join } from "node:path";

const ROOT = new URL("..", import.meta.url).pathname;
const DEMO = join(ROOT, "testdata/demo/capture.pcap");
const RUN = ["run", "--quiet", "--no-prompt", "--allow-ffi", "--allow-read", "--allow-write"];

interface Result {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs the program as `sh` would, so that redirections can be tried. */
async function shell(script: string): Promise<Result> {
  const { code, stdout, stderr } = await new Deno.Command("sh", {
    args: ["-c", `ipvstat() { "$DENO" ${RUN.join(" ")} "$CLI" "$@"; }\n${script}`],
    env: { DENO: Deno.execPath(), CLI: join(ROOT, "cli.ts"), DEMO, NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
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
  ["-x", /Unknown option -x/],
  ["record", /record needs its FILE/],
  ["record a b", /record takes no "b"/],
  ["schema --demo", /schema takes no --demo/],
  ["-o", /--output needs its FORMAT/],
  ["--demo=1", /--demo takes no argument/],
  ["--round 1", /--round goes with --replay/],
  ["--demo --replay x", /exclude each other/],
  ["--round 0 --demo", /--round takes a number from 1 on/],
  ["record x --interval -1", /--interval takes seconds/],
];
for (const [words, line] of WRONG) {
  Deno.test(`ipvstat ${words} exits 2 with the right word`, async () => {
    assertRefused(await shell(`ipvstat ${words}`), 2, line);
  });
}

for (const format of ["table", "json", "influx", "prometheus", "openmetrics"]) {
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

const dir = await Deno.makeTempDir({ prefix: "ipvstat-cli-" });
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

Deno.test("ipvstat --help names every command, format and exit code", async () => {
  const { code, stdout } = await shell("ipvstat --help");
  assert.equal(code, 0);
  for (const word of ["show", "record FILE", "schema", "openmetrics", "5 the snapshot"]) {
    assert.ok(stdout.includes(word), word);
  }
});

Deno.test("ipvstat --version prints the version of deno.json", async () => {
  const { version } = JSON.parse(Deno.readTextFileSync(join(ROOT, "deno.json")));
  assert.equal((await shell("ipvstat --version")).stdout, `ipvstat ${version}\n`);
});
