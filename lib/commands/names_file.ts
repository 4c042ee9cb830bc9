/**
 * The file of `--names`, which is read again when it changes.
 *
 * @module
 */
import type { Snapshot } from "../ipvs/snapshot.ts";
import { type Names, parseNames, withNames } from "../query/names.ts";
import { printMessage } from "./messages.ts";
import { systemReason } from "./system_error.ts";

/** The names file cannot be read, or has an invalid line. */
export class NamesFileError extends Error {
  override readonly name = "NamesFileError";
}

/** The names in a file. */
export class NamesFile {
  readonly #path: string;
  #state: string;
  #names: Names;

  /**
   * Reads a file.
   *
   * @throws {NamesFileError} if it cannot be read, or is not a names file.
   */
  constructor(path: string) {
    this.#path = path;
    this.#state = this.#stateOf();
    this.#names = this.#read();
  }

  /**
   * The names; read again if the file has changed since the last call. If it cannot be read, that is
   * reported once, and the names remain.
   */
  current(): Names {
    try {
      const state = this.#stateOf();
      if (state === this.#state) return this.#names;
      this.#state = state;
      this.#names = this.#read();
    } catch (error) {
      if (!(error instanceof NamesFileError)) throw error;
      if (this.#state !== error.message) printMessage(`${error.message}; the last names are kept`);
      this.#state = error.message;
    }
    return this.#names;
  }

  /** Gives the servers of a snapshot their current names. */
  addTo(snapshot: Snapshot): Snapshot {
    return withNames(snapshot, this.current());
  }

  /** What changes with the file. */
  #stateOf(): string {
    try {
      const { mtime, size, ino } = Deno.statSync(this.#path);
      return `${mtime?.getTime()} ${size} ${ino}`;
    } catch (error) {
      throw this.#error(systemReason(error), error);
    }
  }

  #read(): Names {
    try {
      return parseNames(Deno.readTextFileSync(this.#path));
    } catch (error) {
      const { name, message } = error as Error;
      throw this.#error(name === "SelectionError" ? message : systemReason(error), error);
    }
  }

  #error(reason: string, cause: unknown): NamesFileError {
    return new NamesFileError(`Cannot read names from ${this.#path}: ${reason}`, { cause });
  }
}
