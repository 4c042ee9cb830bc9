/** What is big and slow to make, made once by the tests and kept in the user's cache. */
import { createHash } from "node:crypto";
import { join } from "node:path";

const UNUSED_AFTER_MS = 3_600_000;

export function sha256(content: Uint8Array | string): string {
  return createHash("sha256").update(content).digest("hex");
}

/** The folder of everything that the tests keep from run to run; removing it costs time only. */
export async function cacheDir(): Promise<string> {
  const base = Deno.env.get("XDG_CACHE_HOME") || join(Deno.env.get("HOME") ?? "/tmp", ".cache");
  const dir = join(base, "ipvstat-tests");
  await Deno.mkdir(dir, { recursive: true });
  return dir;
}

async function isThere(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

/** Removes what was made of an earlier state of the sources and is used no more. */
async function removeUnused(dir: string, kind: string): Promise<void> {
  for await (const { name } of Deno.readDir(dir)) {
    if (!name.startsWith(`${kind}-`)) continue;
    const { mtime } = await Deno.stat(join(dir, name));
    if (Date.now() - mtime!.getTime() > UNUSED_AFTER_MS) {
      await Deno.remove(join(dir, name), { recursive: true });
    }
  }
}

/**
 * The path of a file or folder in the cache. Where it does not exist, `make` makes it under a first
 * name, and is told the final one. Of several processes one makes it, and the others wait.
 */
export async function cached(
  kind: string,
  key: string,
  make: (unfinished: string, path: string) => Promise<void>,
): Promise<string> {
  const dir = await cacheDir();
  const path = join(dir, `${kind}-${key.slice(0, 16)}`);
  using lock = await Deno.open(join(dir, `${kind}.lock`), { create: true, write: true });
  await lock.lock(true);
  if (!await isThere(path)) {
    const work = await Deno.makeTempDir({ dir, prefix: ".making-" });
    try {
      await make(join(work, kind), path);
      await Deno.rename(join(work, kind), path);
    } finally {
      await Deno.remove(work, { recursive: true });
    }
  }
  await Deno.utime(path, new Date(), new Date());
  await removeUnused(dir, kind);
  return path;
}
