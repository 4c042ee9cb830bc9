/** The command `ipvstat stream` as a process, on recordings. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { moduleTempDir, type Result, run } from "../_commands.ts";
import { read } from "../_pages.ts";
import { recordingOf } from "./_recordings.ts";
import { StreamProcess } from "./_stream_process.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const DEMO = read("testdata/demo/expected.ndjson");
const DEMO_LINES = DEMO.split("\n").length - 1;
const DAY = "86400";
const SECOND = 1_000_000_000n;
const SIGUSR1 = 10;

const dir = moduleTempDir();
const THREE = join(dir, "three.pcap");
Deno.writeFileSync(
  THREE,
  recordingOf([1n, 2n, 3n].map((i) => ({ time: i * SECOND, services: [{ fwmark: Number(i) }] }))),
);
const DAMAGED = join(dir, "damaged.pcap");
Deno.writeFileSync(
  DAMAGED,
  recordingOf([{ time: 1n }, { time: 2n, kind: "damaged" }, { time: 3n }]),
);

/** Runs a shell script that can call the program as `ipvstat`. */
async function shell(script: string): Promise<Result> {
  const flags = "--quiet --no-prompt --allow-ffi --allow-read --allow-write";
  const ipvstat = `ipvstat() { "$DENO" run ${flags} "$CLI" "$@"; }`;
  const env = { DENO: Deno.execPath(), CLI: join(ROOT, "cli.ts"), THREE, DAMAGED };
  return await run(["bash", "-c", `${ipvstat}\n${script}`], { env });
}

/** The times of all lines, in nanoseconds, and of repeated ones the first. */
function timesOf(text: string): bigint[] {
  const times = [...text.matchAll(/"time_ns":(\d+)/g)].map(([, digits]) => BigInt(digits!));
  return [...new Set(times)];
}

Deno.test("ipvstat stream --replay prints what show prints for each snapshot", async () => {
  for (const format of ["ndjson", "influx", "influx --extended"]) {
    const { stdout } = await shell(
      `for i in 1 2 3; do ipvstat --replay "$THREE" --round $i -o ${format}; done`,
    );
    assert.ok(stdout.length > 0);
    const streamed = await shell(`ipvstat stream --replay "$THREE" --interval 0 -o ${format}`);
    assert.deepEqual(streamed, { code: 0, stdout, stderr: "" });
  }
});

Deno.test("ipvstat stream --loop starts over with later times, --count ends it", async () => {
  const { code, stdout, stderr } = await shell(
    `ipvstat stream --replay "$THREE" --loop --interval 0 --count 7`,
  );
  assert.deepEqual([code, stderr], [0, ""]);
  assert.deepEqual(timesOf(stdout), [1n, 2n, 3n, 4n, 5n, 6n, 7n].map((i) => i * SECOND));
  const marks = [...stdout.matchAll(/"fwmark":(\d+)/g)].map(([, mark]) => Number(mark));
  assert.deepEqual(marks, [1, 2, 3, 1, 2, 3, 1]);
});

Deno.test("ipvstat stream --changes prints a whole reading every N readings", async () => {
  const { code, stdout } = await shell(
    "ipvstat stream --demo --loop --interval 0 --changes 3 --count 4",
  );
  assert.equal(code, 0);
  const types = stdout.trimEnd().split("\n").map((line) => {
    const { type, reading } = JSON.parse(line);
    return reading ?? type;
  });
  const whole = [
    "whole",
    ...DEMO.trimEnd().split("\n").slice(1).map((line) => JSON.parse(line).type),
  ];
  assert.deepEqual(types, [...whole, "changes", "changes", ...whole]);
});

Deno.test("ipvstat stream waits a recording's own time between snapshots", async () => {
  const file = join(dir, "far_apart.pcap");
  Deno.writeFileSync(file, recordingOf([{ time: 0n }, { time: 86_400n * SECOND }]));
  await using stream = new StreamProcess(["--replay", file]);
  assert.deepEqual(timesOf(await stream.output.take(1)), [0n]);
  stream.kill("SIGTERM");
  assert.deepEqual(await stream.end(), { code: 0, stdout: "", stderr: "" });
});

Deno.test("ipvstat stream ends with 0 if the output pipe closes", async () => {
  const { code, stdout, stderr } = await shell(
    `ipvstat stream --demo --loop --interval 0 | head -n ${DEMO_LINES}; exit \${PIPESTATUS[0]}`,
  );
  assert.deepEqual([code, stdout, stderr], [0, DEMO, ""]);
});

