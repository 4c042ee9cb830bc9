import assert from "node:assert/strict";
import { join } from "node:path";
import { openReplay } from "../../lib/commands/replay.ts";
import { pcap } from "../capture/_file_writers.ts";
import { ask, control, FakeKernel, Monitor } from "../capture/_fixtures.ts";
import { type Result, run, withTempDir } from "../_commands.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const DEMO = join(ROOT, "testdata/demo/capture.pcap");
const EXPECTED = Deno.readTextFileSync(join(ROOT, "testdata/demo/expected.json"));

/** Runs `ipvstat -o json` and more in a shell. */
async function shell(script: string): Promise<Result> {
  const flags = "--quiet --no-prompt --allow-ffi --allow-read --allow-write";
  const ipvstat = `ipvstat() { "$DENO" run ${flags} "$CLI" -o json "$@"; }`;
  const env = { DENO: Deno.execPath(), CLI: join(ROOT, "cli.ts"), DEMO, NO_COLOR: "1" };
  return await run(["bash", "-c", `${ipvstat}\n${script}`], { env });
}

async function isRefused(script: string, line: string | RegExp, code = 1): Promise<void> {
  const result = await shell(script);
  assert.equal(result.stdout, "", script);
  if (typeof line === "string") assert.equal(result.stderr, `ipvstat: ${line}\n`, script);
  else assert.match(result.stderr, line, script);
  assert.equal(result.stderr.trimEnd().split("\n").length, 1, result.stderr);
  assert.equal(result.code, code, script);
}

const STANDARD_INPUT = [
  'ipvstat --replay - < "$DEMO"',
  'cat "$DEMO" | ipvstat --replay -',
  'ipvstat --replay /dev/stdin < "$DEMO"',
  'cat "$DEMO" | ipvstat --replay /dev/stdin',
  'cat "$DEMO" | ipvstat --replay /dev/fd/0',
  'ipvstat --replay <(cat "$DEMO")',
  '(head -c 3 "$DEMO"; sleep 0.1; tail -c +4 "$DEMO") | ipvstat --replay -',
];
for (const script of STANDARD_INPUT) {
  Deno.test(`${script.replace('"$DEMO"', "demo.pcap")} reads the capture`, async () => {
    assert.deepEqual(await shell(script), { code: 0, stdout: EXPECTED, stderr: "" });
  });
}

Deno.test("ipvstat --replay refuses devices and directories before it reads them", async () => {
  await isRefused("ipvstat --replay /dev/zero", "Cannot read capture: /dev/zero is a device");
  await isRefused("ipvstat --replay /dev/null", "Cannot read capture: /dev/null is a device");
  await isRefused("ipvstat --replay /usr", "Cannot read capture: /usr is a directory");
  await isRefused("ipvstat --replay - < /usr", /directory/);
  await isRefused(
    "ipvstat --replay /proc/self/stat",
    "Cannot read capture: /proc/self/stat cannot be opened by its name; " +
      "try: ipvstat --replay - < /proc/self/stat",
  );
});

Deno.test("ipvstat --replay looks at the first bytes before it reads on", async () => {
  const line = "Cannot read capture: it is neither pcap nor pcapng";
  await isRefused("ipvstat --replay - < /dev/zero", line);
  await isRefused("yes | ipvstat --replay -", line);
  await withTempDir(async (dir) => {
    await isRefused(`truncate -s 5G ${dir}/sparse; ipvstat --replay ${dir}/sparse`, line);
  });
});

Deno.test("ipvstat --replay reads no more than --max-size, of a file and of a pipe", async () => {
  const { size } = Deno.statSync(DEMO);
  const larger = "is larger than the limit; raise it with --max-size";
  for (const [words, name] of [['"$DEMO"', DEMO], ['- < "$DEMO"', "standard input"]]) {
    const refusal = `Cannot read capture: ${name} ${larger} (now ${size - 1} bytes)`;
    await isRefused(`ipvstat --max-size ${size - 1} --replay ${words}`, refusal);
    for (const limit of [`${size}`, "1M", "2G"]) {
      const result = await shell(`ipvstat --max-size ${limit} --replay ${words}`);
      assert.deepEqual(result, { code: 0, stdout: EXPECTED, stderr: "" });
    }
  }
});

