/** Writes trees of files with given modes and times, independently of the umask. */
import { dirname, join } from "node:path";

/** A file of a tree. */
export interface Entry {
  /** Path in the tree. */
  readonly path: string;
  /** The content, or the path of a file to copy. */
  readonly content: string | Uint8Array | { readonly from: string };
  /** Default 0644. */
  readonly mode?: number;
}

/** Reads the content of a file of a tree. */
export async function readEntry({ content }: Entry): Promise<Uint8Array> {
  if (typeof content === "string") return new TextEncoder().encode(content);
  return content instanceof Uint8Array ? content : await Deno.readFile(content.from);
}

/** The same files in a directory. */
export function inFolder(folder: string, entries: readonly Entry[]): Entry[] {
  return entries.map((entry) => ({ ...entry, path: `${folder}/${entry.path}` }));
}

/** Creates a directory and writes a tree into it; the time is in seconds since 1970. */
export async function writeTree(
  root: string,
  entries: readonly Entry[],
  time: number,
): Promise<void> {
  const directories = new Set([root]);
  for (const entry of entries) {
    const path = join(root, entry.path);
    for (let dir = dirname(path); dir.length > root.length; dir = dirname(dir)) {
      directories.add(dir);
    }
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.writeFile(path, await readEntry(entry));
    await Deno.chmod(path, entry.mode ?? 0o644);
    await Deno.utime(path, time, time);
  }
  for (const dir of directories) {
    await Deno.chmod(dir, 0o755);
    await Deno.utime(dir, time, time);
  }
}
