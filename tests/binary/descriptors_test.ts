/** How the program handles a standard output or standard error that cannot be written. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { record } from "../../lib/commands/record.ts";
import { ROOT } from "../../packaging/stage.ts";
import { type Result, withTempDir } from "../_commands.ts";
import { inconsistentKernel } from "../_fake_kernel.ts";
import { PROGRAMS, shell } from "./_programs.ts";

const DONE: Result = { code: 0, stdout: "", stderr: "" };
const EXPECTED = Deno.readTextFileSync(join(ROOT, "testdata/demo/expected.json"));

/** Asserts exit code 1 and a message of one line, because the data is lost. */
function assertLost(result: Result, reason: RegExp): void {
  assert.match(result.stderr, /^ipvstat: Cannot write standard output: [^\n]+\n$/);
  assert.match(result.stderr, reason);
  assert.deepEqual([result.code, result.stdout], [1, ""]);
}

for (const program of PROGRAMS) {
  const { name, ignore } = program;
  const test = (what: string, body: (cwd: string) => Promise<void>) =>
    Deno.test({ name: `${name}: ${what}`, ignore, fn: () => withTempDir(body) });

  for (const words of ["--demo -o json", "--version", "--help", "man", "schema"]) {
    test(`${words} into a closed standard output exits 1`, async () => {
      assertLost(await shell(program, `ipvstat ${words} >&-`), /it is closed/);
    });
  }

  test("a standard output that is open read-only exits 1", async () => {
    for (const file of ["/dev/null", "$0"]) {
      const result = await shell(program, `ipvstat --demo -o json 1< "${file}"`);
      assertLost(result, /it is open read-only$/m);
    }
  });

  for (
    const [what, redirections] of [
      ["> /dev/null", "> /dev/null"],
      [">> /dev/null", ">> /dev/null"],
      ["the /dev/null that a daemon has on all descriptors", "3<> /dev/null <&3 >&3 2>&3"],
      ["the /dev/null of standard input", "3<> /dev/null <&3 >&3"],
    ] as const
  ) {
    test(`output that goes to ${what} is no error`, async () => {
      assert.deepEqual(await shell(program, `ipvstat --demo -o json ${redirections}`), DONE);
    });
  }

  test("output goes to a file that is open read-write", async (cwd) => {
    assert.deepEqual(await shell(program, "ipvstat --demo -o json 1<> file", { cwd }), DONE);
    assert.ok(Deno.readTextFileSync(join(cwd, "file")) === EXPECTED);
  });

  test("--output-file needs no standard output", async (cwd) => {
    const script = "ipvstat --demo -o json --output-file file >&-";
    assert.deepEqual(await shell(program, script, { cwd }), DONE);
    assert.ok(Deno.readTextFileSync(join(cwd, "file")) === EXPECTED);
  });

  for (const redirection of ["2> /dev/full", "2>&-"]) {
    test(`the exit code is the same with ${redirection}`, async (cwd) => {
      const capture = join(cwd, "restless.pcap");
      using recording = Deno.createSync(capture);
      const options = { rounds: 1, interval: 0 };
      await record(inconsistentKernel(), (bytes) => recording.writeSync(bytes), options);
      for (
        const [words, code] of [
          ["--replay none", 1],
          ["shwo", 2],
          [`--replay ${capture} --output-file file`, 5],
          ["--demo --debug --output-file file", 0],
        ] as const
      ) {
        const result = await shell(program, `ipvstat ${words} ${redirection}`, { cwd });
        assert.deepEqual(result, { ...DONE, code }, words);
      }
    });
  }
}
