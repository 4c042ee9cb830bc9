import assert from "node:assert/strict";
import { join } from "node:path";
import { run, withTempDir } from "./_commands.ts";
import { summarize } from "./_skips.ts";

const RUNNER = join(import.meta.dirname!, "run.ts");
const COMMANDS = new URL("_commands.ts", import.meta.url).href;

Deno.test("summarize() lists each file once, and a single command for all packages", () => {
  const [a, b] = ["tests/a_test.ts", "tests/b_test.ts"];
  const summary = summarize([
    { file: b, packages: ["tshark"] },
    { file: a, packages: ["strace", "fish"] },
    { file: b, packages: [], reason: "only root can mount" },
    { file: a, packages: ["fish"] },
  ]);
  assert.equal(
    summary,
    `\
Some tests were skipped:
  tests/a_test.ts: needs fish, strace
  tests/b_test.ts: needs tshark; only root can mount
To run those that need packages: apt-get install fish strace tshark
`,
  );
});

Deno.test("summarize() prints no command if no package is missing, and nothing if no test was skipped", () => {
  const summary = summarize([{ file: "tests/a_test.ts", packages: [], reason: "not on Linux" }]);
  assert.equal(summary, "Some tests were skipped:\n  tests/a_test.ts: not on Linux\n");
  assert.equal(summarize([]), "");
});

/** Runs tests/run.ts on a test module. */
async function runModule(body: string, ...args: string[]) {
  return await withTempDir(async (dir) => {
    const imports = `import { anyOf, cannotFind, mustSkip } from ${JSON.stringify(COMMANDS)};\n`;
    await Deno.writeTextFile(join(dir, "some_test.ts"), imports + body);
    const words = [Deno.execPath(), "run", "--allow-all", "--no-config", RUNNER, "--no-check"];
    const env = { NO_COLOR: "1", IPVSTAT_REQUIRE_ALL: "" };
    return await run([...words, "--no-config", ...args, dir], { env });
  });
}

const SKIPPED = `
Deno.test({ name: "first", ignore: cannotFind({ "no-program": "one" }), fn() {} });
const ignore = anyOf(mustSkip("not here"), cannotFind({ "/no/file": "two", sh: "dash" }));
Deno.test({ name: "second", ignore, fn() {} });
`;

Deno.test("tests/run.ts prints a summary of the skipped tests at the end", async () => {
  const { code, stdout } = await runModule(`${SKIPPED}Deno.test("third", () => {});`);
  assert.equal(code, 0);
  const [, end = ""] = /\nok \| 1 passed \| 0 failed \| 2 ignored .*\n\n([^]*)$/.exec(stdout) ?? [];
  assert.match(
    end,
    /^Some tests were skipped:\n.*\/some_test\.ts: needs one, two; not here\n.*: apt-get install one two\n$/,
    stdout,
  );
});

Deno.test("tests/run.ts passes its arguments to deno test, and returns its exit code", async () => {
  const failing = `Deno.test("good", () => {});
Deno.test("bad", () => { throw new Error("on purpose"); });`;
  const all = await runModule(failing);
  assert.equal(all.code, 1);
  assert.match(all.stdout, /^FAILED \| 1 passed \| 1 failed/m);
  assert.doesNotMatch(all.stdout, /skipped/);
  const filtered = await runModule(failing, "--filter", "good");
  assert.equal(filtered.code, 0);
  assert.match(filtered.stdout, /^ok \| 1 passed \| 0 failed \| 1 filtered out/m);
});
