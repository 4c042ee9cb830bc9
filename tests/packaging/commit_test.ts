import assert from "node:assert/strict";
import { join } from "node:path";
import { readCommit } from "../../packaging/commit.ts";
import { cannotFind, outputOf, withTempDir } from "../_commands.ts";

const ignore = cannotFind({ git: "git" });
const TIME = 1_767_323_045;

/** Creates a repository with one commit; returns its hash. */
async function makeRepository(cwd: string): Promise<string> {
  const env = { GIT_AUTHOR_DATE: `${TIME} +0100`, GIT_COMMITTER_DATE: `${TIME} +0100` };
  const git = ["git", "-c", "user.name=Somebody", "-c", "user.email=somebody@example.org"];
  await Deno.writeTextFile(join(cwd, "file"), "text");
  for (const words of [["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message=One"]]) {
    await outputOf([...git, ...words], { cwd, env });
  }
  return (await outputOf(["git", "rev-parse", "HEAD"], { cwd })).trim();
}

Deno.test({
  name: "readCommit() returns the hash and the time of the commit",
  ignore,
  fn: () =>
    withTempDir(async (dir) => {
      const hash = await makeRepository(dir);
      assert.deepEqual(await readCommit(dir), { name: hash, time: TIME });
    }),
});

for (const name of ["file", "another"]) {
  Deno.test({
    name: `readCommit() adds -dirty if the tree has a ${name === "file" ? "changed" : "new"} file`,
    ignore,
    fn: () =>
      withTempDir(async (dir) => {
        const hash = await makeRepository(dir);
        await Deno.writeTextFile(join(dir, name), "other text");
        assert.deepEqual(await readCommit(dir), { name: `${hash}-dirty`, time: TIME });
      }),
  });
}

Deno.test("readCommit() returns unknown outside of a repository", () =>
  withTempDir(async (dir) => {
    assert.deepEqual(await readCommit(dir), { name: "unknown", time: 0 });
  }));

Deno.test("readCommit() uses SOURCE_DATE_EPOCH, and throws if it is not a number", () =>
  withTempDir(async (dir) => {
    const before = Deno.env.get("SOURCE_DATE_EPOCH");
    try {
      Deno.env.set("SOURCE_DATE_EPOCH", "12");
      assert.equal((await readCommit(dir)).time, 12);
      Deno.env.set("SOURCE_DATE_EPOCH", "yesterday");
      await assert.rejects(readCommit(dir), {
        message: /^SOURCE_DATE_EPOCH must be a number of seconds/,
      });
    } finally {
      if (before === undefined) Deno.env.delete("SOURCE_DATE_EPOCH");
      else Deno.env.set("SOURCE_DATE_EPOCH", before);
    }
  }));