Deno.test("ipvstat --replay has a limit of 1 GiB of its own", async () => {
  await withTempDir(async (dir) => {
    const make = `cp "$DEMO" ${dir}/large; truncate -s 1073741825 ${dir}/large`;
    const line = `Cannot read capture: ${dir}/large is larger than the limit; ` +
      "raise it with --max-size (now 1 GiB)";
    await isRefused(`${make}; ipvstat --replay ${dir}/large`, line);
  });
});

Deno.test("ipvstat --max-size takes plain sizes, and goes with --replay", async () => {
  for (const size of ["0", "-1", "1.5M", "1k", "2GiB", "3G", "M", ""]) {
    await isRefused(`ipvstat --replay x --max-size '${size}'`, /--max-size (takes|needs)/, 2);
  }
  await isRefused("ipvstat --max-size 1M", "--max-size goes with --replay", 2);
});

Deno.test("ipvstat --replay of a terminal says what to do", async () => {
  const { stdout, code } = await shell(
    `script -qec "$DENO run --quiet --allow-read --allow-ffi $CLI --replay -" /dev/null < /dev/null`,
  );
  const line = "ipvstat: Cannot read capture: standard input is a terminal; name a file or a pipe";
  assert.equal(stdout.trim(), line);
  assert.equal(code, 1);
});

/** A capture of a whole listing, beside which the kernel refused something. */
function withRefusal(request: Uint8Array, errno: number): Monitor {
  const monitor = new Monitor();
  const kernel = new FakeKernel([{ mark: 1 }], 9);
  if (request[16] !== 3) monitor.exchange(kernel, ask.family({ sequence: 1, port: 9 }));
  monitor.see(request);
  monitor.see(control(2, -errno, { sequence: 2, port: 9 }, request));
  monitor.round(kernel, 3, 9);
  return monitor;
}

const AT = { sequence: 2, port: 9 };
const AN_ERROR = "the recording contains an error: IPVS_CMD_GET_INFO failed: ENOMEM: out of memory";
const REFUSALS: readonly (readonly [request: Uint8Array, errno: number, reason: string])[] = [
  [ask.info(AT), 1, "the recorded kernel returned EPERM for IPVS_CMD_GET_INFO"],
  [ask.config(AT), 13, "the recorded kernel returned EACCES for IPVS_CMD_GET_CONFIG"],
  [ask.daemons(AT), 1, "the recorded kernel returned EPERM for IPVS_CMD_GET_DAEMON"],
  [ask.family(AT), 1, "the recorded kernel returned EPERM for CTRL_CMD_GETFAMILY"],
  [ask.family(AT), 2, "the recorded kernel had no IPVS (ENOENT)"],
  [ask.info(AT), 12, AN_ERROR],
];
for (const [request, errno, reason] of REFUSALS) {
  Deno.test(`ipvstat --replay exits 1 with advice for no machine where ${reason}`, async () => {
    await withTempDir(async (dir) => {
      Deno.writeFileSync(`${dir}/x.pcap`, pcap(withRefusal(request, errno).seen));
      await isRefused(`ipvstat --replay ${dir}/x.pcap`, `Cannot read capture: ${reason}`);
    });
  });
}

/** A capture of a listing that was refused, or of a family that was looked up in vain. */
function refusedListing(errno: number): Uint8Array {
  const monitor = new Monitor();
  const kernel = new FakeKernel([], 9);
  if (errno === 2) {
    const lookup = ask.family({ sequence: 1, port: 9 });
    monitor.see(lookup);
    monitor.see(control(2, -errno, { sequence: 1, port: 9 }, lookup));
    return pcap(monitor.seen);
  }
  monitor.exchange(kernel, ask.family({ sequence: 1, port: 9 }));
  const listing = ask.services({ sequence: 2, port: 9 });
  monitor.see(listing);
  monitor.see(control(2, -errno, { sequence: 2, port: 9 }, listing));
  return pcap(monitor.seen);
}

Deno.test("openReplay() says of a listing that the kernel refused it", async () => {
  await withTempDir((dir) => {
    const file = `${dir}/x.pcap`;
    Deno.writeFileSync(file, refusedListing(1));
    assert.throws(() => openReplay(file, { round: 1 }), {
      name: "CaptureError",
      message: "Cannot read capture: snapshot 1 of 1 is incomplete: " +
        "the recorded kernel returned EPERM for IPVS_CMD_GET_SERVICE",
    });
    Deno.writeFileSync(file, refusedListing(2));
    assert.throws(() => openReplay(file), {
      name: "CaptureError",
      message: "Cannot read capture: it contains no list of virtual servers: " +
        "the recorded kernel had no IPVS (ENOENT)",
    });
  });
});
