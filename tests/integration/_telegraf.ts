/**
 * Runs the recipes of docs/telegraf.md as telegraf 1.40 does, which cannot be installed from Debian.
 * The facts are from the source of its plugins `inputs.exec` and `inputs.execd`.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { record } from "../../lib/commands/record.ts";
import { run } from "../_commands.ts";
import type { FakeSource } from "../_fake_kernel.ts";
import { HARD_SERVICES, HARD_TOTALS } from "../_hard_cases.ts";
import { type Line, parseLineProtocol } from "../_output_parsers.ts";
import { blocks, read } from "../_pages.ts";
import { realLines, totalLine, virtualLines } from "../output/_expected_influx.ts";

const CLI = new URL("../../cli.ts", import.meta.url).pathname;
const PERMISSIONS = ["--allow-ffi", "--allow-read", "--allow-write"];

/** The settings of a plugin. */
export type Settings = ReadonlyMap<string, unknown>;

/** The settings in the recipe for a plugin; the recipes have strings and lists of strings only. */
export function recipe(plugin: "exec" | "execd"): Settings {
  const block = blocks(read("docs/telegraf.md"), "toml")
    .find((text) => text.startsWith(`[[inputs.${plugin}]]\n`));
  assert.ok(block, `docs/telegraf.md has no recipe for ${plugin}`);
  const lines = block.matchAll(/^ +(\w+) = (.*)$/gm);
  return new Map([...lines].map(([, name, value]) => [name!, JSON.parse(value!)]));
}

/**
 * Replaces the program of a recipe by a script that starts it from source, with more arguments, such
 * as a recording to replay.
 */
export async function commandFor(
  words: readonly string[],
  dir: string,
  ...more: readonly string[]
): Promise<string[]> {
  const [program, ...args] = words;
  assert.equal(program, "/usr/bin/ipvstat");
  const start = [Deno.execPath(), "run", "--quiet", "--no-prompt", ...PERMISSIONS, CLI];
  const quoted = (texts: readonly string[]) => texts.map((text) => `'${text}'`).join(" ");
  const script = join(dir, "ipvstat");
  await Deno.writeTextFile(script, `#!/bin/sh\nexec ${quoted(start)} "$@" ${quoted(more)}\n`);
  await Deno.chmod(script, 0o755);
  return [script, ...args];
}

/** What `inputs.exec` makes of a run: metrics, or the text of an error in telegraf's log. */
export type Gathered =
  | { readonly metrics: readonly Line[] }
  | { readonly error: string };

/**
 * One interval of `inputs.exec`: no shell, no standard input. Unless the exit code is 0 or errors are
 * ignored, the output is dropped, and the log has the first line of standard error, of which at most
 * 512 bytes. One line that cannot be parsed makes it drop all.
 */
export async function gather(
  words: readonly string[],
  options: { readonly ignoreError?: boolean } = {},
): Promise<Gathered> {
  const { code, stdout, stderr } = await run(words);
  if (code === 0 || options.ignoreError) return { metrics: parseLineProtocol(stdout) };
  const [line = "", rest = ""] = stderr.slice(0, 512).split("\n");
  const isWhole = stderr.length <= 512 && rest === "";
  return { error: `exit status ${code}: ${line}${isWhole ? "" : "..."}` };
}

/** Records a snapshot of a fake kernel; returns the path of the capture. */
export async function recordingOf(kernel: FakeSource, dir: string): Promise<string> {
  const capture = join(dir, "capture.pcap");
  using file = Deno.createSync(capture);
  await record(kernel, (bytes) => file.writeSync(bytes), { rounds: 1, interval: 0 });
  return capture;
}

/** Lines without their times. */
export function contentsOf(lines: readonly Line[]) {
  return lines.map(({ measurement, tags, fields }) => ({
    measurement,
    tags: Object.fromEntries(tags),
    fields: Object.fromEntries(fields),
  }));
}

/** The number of lines for the hard cases. */
export const HARD_LINES = 1 + virtualLines(HARD_SERVICES, false).length +
  realLines(HARD_SERVICES, false).length;

/** Checks that lines are those of the hard cases. */
export function assertHardCases(lines: readonly Line[]): void {
  const found = contentsOf(lines);
  const of = (name: string) => found.filter(({ measurement }) => measurement === name);
  assert.deepEqual(of("ipvs"), [totalLine(HARD_TOTALS)]);
  assert.deepEqual(of("ipvs_virtual_server"), virtualLines(HARD_SERVICES, false));
  assert.deepEqual(of("ipvs_real_server"), realLines(HARD_SERVICES, false));
  assert.equal(found.length, HARD_LINES);
}
