/** Which commit the sources are of, and when it was made. */
import { run } from "./run.ts";

/** Where the sources stand. */
export interface Commit {
  /** The full hash, with `-dirty` where the tree differs from it; `unknown` without git. */
  readonly name: string;
  /** When it was made, in seconds since 1970; SOURCE_DATE_EPOCH where that is set. */
  readonly time: number;
}

/** Without git and SOURCE_DATE_EPOCH: no time at all, but one that every tool takes. */
const NO_TIME = 0;

async function git(root: string, ...words: string[]): Promise<string | undefined> {
  try {
    // The folder may belong to somebody else than who builds, as in a container.
    const { success, stdout } = await run(["git", "-c", `safe.directory=${root}`, ...words], {
      cwd: root,
    });
    return success ? stdout.trim() : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function givenTime(): number | undefined {
  const given = Deno.env.get("SOURCE_DATE_EPOCH");
  if (given === undefined) return undefined;
  if (!/^\d+$/.test(given)) throw new Error("SOURCE_DATE_EPOCH takes seconds since 1970");
  return Number(given);
}

/**
 * Reads the commit of a checkout.
 *
 * @throws {Error} where SOURCE_DATE_EPOCH is no number.
 */
export async function readCommit(root: string): Promise<Commit> {
  const given = givenTime();
  const hash = await git(root, "rev-parse", "HEAD");
  if (hash === undefined) return { name: "unknown", time: given ?? NO_TIME };
  const changes = await git(root, "status", "--porcelain");
  const time = given ?? Number(await git(root, "show", "--no-patch", "--format=%ct", "HEAD"));
  return { name: changes === "" ? hash : `${hash}-dirty`, time };
}
