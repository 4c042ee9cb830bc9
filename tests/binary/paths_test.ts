/** Paths are resolved as the kernel does it, although the runtime handles `..` differently. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { ROOT } from "../../packaging/stage.ts";
import { type Result, withTempDir } from "../_commands.ts";
import { PROGRAMS, shell } from "./_programs.ts";

const EXPECTED = Deno.readTextFileSync(join(ROOT, "testdata/demo/expected.json"));
const DEMO = join(ROOT, "testdata/demo/capture.pcap");
const DONE: Result = { code: 0, stdout: "", stderr: "" };

/** `cur` links to `srv/a/b`, so the parent of `cur` is `srv/a`, not the working directory. */
function makeFolders(dir: string): void {
  Deno.mkdirSync(join(dir, "srv/a/b"), { recursive: true });
  Deno.symlinkSync("srv/a/b", join(dir, "cur"));
  Deno.writeTextFileSync(join(dir, "file"), "unrelated");
  Deno.writeTextFileSync(join(dir, "srv/a/file"), "old");
}

/** The contents of a file; "new" is the long output of the demo. */
function read(dir: string, name: string): string {
  const text = Deno.readTextFileSync(join(dir, name));
  return text === EXPECTED ? "new" : text;
}

/** The files below a folder, without following links. */
function namesBelow(dir: string): string[] {
  return [...Deno.readDirSync(dir)].flatMap(({ name, isDirectory }) =>
    isDirectory ? namesBelow(join(dir, name)).map((below) => `${name}/${below}`) : [name]
  ).sort();
}

for (const program of PROGRAMS) {
  const { name, ignore } = program;
  const test = (what: string, body: (cwd: string) => Promise<void>) =>
    Deno.test({ name: `${name}: ${what}`, ignore, fn: () => withTempDir(body) });
  const show = (cwd: string, file: string) =>
    shell(program, `ipvstat --demo -o json --output-file '${file}'`, { cwd });

  test("--output-file follows a relative link from its real folder", async (cwd) => {
    makeFolders(cwd);
    Deno.symlinkSync("../file", join(cwd, "srv/a/b/link"));
    assert.deepEqual(await show(cwd, "cur/link"), DONE);
    assert.equal(read(cwd, "srv/a/file"), "new");
    assert.equal(read(cwd, "file"), "unrelated");
    assert.deepEqual(namesBelow(cwd), ["cur", "file", "srv/a/b/link", "srv/a/file"]);
  });

  for (const file of ["cur/../file", "./cur/.././file", "srv/a/b/../../../cur/../file"]) {
    test(`--output-file ${file} replaces the file that the kernel would open`, async (cwd) => {
      makeFolders(cwd);
      assert.deepEqual(await show(cwd, file), DONE);
      assert.equal(read(cwd, "srv/a/file"), "new");
      assert.equal(read(cwd, "file"), "unrelated");
      assert.deepEqual(namesBelow(cwd), ["cur", "file", "srv/a/file"]);
    });
  }

  test("--output-file creates a new file where the kernel would", async (cwd) => {
    makeFolders(cwd);
    Deno.symlinkSync("../new", join(cwd, "srv/a/b/link"));
    assert.deepEqual(await show(cwd, "cur/link"), DONE);
    assert.deepEqual(await show(cwd, "cur/../other"), DONE);
    const names = ["cur", "file", "srv/a/b/link", "srv/a/file", "srv/a/new", "srv/a/other"];
    assert.deepEqual(namesBelow(cwd), names);
  });

  test("--output-file keeps a link with an unreadable target", async (cwd) => {
    const script = `ln -s "$(printf 'x\\377')" link; ipvstat --demo --output-file link`;
    const { code, stdout, stderr } = await shell(program, script, { cwd });
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, /^ipvstat: Cannot write link: [^\n]+\n$/);
    assert.ok(Deno.lstatSync(join(cwd, "link")).isSymlink);
    assert.deepEqual(namesBelow(cwd), ["link"]);
  });

  test("--output-file writes in a working directory whose name is not UTF-8", async (cwd) => {
    const script =
      `mkdir "$(printf 'x\\377')" && cd x* && ipvstat --demo --output-file file; ls -A`;
    const result = await shell(program, script, { cwd });
    assert.deepEqual(result, { ...DONE, stdout: "file\n" });
  });

  test("--replay link/../file reads the file that the kernel would open", async (cwd) => {
    makeFolders(cwd);
    Deno.copyFileSync(DEMO, join(cwd, "srv/a/file"));
    const result = await shell(program, "ipvstat --replay cur/../file -o json", { cwd });
    assert.equal(result.stderr, "");
    assert.ok(result.stdout === EXPECTED);
  });

  test("record link/../none/file refuses a folder that does not exist for the kernel", async (cwd) => {
    makeFolders(cwd);
    Deno.mkdirSync(join(cwd, "none"));
    const { code, stderr } = await shell(program, "ipvstat record cur/../none/file", { cwd });
    assert.equal(code, 1);
    assert.match(stderr, /^ipvstat: Cannot write cur\/\.\.\/none\/file: no such directory: /);
  });
}
