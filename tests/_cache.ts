/** Keeps files that are slow to create in the user's cache, for later test runs. */
import { createHash } from "node:crypto";
import { join } from "node:path";

/** A slow test run uses its files for hours. */
const UNUSED_AFTER_MS = 86_400_000;

export function sha256(content: Uint8Array | string): string {
  return createHash("sha256").update(content).digest("hex");
}

/** The directory of the cached files; it can be removed at any time. */
export async function cacheDir(): Promise<string> {
  const base = Deno.env.get("XDG_CACHE_HOME") || join(Deno.env.get("HOME") ?? "/tmp", ".cache");
  const dir = join(base, "ipvstat-tests");
  await Deno.mkdir(dir, { recursive: true });
  return dir;
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

/** Removes unused files, which belong to earlier states of the sources. */
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
 * The path of a file or directory in the cache. If it does not exist, `make` creates it under a
 * temporary name; it also gets the final path. Only one process creates it, and the others wait.
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
  if (!await exists(path)) {
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
