/** A tree of files on disk with the modes and times that are asked for, whatever the umask. */
import { dirname, join } from "node:path";

/** One file of a tree. */
export interface Entry {
  /** Within the tree. */
  readonly path: string;
  /** What is in it; `from` names a file with the same. */
  readonly content: string | Uint8Array | { readonly from: string };
  /** 0644 unless told. */
  readonly mode?: number;
}

/** What is in a file of a tree. */
export async function readEntry({ content }: Entry): Promise<Uint8Array> {
  if (typeof content === "string") return new TextEncoder().encode(content);
  return content instanceof Uint8Array ? content : await Deno.readFile(content.from);
}

/** The same files in a folder. */
export function inFolder(folder: string, entries: readonly Entry[]): Entry[] {
  return entries.map((entry) => ({ ...entry, path: `${folder}/${entry.path}` }));
}

/** Writes a tree into a folder, which is made; the times are in seconds since 1970. */
export async function writeTree(
  root: string,
  entries: readonly Entry[],
  time: number,
): Promise<void> {
  const folders = new Set([root]);
  for (const entry of entries) {
    const path = join(root, entry.path);
    for (let dir = dirname(path); dir.length > root.length; dir = dirname(dir)) folders.add(dir);
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.writeFile(path, await readEntry(entry));
    await Deno.chmod(path, entry.mode ?? 0o644);
    await Deno.utime(path, time, time);
  }
  for (const dir of folders) {
    await Deno.chmod(dir, 0o755);
    await Deno.utime(dir, time, time);
  }
}
