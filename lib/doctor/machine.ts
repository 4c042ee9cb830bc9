/**
 * What the doctor may look at. Nothing here can change anything.
 *
 * @module
 */
import type { Source } from "../ipvs/collect.ts";

/** A text, or the positive errno that says why there is none. */
export type Reading = string | number;

/** Files and links, read only. */
export interface Files {
  /** The text of a file; with `most`, about as many bytes of its beginning. */
  readFile(path: string, most?: number): Reading;
  /** Where a symbolic link points to. */
  readLink(path: string): Reading;
}

/** A machine with its kernel. */
export interface Machine extends Files {
  /**
   * Opens what `show` reads from.
   *
   * @throws {NetlinkError} as `show` does.
   */
  openSource(): Source & Disposable;
}

/** The calling thread in /proc: its namespaces are what counts. */
export const THREAD = "/proc/thread-self";

/** The calling thread's network namespace in /proc. */
export const NET = `${THREAD}/net`;

/** Enough of a file to see that it can be read. */
const HEAD = 512;

/** The text of a file without the white space around it, or undefined. */
export function readText(files: Files, path: string): string | undefined {
  const reading = files.readFile(path);
  return typeof reading === "string" ? reading.trim() : undefined;
}

/** Where a link points to, or undefined. */
export function readTarget(files: Files, path: string): string | undefined {
  const reading = files.readLink(path);
  return typeof reading === "string" ? reading : undefined;
}

/** The beginning of a file of `/proc/net`, of which some are very long, or the errno. */
export function readNetHead(files: Files, name: string): Reading {
  return files.readFile(`${NET}/${name}`, HEAD);
}

/** Whether `/proc/net` has a file of this name that can be read. */
export function hasNet(files: Files, name: string): boolean {
  return typeof readNetHead(files, name) === "string";
}
