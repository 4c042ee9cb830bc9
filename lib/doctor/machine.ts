/**
 * What the doctor reads. Nothing here can change anything.
 *
 * @module
 */
import type { Source } from "../ipvs/collect.ts";

/** A text, or the positive errno of the failure. */
export type Reading = string | number;

/** Files and links, read only. */
export interface Files {
  /** The text of a file; with `limit`, about that many bytes of its beginning. */
  readFile(path: string, limit?: number): Reading;
  /** The target of a symbolic link. */
  readLink(path: string): Reading;
}

/** A machine with its kernel. */
export interface Machine extends Files {
  /**
   * Opens the source of `show`.
   *
   * @throws {NetlinkError} as `show` does.
   */
  openSource(): Source & Disposable;
}

/** The calling thread in /proc: its namespaces are used. */
export const THREAD = "/proc/thread-self";

/** The calling thread's network namespace in /proc. */
export const NET = `${THREAD}/net`;

/** Enough bytes of a file to see that it can be read. */
const HEAD = 512;

/** The text of a file without surrounding white space; undefined if it cannot be read. */
export function readText(files: Files, path: string): string | undefined {
  const reading = files.readFile(path);
  return typeof reading === "string" ? reading.trim() : undefined;
}

/** The target of a link; undefined if it cannot be read. */
export function readTarget(files: Files, path: string): string | undefined {
  const reading = files.readLink(path);
  return typeof reading === "string" ? reading : undefined;
}

/** The beginning of a file in `/proc/net`, some of which are very long, or the errno. */
export function readNetHead(files: Files, name: string): Reading {
  return files.readFile(`${NET}/${name}`, HEAD);
}

/** Whether a file in `/proc/net` can be read. */
export function hasNet(files: Files, name: string): boolean {
  return typeof readNetHead(files, name) === "string";
}
