/** Reads the commit of the sources, and its time. */
import { run } from "./run.ts";

/** The commit of a checkout. */
export interface Commit {
  /** The full hash, with `-dirty` if the tree differs from it; `unknown` without git. */
  readonly name: string;
  /** Its time in seconds since 1970, or SOURCE_DATE_EPOCH if that is set. */
  readonly time: number;
}

/** The time without git and SOURCE_DATE_EPOCH, which every tool accepts. */
const NO_TIME = 0;

async function git(root: string, ...words: string[]): Promise<string | undefined> {
  try {
    // The directory may belong to another user, as in a container.
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
  if (!/^\d+$/.test(given)) {
    throw new Error("SOURCE_DATE_EPOCH must be a number of seconds since 1970");
  }
  return Number(given);
}

/**
 * Reads the commit of a checkout.
 *
 * @throws {Error} if SOURCE_DATE_EPOCH is not a number.
 */
export async function readCommit(root: string): Promise<Commit> {
  const given = givenTime();
  const hash = await git(root, "rev-parse", "HEAD");
  if (hash === undefined) return { name: "unknown", time: given ?? NO_TIME };
  const changes = await git(root, "status", "--porcelain");
  const time = given ?? Number(await git(root, "show", "--no-patch", "--format=%ct", "HEAD"));
  return { name: changes === "" ? hash : `${hash}-dirty`, time };
}
