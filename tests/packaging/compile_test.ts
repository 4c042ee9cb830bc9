import assert from "node:assert/strict";
import { join } from "node:path";
import { PERMISSIONS } from "../../packaging/flags.ts";
import { ROOT } from "../../packaging/stage.ts";
import { anyOf, cannotFind, outputOf, run, withTempDir } from "../_commands.ts";
import { binary, compiled, compileWords } from "./_binary.ts";
import { cannotCompile, DENO_VERSION, denort } from "./_denort.ts";
import { withoutRuntimes } from "./_offline.ts";

const ignore = cannotCompile();
const MEGABYTE = 1_000_000;

/** The data that `deno compile` appends to the runtime, as Latin-1. */
async function appended(): Promise<string> {
  const { size } = await Deno.stat(await denort());
  return new TextDecoder("latin1").decode((await Deno.readFile(await binary())).subarray(size));
}

/** Parses the JSON value that begins at an offset of a text with other data. */
function jsonAt(text: string, start: number): unknown {
  for (let end = start + 1;; end++) {
    assert.ok(end <= text.length, "no complete JSON value");
    if (!"]}".includes(text[end - 1]!)) continue;
    try {
      return JSON.parse(text.slice(start, end));
    } catch { /* The end of a nested value. */ }
  }
}

type Embedded = { File: { n: string } } | { Dir: { n: string; e: Embedded[] } };

function pathsOf(entries: readonly Embedded[]): string[] {
  return entries.flatMap((entry) =>
    "File" in entry ? [entry.File.n] : pathsOf(entry.Dir.e).map((path) => `${entry.Dir.n}/${path}`)
  );
}

Deno.test({
  name: "the program is at most 1 MB larger than its runtime",
  ignore,
  fn: async () => {
    const [program, runtime] = await Promise.all([binary(), denort()]);
    const more = (await Deno.stat(program)).size - (await Deno.stat(runtime)).size;
    assert.ok(more > 0 && more <= MEGABYTE, `${more} bytes`);
  },
});

Deno.test({
  name: "the program embeds only the bundle and the recording of the demo",
  ignore,
  fn: async () => {
    const text = await appended();
    const embedded = jsonAt(text, text.indexOf('[{"File":{"n"')) as Embedded[];
    // The bundle consists of chunks such as chunk-2DS6TEI4.js and show-HW5SZQL5.js.
    const others = pathsOf(embedded).filter((path) => !/^[a-z_]+-[A-Z0-9]{8}\.js$/.test(path));
    assert.deepEqual(others, ["cli.js", "testdata/demo/capture.pcap"]);
    for (const word of ["fast-check", "tests/", "packaging/", ROOT, "/home/"]) {
      assert.ok(!text.includes(word), word);
    }
  },
});

Deno.test({
  name: "the program has exactly the permissions in packaging/flags.ts",
  ignore,
  fn: async () => {
    const text = await appended();
    const metadata = jsonAt(text, text.indexOf('{"argv"')) as {
      permissions: Record<string, unknown>;
      v8_flags: string[];
    };
    const { permissions, v8_flags } = metadata;
    const allowed = Object.entries(permissions).filter(([name, value]) =>
      name.startsWith("allow_") && name !== "allow_import" && value !== null && value !== false
    );
    const listed = PERMISSIONS.map((flag) => {
      const [name = "", value] = flag.slice(2).split("=");
      return [name.replace("-", "_"), value === undefined ? [] : [value]];
    });
    assert.deepEqual(Object.fromEntries(allowed), Object.fromEntries(listed));
    assert.ok(v8_flags.includes("--single-threaded") && v8_flags.includes("--no-opt"));
  },
});

Deno.test({
  name: "a missing permission is an error and not a prompt, even on a terminal",
  ignore: anyOf(ignore, cannotFind({ script: "bsdutils" })),
  fn: async () => {
    const program = await compiled("prompt", 'Deno.env.get("HOME")');
    // The timeout ends the test if there is a prompt.
    const { code, stdout } = await run(["timeout", "600", "script", "-qec", program, "/dev/null"]);
    assert.equal(code, 1);
    assert.match(stdout, /NotCapable: Requires env access to "HOME"/);
    assert.doesNotMatch(stdout, /Allow\?/);
  },
});

Deno.test({
  name: "the program needs no environment variables and writes nothing to its directory",
  ignore,
  fn: () =>
    withTempDir(async (cwd) => {
      const program = await binary();
      const alone = { cwd, clearEnv: true };
      const json = await outputOf([program, "--demo", "-o", "json"], alone);
      assert.equal(json, await Deno.readTextFile(join(ROOT, "testdata/demo/expected.json")));
      assert.match(await outputOf([program, "--help"], alone), /^Usage: ipvstat/im);
      assert.deepEqual([...Deno.readDirSync(cwd)], []);
    }),
});

Deno.test({
  name: "--version prints the commit and the version of Deno that the program was compiled with",
  ignore: anyOf(ignore, cannotFind({ git: "git" })),
  fn: async () => {
    const version = await outputOf([await binary(), "--version"]);
    const head = (await outputOf(["git", "rev-parse", "HEAD"], { cwd: ROOT })).trim();
    assert.match(version, new RegExp(`^commit ${head}(-dirty)?$`, "m"));
    assert.match(version, new RegExp(`\\b${DENO_VERSION.replaceAll(".", "\\.")}\\b`));
  },
});

/** Compiles over an older program; asserts that it is kept, and that there is one error line. */
async function assertFails(DENORT_BIN: string, line: RegExp): Promise<void> {
  await withTempDir(async (dir) => {
    const output = join(dir, "out", "ipvstat");
    await Deno.mkdir(join(dir, "out"));
    await Deno.writeTextFile(output, "older");
    const env = { ...await withoutRuntimes(join(dir, "deno")), DENORT_BIN };
    const result = await run(await compileWords(output), { env });
    assert.equal(result.code, 1);
    assert.equal(result.stdout, "");
    assert.match(result.stderr, line);
    assert.equal(result.stderr.trimEnd().split("\n").length, 1, result.stderr);
    assert.deepEqual([...Deno.readDirSync(join(dir, "out"))].map(({ name }) => name), ["ipvstat"]);
    assert.equal(await Deno.readTextFile(output), "older");
  });
}

const BOTH_FIXES = "let this machine reach dl\\.deno\\.land, or name that release's denort in " +
  "DENORT_BIN$";

Deno.test({
  name: "deno task compile suggests both fixes without network and DENORT_BIN",
  ignore,
  fn: () => assertFails("", new RegExp(`^compile: Cannot get .*${BOTH_FIXES}`, "m")),
});

Deno.test({
  name: "deno task compile names a DENORT_BIN that does not exist, and suggests both fixes",
  ignore,
  fn: () =>
    assertFails(
      "/nonexistent/denort",
      new RegExp(`^compile: .*/nonexistent/denort.*${BOTH_FIXES}`, "m"),
    ),
});

Deno.test({
  name: "deno task compile fails if DENORT_BIN is not the denort of this Deno",
  ignore,
  fn: () => assertFails("/bin/true", /^compile: The program does not start .*DENORT_BIN/),
});
