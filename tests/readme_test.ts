import assert from "node:assert/strict";
import { EXIT_CODES } from "../lib/commands/exit_codes.ts";
import { helpText } from "../lib/commands/help.ts";
import { PERMISSIONS } from "../packaging/flags.ts";

const read = (path: string) => Deno.readTextFileSync(new URL(`../${path}`, import.meta.url));

const README = read("README.md");

/** Contents of the fenced blocks of one kind. */
function blocks(kind: string): string[] {
  return [...README.matchAll(new RegExp(`\`\`\`${kind}\\n(.*?)\`\`\``, "gs"))].map((m) => m[1]!);
}

Deno.test("README shows the demo's real output", () => {
  assert.equal(blocks("text")[0], read("testdata/demo/expected-80.txt"));
});

const SOURCES: readonly string[] = [
  "expected.influx",
  "expected-extended.influx",
  "expected.prom",
  "expected.openmetrics",
].map((file) => read(`testdata/demo/${file}`));

Deno.test("README's samples of the formats are lines of the demo's real outputs", () => {
  const lines = blocks("text").slice(1).flatMap((block) => block.trimEnd().split("\n"));
  assert.ok(lines.length > 10);
  for (const line of lines) {
    assert.ok(SOURCES.some((source) => source.split("\n").includes(line)), line);
  }
});

Deno.test("README's JSON is of the demo's real output", () => {
  const json = read("testdata/demo/expected.json");
  const [block = ""] = blocks("json");
  for (const line of block.trimEnd().split("\n")) assert.ok(json.includes(line), line);
});

Deno.test("README names only tasks that exist", () => {
  const { tasks } = JSON.parse(read("deno.json"));
  for (const [, task = ""] of README.matchAll(/npx -y deno@2\.9\.6 task (\w+)/g)) {
    assert.ok(task in tasks, task);
  }
});

Deno.test("README shows the real help", () => {
  assert.ok(blocks("console").includes(`$ ipvstat --help\n${helpText()}`));
});

Deno.test("README runs cli.ts with the permissions of the binary", () => {
  const [line = ""] = /^ +(?:sudo )?deno run .*cli\.ts$/m.exec(README) ?? [];
  const flags = line.split(" ").filter((word) => word.startsWith("--allow-"));
  assert.deepEqual(flags, PERMISSIONS);
});

Deno.test("README has the exit codes of the man page", () => {
  for (const { code, meaning, details } of EXIT_CODES) {
    const words = details === undefined ? meaning : `${meaning} (${details})`;
    const row = new RegExp(`^\\| ${code} +\\| ${RegExp.escape(words)} +\\|$`, "m");
    assert.match(README, row);
  }
});
