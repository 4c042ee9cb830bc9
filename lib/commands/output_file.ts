/**
 * A file that is replaced atomically.
 *
 * @module
 */
import type { Sink } from "../output/byte_writer.ts";
import { type Output, sinkTo, WriteError, writeError } from "./output.ts";
import { join, realDirectory, splitPath } from "./paths.ts";
import { SignalBlocker } from "./signal_blocker.ts";

const NEW_FILE_MODE = 0o644;
const PERMISSION_BITS = 0o777;
/** The number of symbolic links that Linux follows. */
const MAX_LINKS = 40;

/** The temporary file beside the file that it will replace. */
interface TemporaryFile {
  readonly path: string;
  readonly file: Deno.FsFile;
  readonly write: Sink;
  readonly blocker: SignalBlocker;
}

/**
 * A file that is created or replaced by {@linkcode OutputFile.commit}. Until then the data is in a
 * temporary file beside it, readable only by this user and removed on failure. The file keeps its
 * mode, and its owner and group if the process may set them; access control lists and hard links
 * are not kept. The directory is not synced: after a power failure there is either the old file or
 * the new one, each complete.
 */
export class OutputFile implements Output {
  /** Files never get colours. */
  readonly color = false;
  /** Writes to the temporary file; the first chunk creates it. */
  readonly sink: Sink = (chunk) => (this.#temporary ??= this.#create()).write(chunk);
  readonly #name: string;
  readonly #path: string;
  #temporary: TemporaryFile | undefined;

  /**
   * Resolves the name. Changes nothing.
   *
   * @throws {WriteError} if it is not a regular file and cannot become one.
   */
  constructor(name: string) {
    this.#name = name;
    this.#path = this.#explain(() => regularFile(name));
  }

  /**
   * Replaces the file by the data that was written to the sink.
   *
   * @throws {WriteError} if this fails; the file is then unchanged.
   */
  commit(): void {
    const temporary = this.#temporary ??= this.#create();
    this.#explain(() => {
      temporary.file.syncSync();
      keepModeAndOwner(this.#path, temporary.path);
      Deno.renameSync(temporary.path, this.#path);
    });
    this.#temporary = undefined;
    close(temporary);
  }

  /** Removes the temporary file if it was not committed. */
  [Symbol.dispose](): void {
    const temporary = this.#temporary;
    if (temporary === undefined) return;
    this.#temporary = undefined;
    // The error that led here is the one to report.
    ignoreFailure(() => Deno.removeSync(temporary.path));
    close(temporary);
  }

  #create(): TemporaryFile {
    const path = join(splitPath(this.#path)[0], `.ipvstat-${crypto.randomUUID()}`);
    const blocker = this.#explain(() => new SignalBlocker());
    try {
      const file = this.#explain(() =>
        Deno.openSync(path, { write: true, createNew: true, mode: 0o600 })
      );
      return { path, file, write: sinkTo(file, this.#name), blocker };
    } catch (error) {
      blocker[Symbol.dispose]();
      throw error;
    }
  }

  /** Turns system errors into errors that name the file. */
  #explain<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      if (error instanceof WriteError) throw error;
      if (!(error instanceof Deno.errors.NotCapable)) throw writeError(this.#name, error);
      if (/all access/.test(error.message)) throw systemFileError(this.#name);
      throw error;
    }
  }
}

function close({ file, blocker }: TemporaryFile): void {
  file.close();
  blocker[Symbol.dispose]();
}

/** Deno does not open these files without all permissions, and none of them can be replaced. */
function systemFileError(name: string): WriteError {
  return new WriteError(
    `Cannot write ${name}: it is below /dev, /proc or /sys; use a file elsewhere, or - for ` +
      "standard output",
  );
}

/**
 * The real path of an existing regular file, or of the file that would be created: symbolic links
 * are followed, including those to a file that does not exist.
 */
function regularFile(name: string): string {
  let path = name;
  for (let links = 0; links <= MAX_LINKS; links++) {
    rejectSystemFiles(name, path);
    const [folder, last] = splitPath(path);
    const real = realFolder(name, folder);
    path = join(real, last);
    rejectSystemFiles(name, path);
    const target = last === "" ? undefined : linkAt(path);
    if (target === undefined) return checkKind(name, path);
    path = target.startsWith("/") ? target : join(real, target);
  }
  throw new WriteError(`Cannot write ${name}: too many levels of symbolic links`);
}

function rejectSystemFiles(name: string, path: string): void {
  if (/^\/+(dev|proc|sys)(\/|$)/.test(path)) throw systemFileError(name);
}

function realFolder(name: string, folder: string): string {
  try {
    return realDirectory(folder);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new WriteError(`Cannot write ${name}: no such directory: ${folder || "."}`);
  }
}

/** The target of a link; undefined if there is no link. Other errors are thrown. */
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
    `Cannot write ${name}: it is ${kind}; use a file name, or - for standard output`,
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
    return Deno.chmodSync(to, NEW_FILE_MODE);
  }
  Deno.chmodSync(to, old.mode! & PERMISSION_BITS);
  // The process may be allowed to set the group but not the owner, or neither.
  ignoreFailure(() => Deno.chownSync(to, null, old.gid));
  ignoreFailure(() => Deno.chownSync(to, old.uid, null));
}

function ignoreFailure(action: () => void): void {
  try {
    action();
  } catch {
    // The caller says why this is not an error.
  }
}
