/** The recipes of docs/telegraf.md, run as telegraf does. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { parseArguments } from "../../lib/commands/parse.ts";
import { outputOf, withTempDir } from "../_commands.ts";
import { inconsistentKernel } from "../_fake_kernel.ts";
import { hardKernel } from "../_hard_cases.ts";
import { virtualLines } from "../output/_expected_influx.ts";
import {
  assertHardCases,
  commandFor,
  contentsOf,
  gather,
  recipe,
  recordingOf,
} from "./_telegraf.ts";

const [EXEC = ""] = recipe("exec").get("commands") as string[];

Deno.test("the recipe for exec is that of examples/telegraf.conf, and has valid options", () => {
  const { command, options } = parseArguments(EXEC.split(" ").slice(1));
  assert.deepEqual([command, ...options], ["show", ["output", "influx"]]);
  assert.equal(recipe("exec").get("data_format"), "influx");
});

Deno.test("telegraf's exec gets every server of the hard cases", () =>
  withTempDir(async (dir) => {
    const capture = await recordingOf(hardKernel(), dir);
    const command = await commandFor(EXEC.split(" "), dir, "--replay", capture);
    const result = await gather(command);
    assert.ok("metrics" in result, JSON.stringify(result));
    assertHardCases(result.metrics);
  }));

Deno.test("telegraf's exec logs the whole message of a failed read, and gets no metrics", () =>
  withTempDir(async (dir) => {
    const command = await commandFor(EXEC.split(" "), dir, "--replay", "/nowhere/x.pcap");
    assert.deepEqual(await gather(command), {
      error: "exit status 1: ipvstat: Cannot read /nowhere/x.pcap: no such file",
    });
  }));

Deno.test("telegraf's exec drops an inconsistent snapshot unless errors are ignored", () =>
  withTempDir(async (dir) => {
    const capture = await recordingOf(inconsistentKernel(), dir);
    const command = await commandFor(EXEC.split(" "), dir, "--replay", capture);
    const result = await gather(command);
    assert.ok("error" in result);
    assert.match(
      result.error,
      /^exit status 5: ipvstat: The table could not be read consistently; .*[^.]$/,
    );
    const ignoring = await gather(command, { ignoreError: true });
    assert.ok("metrics" in ignoring);
    const virtual = contentsOf(ignoring.metrics)
      .filter(({ measurement }) => measurement === "ipvs_virtual_server");
    assert.deepEqual(virtual, virtualLines([{ fwmark: 1 }], false));
  }));

Deno.test("SIGTERM, which telegraf's exec sends after its timeout, ends a read that hangs", () =>
  withTempDir(async (dir) => {
    const pipe = join(dir, "pipe");
    await outputOf(["mkfifo", pipe]);
    const [script, ...args] = await commandFor(EXEC.split(" "), dir, "--replay", pipe);
    const pipes = { stdin: "null", stdout: "null", stderr: "null" } as const;
    const child = new Deno.Command(script!, { args, ...pipes }).spawn();
    // Opening the pipe waits until the program reads from it.
    using _writer = await Deno.open(pipe, { write: true });
    child.kill("SIGTERM");
    assert.equal((await child.status).signal, "SIGTERM");
  }));
