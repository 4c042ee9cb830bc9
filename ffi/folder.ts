/**
 * Lists folders through libc: Deno would require all permissions for /proc.
 *
 * @module
 */
import { cString, libc, namespaceLibc } from "./libc.ts";

/** Offset of d_name in struct dirent, on every 64-bit architecture. */
const D_NAME = 19;

/** The names in a folder, without `.` and `..`, in no order; the positive errno of a failure. */
export function listFolder(path: string): string[] | number {
  const { opendir, readdir, closedir } = namespaceLibc();
  const { errno } = libc();
  const name = cString(path);
  const folder = opendir(name);
  if (folder === null) return errno();
  const names: string[] = [];
  try {
    for (let entry = readdir(folder); entry !== null; entry = readdir(folder)) {
      const found = Deno.UnsafePointerView.getCString(entry, D_NAME);
      if (found !== "." && found !== "..") names.push(found);
    }
  } finally {
    closedir(folder);
  }
  return names;
}