Deno.test("ipvstat stream > /dev/full ends with 1 and a single line", async () => {
  assert.deepEqual(await shell("ipvstat stream --demo --loop --interval 0 > /dev/full"), {
    code: 1,
    stdout: "",
    stderr: "ipvstat: Cannot write standard output: no space left on device\n",
  });
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(`ipvstat stream ends with 0 after a whole reading when it receives ${signal}`, async () => {
    await using stream = new StreamProcess(["--demo", "--loop", "--interval", DAY]);
    const first = await stream.output.take(1);
    stream.kill(signal);
    const { code, stdout, stderr } = await stream.end();
    assert.deepEqual([code, first + stdout, stderr], [0, DEMO, ""]);
  });
}

Deno.test("ipvstat stream --on stdin prints one reading for each line", async () => {
  await using stream = new StreamProcess(["--demo", "--loop", "--on", "stdin"]);
  await stream.write("\n");
  assert.equal(await stream.output.take(DEMO_LINES), DEMO);
  await stream.write("\n\n");
  const [start] = timesOf(DEMO) as [bigint];
  assert.deepEqual(timesOf(await stream.output.take(2 * DEMO_LINES)), [
    start + 2n * SECOND,
    start + 4n * SECOND,
  ]);
  await stream.closeInput();
  assert.deepEqual(await stream.end(), { code: 0, stdout: "", stderr: "" });
});

Deno.test("ipvstat stream --on stdin ends with 0 if standard input is empty", async () => {
  const result = await shell("ipvstat stream --demo --on stdin < /dev/null");
  assert.deepEqual(result, { code: 0, stdout: "", stderr: "" });
});

Deno.test("ipvstat stream --on stdin ends with 1 if standard input cannot be read", async () => {
  const result = await shell("ipvstat stream --demo --on stdin < /usr");
  const stderr = "ipvstat: Cannot read standard input: is a directory\n";
  assert.deepEqual(result, { code: 1, stdout: "", stderr });
});

Deno.test("ipvstat stream --on SIGUSR1 prints readings when it receives the signal", async () => {
  await using stream = new StreamProcess(["--demo", "--loop", "--on", "SIGUSR1"]);
  await stream.waitForHandler(SIGUSR1);
  // A signal before the program listens for it would be lost.
  const repeated = setInterval(() => stream.kill("SIGUSR1"), 100);
  assert.equal(await stream.output.take(DEMO_LINES), DEMO);
  await stream.output.take(DEMO_LINES);
  clearInterval(repeated);
  stream.kill("SIGTERM");
  assert.equal((await stream.end()).code, 0);
});

Deno.test("ipvstat stream reports a failed reading as show does, and takes the next one", async () => {
  const shown = await shell(`ipvstat --replay "$DAMAGED" --round 2`);
  const { code, stdout, stderr } = await shell(
    `ipvstat stream --replay "$DAMAGED" --interval 0`,
  );
  assert.equal(code, 0);
  assert.deepEqual(timesOf(stdout), [1n, 3n]);
  assert.match(stderr, /^ipvstat: Cannot read \S+damaged\.pcap: cannot parse [^\n]+\n$/);
  assert.equal(stderr, shown.stderr);
});

Deno.test("ipvstat stream --fail-fast ends with the exit code of the failed reading", async () => {
  const { code, stdout, stderr } = await shell(
    `ipvstat stream --replay "$DAMAGED" --interval 0 --fail-fast`,
  );
  assert.equal(code, 1);
  assert.deepEqual(timesOf(stdout), [1n]);
  assert.match(stderr, /^ipvstat: Cannot read [^\n]+\n$/);
});

Deno.test("ipvstat stream --replay of a missing file ends with 1", async () => {
  const result = await shell(`ipvstat stream --replay '${dir}/none'`);
  const stderr = `ipvstat: Cannot read ${dir}/none: no such file\n`;
  assert.deepEqual(result, { code: 1, stdout: "", stderr });
});

Deno.test("ipvstat stream --debug logs the requests of each reading", async () => {
  const { code, stderr } = await shell(`ipvstat stream --replay "$THREE" --interval 0 --debug`);
  assert.equal(code, 0);
  assert.equal(stderr.match(/^ipvstat: debug: total: /gm)?.length, 3);
});
