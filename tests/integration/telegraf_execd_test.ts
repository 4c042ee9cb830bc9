/** The recipes for execd in docs/telegraf.md, run as telegraf does. */
import assert from "node:assert/strict";
import { parseArguments } from "../../lib/commands/parse.ts";
import { withTempDir } from "../_commands.ts";
import { type FakeSource, inconsistentKernel } from "../_fake_kernel.ts";
import { hardKernel } from "../_hard_cases.ts";
import { parseLineProtocol } from "../_output_parsers.ts";
import { blocks, read } from "../_pages.ts";
import { virtualLines } from "../output/_expected_influx.ts";
import { Execd } from "./_execd.ts";
import {
  assertHardCases,
  commandFor,
  contentsOf,
  HARD_LINES,
  recipe,
  recordingOf,
} from "./_telegraf.ts";

const COMMAND = recipe("execd").get("command") as string[];
const PAGE = read("docs/telegraf.md");

/** The command for a value of `signal`: the recipe's, with what the table has in its place. */
function commandOf(signal: string): string[] {
  const [, words = ""] =
    new RegExp(`^\\| \`${signal}\` +\\| (?:\`(.*?)\`)? *\\|`, "m").exec(PAGE) ?? [];
  return words === "" ? COMMAND : [...COMMAND.slice(0, -2), ...words.split(" ")];
}

const SIGUSR1 = 10;

/** Checks that these are whole batches of the hard cases, each of one moment. */
function assertBatches(text: string, count: number): void {
  const lines = parseLineProtocol(text);
  const times = [...new Set(lines.map(({ time }) => time))];
  assert.equal(times.length, count);
  assert.deepEqual(times, times.toSorted());
  for (const at of times) assertHardCases(lines.filter(({ time }) => time === at));
}

/** Runs a test with the command for a signal, on a recording that is replayed again and again. */
function withRecording(
  signal: string,
  kernel: FakeSource,
  use: (command: readonly string[]) => Promise<void>,
): Promise<void> {
  return withTempDir(async (dir) => {
    const capture = await recordingOf(kernel, dir);
    await use(await commandFor(commandOf(signal), dir, "--replay", capture, "--loop"));
  });
}

Deno.test("the recipes for execd have valid options", () => {
  assert.equal(recipe("execd").get("signal"), "STDIN");
  assert.equal(recipe("execd").get("data_format"), "influx");
  const triggers = ["STDIN", "SIGUSR1", "none"].map((signal) => {
    const { command, options } = parseArguments(commandOf(signal).slice(1));
    assert.equal(command, "stream");
    assert.equal(options.get("output"), "influx");
    return options.get("on") ?? options.get("interval");
  });
  assert.deepEqual(triggers, ["stdin", "SIGUSR1", "10"]);
  assert.equal(blocks(PAGE, "toml").length, 2);
});

Deno.test("execd gets a whole batch for each line feed, and closing standard input ends the program", () =>
  withRecording("STDIN", hardKernel(), async (command) => {
    await using execd = new Execd(command);
    for (let batch = 1; batch <= 3; batch++) {
      await execd.gather("STDIN");
      await execd.output.wait(batch * HARD_LINES);
    }
    await execd.closeInput();
    assert.equal(await execd.ended(), 0);
    assert.equal(execd.errors.text, "");
    assertBatches(execd.output.text, 3);
  }));

Deno.test("execd gets a whole batch for each SIGUSR1, and SIGTERM ends the program", () =>
  withRecording("SIGUSR1", hardKernel(), async (command) => {
    await using execd = new Execd(command);
    await execd.waitForHandler(SIGUSR1);
    for (let batch = 1; batch <= 3; batch++) {
      await execd.gather("SIGUSR1");
      await execd.output.wait(batch * HARD_LINES);
    }
    await execd.closeInput();
    execd.kill("SIGTERM");
    assert.equal(await execd.ended(), 0);
    assert.equal(execd.errors.text, "");
    assertBatches(execd.output.text, 3);
  }));

Deno.test("execd gets batches without a signal, and SIGTERM ends the program", () =>
  withRecording("none", hardKernel(), async (command) => {
    await using execd = new Execd(command.map((word) => word === "10" ? "0.01" : word));
    await execd.output.wait(3 * HARD_LINES);
    await execd.closeInput();
    execd.kill("SIGTERM");
    assert.equal(await execd.ended(), 0);
    const batches = execd.output.text.split("\n").length / HARD_LINES;
    assertBatches(execd.output.text, Math.floor(batches));
  }));

Deno.test("execd gets batches again after the program was killed and restarted", () =>
  withRecording("STDIN", hardKernel(), async (command) => {
    for (const end of ["killed", "stopped"]) {
      await using execd = new Execd(command);
      await execd.gather("STDIN");
      await execd.output.wait(HARD_LINES);
      if (end === "killed") execd.kill("SIGKILL");
      else await execd.closeInput();
      assert.equal(await execd.ended(), end === "killed" ? 137 : 0);
      assertBatches(execd.output.text, 1);
    }
  }));

Deno.test("execd gets each message as a whole line, and the metrics of inconsistent snapshots", () =>
  withRecording("STDIN", inconsistentKernel(), async (command) => {
    await using execd = new Execd(command);
    for (let batch = 1; batch <= 3; batch++) {
      await execd.gather("STDIN");
      await execd.errors.wait(batch);
    }
    await execd.closeInput();
    assert.equal(await execd.ended(), 0);
    const messages = execd.errors.text.trimEnd().split("\n");
    assert.equal(messages.length, 3);
    for (const message of messages) {
      assert.match(message, /^ipvstat: The table could not be read consistently; .*[^.]$/);
    }
    const virtual = contentsOf(parseLineProtocol(execd.output.text))
      .filter(({ measurement }) => measurement === "ipvs_virtual_server");
    const [line] = virtualLines([{ fwmark: 1 }], false);
    assert.deepEqual(virtual, [line, line, line]);
  }));
