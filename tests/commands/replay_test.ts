import assert from "node:assert/strict";
import { join } from "node:path";
import { openReplay } from "../../lib/commands/replay.ts";
import { pcap } from "../capture/_file_writers.ts";
import { ask, control, FakeKernel, Monitor } from "../capture/_monitor.ts";
import { type Result, run, withTempDir } from "../_commands.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const DEMO = join(ROOT, "testdata/demo/capture.pcap");
const EXPECTED = Deno.readTextFileSync(join(ROOT, "testdata/demo/expected.json"));

/** Runs a shell script in which `ipvstat` is `ipvstat -o json`. */
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

Deno.test("ipvstat --replay refuses devices and directories before reading them", async () => {
  await isRefused("ipvstat --replay /dev/zero", "Cannot read /dev/zero: it is a device");
  await isRefused("ipvstat --replay /dev/null", "Cannot read /dev/null: it is a device");
  await isRefused("ipvstat --replay /usr", "Cannot read /usr: it is a directory");
  await isRefused("ipvstat --replay - < /usr", "Cannot read standard input: is a directory");
  await isRefused(
    "ipvstat --replay /proc/self/stat",
    "Cannot read /proc/self/stat: the runtime does not open this file by name; " +
      "use - < /proc/self/stat",
  );
});

Deno.test("ipvstat --replay checks the first bytes before it reads on", async () => {
  const line = (name: string) => `Cannot read ${name}: it is neither pcap nor pcapng`;
  await isRefused("ipvstat --replay - < /dev/zero", line("standard input"));
  await isRefused("yes | ipvstat --replay -", line("standard input"));
  await withTempDir(async (dir) => {
    const script = `truncate -s 5G ${dir}/sparse; ipvstat --replay ${dir}/sparse`;
    await isRefused(script, line(`${dir}/sparse`));
  });
});

Deno.test("ipvstat --replay reads no more than --max-size from a file and from a pipe", async () => {
  const { size } = Deno.statSync(DEMO);
  for (const [words, name] of [['"$DEMO"', DEMO], ['- < "$DEMO"', "standard input"]]) {
    const refusal = `Cannot read ${name}: it is larger than ${size - 1} bytes; ` +
      "raise the limit with --max-size";
    await isRefused(`ipvstat --max-size ${size - 1} --replay ${words}`, refusal);
    for (const limit of [`${size}`, "1M", "2G"]) {
      const result = await shell(`ipvstat --max-size ${limit} --replay ${words}`);
      assert.deepEqual(result, { code: 0, stdout: EXPECTED, stderr: "" });
    }
  }
});

Deno.test("ipvstat --replay has a default limit of 1 GiB", async () => {
  await withTempDir(async (dir) => {
    const make = `cp "$DEMO" ${dir}/large; truncate -s 1073741825 ${dir}/large`;
    const line = `Cannot read ${dir}/large: it is larger than 1 GiB; ` +
      "raise the limit with --max-size";
    await isRefused(`${make}; ipvstat --replay ${dir}/large`, line);
  });
});

Deno.test("ipvstat --max-size takes plain sizes, and requires a capture", async () => {
  for (const size of ["0", "-1", "1.5M", "1k", "2GiB", "3G", "M", ""]) {
    await isRefused(
      `ipvstat --replay x --max-size '${size}'`,
      /^ipvstat: (Invalid|Missing) SIZE .*--max-size: use a size such as 512M, at most 2G$/m,
      2,
    );
  }
  await isRefused("ipvstat --max-size 1M", "Option --max-size requires --replay or --demo", 2);
});

Deno.test("ipvstat --replay of a terminal says what to do", async () => {
  const { stdout, code } = await shell(
    `script -qec "$DENO run --quiet --allow-read --allow-ffi $CLI --replay -" /dev/null < /dev/null`,
  );
  const line = "ipvstat: Cannot read standard input: it is a terminal; use a file or a pipe";
  assert.equal(stdout.trim(), line);
  assert.equal(code, 1);
});

/** A capture with a complete listing, and a request that the kernel refused. */
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
  Deno.test(`ipvstat --replay exits 1 without advice for this machine if ${reason}`, async () => {
    await withTempDir(async (dir) => {
      Deno.writeFileSync(`${dir}/x.pcap`, pcap(withRefusal(request, errno).seen));
      await isRefused(`ipvstat --replay ${dir}/x.pcap`, `Cannot read ${dir}/x.pcap: ${reason}`);
    });
  });
}

Deno.test("ipvstat --replay says plainly that a file cannot be read", async () => {
  await withTempDir(async (dir) => {
    await isRefused(`ipvstat --replay ${dir}/x.pcap`, `Cannot read ${dir}/x.pcap: no such file`);
    const folder = `: > ${dir}/file; ipvstat --replay ${dir}/file/x.pcap`;
    await isRefused(folder, `Cannot read ${dir}/file/x.pcap: not a directory`);
    await isRefused(`ipvstat --replay ${dir}/file`, `Cannot read ${dir}/file: it is empty`);
  });
  await isRefused("ipvstat --replay - < /dev/null", "Cannot read standard input: it is empty");
});

Deno.test("ipvstat --replay of a capture without a listing says how to record one", async () => {
  const file = join(ROOT, "tests/capture/data/no_listing.pcap");
  const line = "run ipvsadm -Ln while capturing";
  await isRefused(`ipvstat --replay ${file}`, `No IPVS listing in ${file}; ${line}`);
  await isRefused(`ipvstat --round 2 --replay ${file}`, `No IPVS listing in ${file}; ${line}`);
  await isRefused(`ipvstat --replay - < ${file}`, `No IPVS listing in standard input; ${line}`);
});

Deno.test("ipvstat --round says how many snapshots the capture has", async () => {
  await isRefused('ipvstat --round 99 --replay "$DEMO"', `${DEMO} has 1 snapshot, not 99`);
  await isRefused("ipvstat --round 99 --demo", "The built-in recording has 1 snapshot, not 99");
  const twice = join(ROOT, "tests/capture/data/ipvsadm_twice.pcap");
  await isRefused(`ipvstat --round 99 --replay ${twice}`, `${twice} has 2 snapshots, not 99`);
});

/** A capture with a refused listing, or with a failed lookup of the family. */
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

Deno.test("openReplay() reports that the recorded kernel refused the listing", async () => {
  await withTempDir((dir) => {
    const file = `${dir}/x.pcap`;
    Deno.writeFileSync(file, refusedListing(1));
    assert.throws(() => openReplay(file, { round: 1 }), {
      name: "CaptureFileError",
      message: `Cannot read ${file}: snapshot 1 of 1 is incomplete: ` +
        "the recorded kernel returned EPERM for IPVS_CMD_GET_SERVICE",
    });
    Deno.writeFileSync(file, refusedListing(2));
    assert.throws(() => openReplay(file), {
      name: "CaptureFileError",
      message: `Cannot read ${file}: it contains no list of virtual servers: ` +
        "the recorded kernel had no IPVS (ENOENT)",
    });
  });
});
