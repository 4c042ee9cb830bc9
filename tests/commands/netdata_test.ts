/** Tests what makes a stream a plugin of netdata: its interval, and how it fails. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { netdataInterval, netdataPlugin } from "../../lib/commands/netdata.ts";
import { collect } from "../../lib/ipvs/collect.ts";
import { ENOENT, NetlinkError } from "../../lib/netlink/errors.ts";
import { run } from "../_commands.ts";
import { fakeKernel, procStats } from "../_fake_kernel.ts";
import { textOf } from "../_output_parsers.ts";
import { PluginOutput } from "../output/_plugins_d.ts";

const CLI = fileURLToPath(new URL("../../cli.ts", import.meta.url));
const EPERM = 1, EIO = 5;
const VARIABLE = "NETDATA_UPDATE_EVERY";

/** Runs the program on the demo, with netdata's variable if it is given. */
function stream(args: readonly string[], updateEvery?: string) {
  const permissions = ["--allow-read", `--allow-env=${VARIABLE}`];
  const words = [Deno.execPath(), "run", "--quiet", "--no-prompt", ...permissions, CLI, "stream"];
  const env = updateEvery === undefined ? {} : { [VARIABLE]: updateEvery };
  return run([...words, "--demo", "--count", "1", ...args], { env });
}

/** Seconds between the readings that a program announces to netdata. */
function announced(text: string): number[] {
  const output = new PluginOutput();
  output.add(text);
  return [...new Set([...output.charts.values()].map(({ updateEvery }) => updateEvery))];
}

for (
  const [argument, shortest, interval] of [
    [undefined, undefined, undefined],
    ["3", undefined, "3"],
    [undefined, "5", "5"],
    ["1", "2", "2"],
    ["3", "2", "3"],
    ["10", "9", "10"],
    ["500ms", "2", "2"],
    ["1m", "2", "1m"],
  ] as const
) {
  Deno.test(`with argument ${argument} and ${VARIABLE} ${shortest}, the interval is ${interval}`, () => {
    const before = Deno.env.get(VARIABLE);
    try {
      if (shortest === undefined) Deno.env.delete(VARIABLE);
      else Deno.env.set(VARIABLE, shortest);
      assert.equal(netdataInterval(argument), interval);
    } finally {
      if (before === undefined) Deno.env.delete(VARIABLE);
      else Deno.env.set(VARIABLE, before);
    }
  });
}

Deno.test("stream -o netdata takes the interval from its argument, option or environment", async () => {
  const netdata = ["-o", "netdata"];
  assert.deepEqual(announced((await stream([...netdata, "3"])).stdout), [3]);
  assert.deepEqual(announced((await stream([...netdata, "3"], "4")).stdout), [4]);
  assert.deepEqual(announced((await stream(netdata, "5")).stdout), [5]);
  assert.deepEqual(announced((await stream([...netdata, "--interval", "0.5"], "6")).stdout), [1]);
  assert.deepEqual(announced((await stream([...netdata, "--servers", "5"])).stdout), [5, 10]);
  const wrong = await stream(netdata, "often");
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /Invalid SECONDS "often" for NETDATA_UPDATE_EVERY/);
  const twice = await stream(["3", "--interval", "4"]);
  assert.equal(twice.code, 2);
  assert.match(twice.stderr, /^ipvstat: SECONDS and option --interval cannot be combined\n$/);
});

function failure(errno: number): NetlinkError {
  return new NetlinkError({ request: "IPVS_CMD_GET_INFO", errno });
}

/** A plugin, what it sends to netdata, and the errors that it reports, whose code is their number. */
function plugin(onReport = () => {}) {
  const errors: unknown[] = [];
  let sent = "";
  const sink = (bytes: Uint8Array) => void (sent += new TextDecoder().decode(bytes));
  const report = (error: unknown) => {
    onReport();
    return Promise.resolve(errors.push(error));
  };
  const { encode, report: fail } = netdataPlugin(sink, { updateEvery: 1, report });
  return { errors, encode, fail, sent: () => sent };
}

Deno.test("if the kernel refuses, it is reported before netdata is told not to start again", async () => {
  const refusal = failure(EPERM);
  const { errors, fail, sent } = plugin(() => assert.equal(sent(), ""));
  assert.equal(await fail(refusal), 1);
  assert.equal(sent(), "DISABLE\n");
  assert.deepEqual(errors, [refusal]);
});

Deno.test("a failure that repeats is reported once, and netdata gets an empty line for each", async () => {
  const { errors, encode, fail, sent } = plugin();
  const [missing, other] = [failure(ENOENT), failure(EIO)];
  assert.equal(await fail(missing), 1);
  assert.equal(await fail(failure(ENOENT)), 1);
  assert.equal(await fail(other), 2);
  assert.equal(await fail(missing), 3);
  assert.equal(sent(), "\n\n\n\n");
  const source = fakeKernel({ proc: { ip_vs_stats: procStats({}) } });
  assert.match(textOf((sink) => encode(collect(source), sink)), /^CHART /);
  assert.equal(await fail(missing), 4);
  assert.deepEqual(errors, [missing, other, missing, missing]);
});
