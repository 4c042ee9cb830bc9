/**
 * A file that is replaced as a whole or not at all.
 *
 * @module
 */
import type { Sink } from "../output/byte_writer.ts";
import { Interruption } from "./interruption.ts";
import { type Output, sinkTo, WriteError, writeError } from "./output.ts";
import { join, realDirectory, splitPath } from "./paths.ts";

const MODE_OF_A_NEW_FILE = 0o644;
const PERMISSION_BITS = 0o777;
/** As many as Linux follows. */
const MOST_LINKS = 40;

/** What has been written so far, beside the file that it is to become. */
interface Part {
  readonly path: string;
  readonly file: Deno.FsFile;
  readonly write: Sink;
  readonly interruption: Interruption;
}

/**
 * A file that comes to be, or changes, in the moment of {@linkcode OutputFile.commit}. Until then
 * its data is in a file beside it that is this user's alone, and that is removed if it comes to
 * nothing. The file keeps its mode, and owner and group as far as the process may set them; access
 * lists and hard links it does not keep. It is not synchronized with its folder: after a power
 * failure there is the old file or the new one, each whole.
 */
export class OutputFile implements Output {
  /** A file has none. */
  readonly color = false;
  /** Takes the file's bytes. The first ones make the file beside it. */
  readonly sink: Sink = (chunk) => (this.#part ??= this.#begin()).write(chunk);
  readonly #name: string;
  readonly #path: string;
  #part: Part | undefined;

  /**
   * Looks at what the name stands for, and changes nothing.
   *
   * @throws {WriteError} if it can be no regular file.
   */
  constructor(name: string) {
    this.#name = name;
    this.#path = this.#attempt(() => regularFile(name));
  }

  /**
   * Gives the file what the sink was given.
   *
   * @throws {WriteError} if that cannot be; the file is then as it was.
   */
  commit(): void {
    const part = this.#part ??= this.#begin();
    this.#attempt(() => {
      part.file.syncSync();
      keepModeAndOwner(this.#path, part.path);
      Deno.renameSync(part.path, this.#path);
    });
    this.#part = undefined;
    close(part);
  }

  /** Removes what has not been committed. */
  [Symbol.dispose](): void {
    const part = this.#part;
    if (part === undefined) return;
    this.#part = undefined;
    // The error that led here is the one to be told.
    ignoreFailure(() => Deno.removeSync(part.path));
    close(part);
  }

  #begin(): Part {
    const path = join(splitPath(this.#path)[0], `.ipvstat-${crypto.randomUUID()}`);
    const interruption = this.#attempt(() => new Interruption());
    try {
      const file = this.#attempt(() =>
        Deno.openSync(path, { write: true, createNew: true, mode: 0o600 })
      );
      return { path, file, write: sinkTo(file, this.#name), interruption };
    } catch (error) {
      interruption[Symbol.dispose]();
      throw error;
    }
  }

  #attempt<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      if (error instanceof WriteError) throw error;
      if (!(error instanceof Deno.errors.NotCapable)) throw writeError(this.#name, error);
      if (/all access/.test(error.message)) throw notBelow(this.#name);
      throw error;
    }
  }
}

function close(part: Part): void {
  part.file.close();
  part.interruption[Symbol.dispose]();
}

/** Deno opens nothing there that a program might want to write whole. */
function notBelow(name: string): WriteError {
  return new WriteError(
    `Cannot write ${name}: it is below /dev, /proc or /sys; name a file elsewhere, or - for ` +
      "standard output",
  );
}

/**
 * The real path of the regular file that a name stands for, or that it would make: symbolic links
 * are followed, also to a file that does not exist.
 */
function regularFile(name: string): string {
  let path = name;
  for (let links = 0; links <= MOST_LINKS; links++) {
    refuseSystemFiles(name, path);
    const [folder, last] = splitPath(path);
    const real = realFolder(name, folder);
    path = join(real, last);
    refuseSystemFiles(name, path);
    const target = last === "" ? undefined : linkAt(path);
    if (target === undefined) return checkKind(name, path);
    path = target.startsWith("/") ? target : join(real, target);
  }
  throw new WriteError(`Cannot write ${name}: it is a circle of symbolic links`);
}

function refuseSystemFiles(name: string, path: string): void {
  if (/^\/+(dev|proc|sys)(\/|$)/.test(path)) throw notBelow(name);
}

function realFolder(name: string, folder: string): string {
  try {
    return realDirectory(folder);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new WriteError(`Cannot write ${name}: there is no directory ${folder || "."}`);
  }
}

/** Where a link leads; undefined where there is no link. Any other error is no such answer. */
function linkAt(path: string): string | undefined {
  try {
    return Deno.readLinkSync(path);
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === "EINVAL" || code === "ENOENT") return undefined;
    throw error;
  }
}

function checkKind(name: string, path: string): string {
  const kind = kindOf(path);
  if (kind === undefined || kind === "a regular file") return path;
  throw new WriteError(
    `Cannot write ${name}: it is ${kind}; name a file, or - for standard output`,
  );
}

function kindOf(path: string): string | undefined {
  try {
    const info = Deno.statSync(path);
    if (info.isFile) return "a regular file";
    if (info.isDirectory) return "a directory";
    return info.isFifo ? "a FIFO" : info.isSocket ? "a socket" : "a device";
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function keepModeAndOwner(from: string, to: string): void {
  let old: Deno.FileInfo;
  try {
    old = Deno.statSync(from);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return Deno.chmodSync(to, MODE_OF_A_NEW_FILE);
  }
  Deno.chmodSync(to, old.mode! & PERMISSION_BITS);
  // Who may not give files away keeps them; one of the two may be possible.
  ignoreFailure(() => Deno.chownSync(to, null, old.gid));
  ignoreFailure(() => Deno.chownSync(to, old.uid, null));
}

function ignoreFailure(action: () => void): void {
  try {
    action();
  } catch {
    // The caller says why.
  }
}
