/** Builds releases in separate checkouts. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { ROOT } from "../../packaging/stage.ts";
import { anyOf, cannotFind, outputOf, type Result, run, withTempDir } from "../_commands.ts";
import { compilingDeno, keyOf } from "./_binary.ts";
import { cached } from "../_cache.ts";
import { cannotCompile, denort } from "./_denort.ts";
import { withoutRuntimes } from "./_offline.ts";

/** The files that a release is built from. */
const SOURCES = [
  ...["cli.ts", "deno.json", "lib", "ffi", "packaging", "testdata/demo/capture.pcap"],
  ...["docs", "examples", "LICENSE", "README.md", "CHANGELOG.md", "SECURITY.md", ".gitignore"],
];

/** For Deno.test: whether to skip tests that need a release. */
export function cannotRelease(): boolean {
  return anyOf(cannotCompile(), cannotFind({ git: "git", "dpkg-deb": "dpkg" }));
}

/** Creates a repository with the current sources, committed at a fixed time by a fixed author. */
export async function makeCheckout(dir: string): Promise<string> {
  await Deno.mkdir(dir, { recursive: true });
  await outputOf(["cp", "--recursive", "--parents", ...SOURCES, dir], { cwd: ROOT });
  const when = "2026-01-02T03:04:05Z";
  const env = { GIT_AUTHOR_DATE: when, GIT_COMMITTER_DATE: when };
  const git = ["git", "-c", "user.name=Somebody", "-c", "user.email=somebody@example.org"];
  for (const words of [["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message=All"]]) {
    await outputOf([...git, ...words], { cwd: dir, env });
  }
  return dir;
}

/** Runs the command of `deno task release` in a checkout, with DENORT_BIN as the only runtime. */
export async function release(
  dir: string,
  { umask = "022", env = {} }: { umask?: string; env?: Record<string, string> } = {},
): Promise<Result> {
  const { tasks } = JSON.parse(await Deno.readTextFile(join(dir, "deno.json"))) as {
    tasks: Record<string, { command: string }>;
  };
  const script = `deno() { "$DENO" "$@"; }; umask ${umask}; ${tasks.release!.command}`;
  return await withTempDir(async (cache) => {
    const only = { ...await withoutRuntimes(cache), DENORT_BIN: await denort() };
    const DENO = await compilingDeno();
    return await run(["sh", "-c", script], { cwd: dir, env: { ...only, DENO, ...env } });
  });
}

/** Builds the same release twice, in environments that differ as much as possible. */
async function makeBoth(unfinished: string): Promise<void> {
  await withTempDir(async (dir) => {
    const first = await makeCheckout(join(dir, "one"));
    const second = await makeCheckout(join(dir, "a longer name", "two"));
    await outputOf(["find", second, "-exec", "touch", "--date=2001-02-03", "{}", "+"]);
    const env = { TZ: "Asia/Tokyo", LC_ALL: "C", HOSTNAME: "other", DENO_V8_FLAGS: "--no-opt" };
    const results = await Promise.all([release(first), release(second, { umask: "077", env })]);
    for (const { code, stderr } of results) assert.equal(code, 0, stderr);
    await Deno.mkdir(unfinished);
    await Deno.rename(join(first, "dist"), join(unfinished, "first"));
    await Deno.rename(join(second, "dist"), join(unfinished, "second"));
    await Deno.writeTextFile(join(unfinished, "stderr"), results[0].stderr);
  });
}

/** The `dist/` of two builds of the same release, and the standard error of the first. */
export async function releases(): Promise<{ first: string; second: string; stderr: string }> {
  const dir = await cached("release", await keyOf(SOURCES), makeBoth);
  const stderr = await Deno.readTextFile(join(dir, "stderr"));
  return { first: join(dir, "first"), second: join(dir, "second"), stderr };
}
