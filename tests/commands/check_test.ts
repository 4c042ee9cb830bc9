/** `ipvstat check`: options, sources and exit codes. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { check } from "../../lib/commands/check.ts";
import { parseArguments } from "../../lib/commands/parse.ts";
import type { ShowSource } from "../../lib/commands/show.ts";
import { ENOENT, NetlinkError } from "../../lib/netlink/errors.ts";
import { moduleTempDir, run } from "../_commands.ts";
import { fakeKernel, type FakeService } from "../_fake_kernel.ts";
import { fileWriter, recordingOf } from "./_recordings.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const DIR = moduleTempDir();

const GOOD: FakeService = {
  address: "10.0.0.1",
  port: 80,
  destinations: [{ address: "10.1.0.1", port: 80 }, { address: "10.1.0.2", port: 80, weight: 0 }],
};

const write = fileWriter(DIR);
const RECORDING = write("good.pcap", recordingOf([{ time: 100n, services: [GOOD] }]));
const RULES = write(
  "rules",
  "-A -t 10.0.0.1:80 -s rr\n-a -t 10.0.0.1:80 -r 10.1.0.1:80 -m -w 1\n" +
    "-a -t 10.0.0.1:80 -r 10.1.0.2:80 -m -w 1\n",
);
const NAMES = write("names", '{"name":"shop","address":"10.0.0.2"}\n');

/** The exit code and the output for a table. */
async function checked(
  words: string[],
  services: readonly FakeService[] = [GOOD],
): Promise<[code: number, text: string]> {
  let text = "";
  const open = (): Promise<ShowSource & Disposable> =>
    Promise.resolve({ ...fakeKernel({ services }), [Symbol.dispose]() {} });
  const sink = (chunk: Uint8Array) => void (text += new TextDecoder().decode(chunk));
  return [await check(parseArguments(["check", ...words]), sink, open), text];
}

Deno.test("check exits with 0, 1, 2 and 3 for OK, WARNING, CRITICAL and UNKNOWN", async () => {
  const results: [words: string[], services: FakeService[], code: number, text: RegExp][] = [
    [[], [GOOD], 0, /^IPVS OK - 1 virtual server, 2 real servers, 1 usable \| virtual_servers=1;/],
    [["--warning-usable", "100%"], [GOOD], 1, /^IPVS WARNING - tcp 10\.0\.0\.1:80: 1 of 2 real/],
    [["--critical-usable", "2"], [GOOD], 2, /^IPVS CRITICAL - .*fewest_usable=1;;2:;0 /],
    [["--sync", "master"], [GOOD], 2, /^IPVS CRITICAL - sync daemons: none instead of master /],
    [["--uneven", "20%"], [GOOD], 3, /^IPVS UNKNOWN - shares cannot be compared/],
    [[], [], 3, /^IPVS UNKNOWN - there is no virtual server \|/],
    [["--none"], [], 0, /^IPVS OK - no virtual servers and no sync daemons\n$/],
    [["--none"], [GOOD], 2, /^IPVS CRITICAL - tcp 10\.0\.0\.1:80: exists\nCRITICAL tcp/],
  ];
  for (const [words, services, code, text] of results) {
    const [actual, output] = await checked(words, services);
    assert.equal(actual, code, output);
    assert.match(output, text);
  }
});

Deno.test("check --expect takes a recording, rules and names", async () => {
  assert.equal((await checked(["--expect", RECORDING]))[0], 0);
  const [rules, weight] = await checked(["--expect", RULES]);
  assert.equal(rules, 1);
  assert.match(weight, /\nWARNING tcp 10\.0\.0\.1:80 10\.1\.0\.2:80: weight 0 instead of 1\n$/);
  const [names, missing] = await checked(["--expect", NAMES]);
  assert.equal(names, 2);
  assert.match(
    missing,
    /\nCRITICAL shop \(10\.0\.0\.2\): missing\nWARNING tcp 10\.0\.0\.1:80: unex/,
  );
});

Deno.test("check --none is OK if ip_vs is not loaded, and nothing else is", async () => {
  const open = () => {
    throw new NetlinkError({ request: "CTRL_CMD_GETFAMILY", errno: ENOENT });
  };
  let text = "";
  const sink = (chunk: Uint8Array) => void (text += new TextDecoder().decode(chunk));
  assert.equal(await check(parseArguments(["check", "--none"]), sink, open), 0);
  assert.equal(text, "IPVS OK - no virtual servers and no sync daemons: ip_vs is not loaded\n");
  await assert.rejects(check(parseArguments(["check"]), sink, open), { name: "NetlinkError" });
});

const WRONG = [
  ["--warning-usable", "0"],
  ["--critical-usable", "101%"],
  ["--critical-usable", "-1"],
  ["--uneven", "101"],
  ["--uneven", "x"],
  ["--expect", NAMES, "--protocol", "tcp"],
  ["--expect", "-", "--replay", "-"],
  ["--none", "--expect", NAMES],
];

Deno.test("check refuses invalid values and combinations", async () => {
  for (const words of WRONG) {
    await assert.rejects(async () => await checked(words), { name: "UsageError" }, words.join(" "));
  }
});

Deno.test("ipvstat check writes everything that goes wrong to standard output, and exits with 3", async () => {
  const flags = ["--quiet", "--no-prompt", "--allow-ffi", "--allow-read", "--allow-write"];
  const ipvstat = (...args: string[]) =>
    run([Deno.execPath(), "run", ...flags, join(ROOT, "cli.ts"), "check", ...args]);
  const good = await ipvstat("--replay", RECORDING, "--expect", RECORDING);
  assert.deepEqual([good.code, good.stderr], [0, ""]);
  for (
    const args of [
      ["--replay", join(DIR, "missing")],
      ["--replay", RECORDING, "--expect", write("text", "hello\n")],
      ["--bogus"],
      ["--replay", RECORDING, "--critical-usable", "many"],
      ["--replay", "/dev/null", "stray"],
    ]
  ) {
    const { code, stdout, stderr } = await ipvstat(...args);
    assert.deepEqual([code, stderr], [3, ""], stdout);
    assert.match(stdout, /^IPVS UNKNOWN - [A-Z][^\n|]+\n$/);
  }
});
