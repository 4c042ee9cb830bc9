/**
 * Network namespaces as sources of snapshots.
 *
 * @module
 */
import { NamespaceError } from "../lib/netlink/errors.ts";
import { listNamespaces, namespacePaths } from "./find_namespaces.ts";
import { type LiveSource, openLive } from "./live_source.ts";
import { type Abort, type NamespacePaths, NetworkNamespace } from "./namespaces.ts";
import { readFile, readLink } from "./proc_file.ts";

/** A network namespace that can be read. It is open only while something reads it. */
export interface NamespaceSource {
  /** How the user named it, or its name or `net:[4026531840]`. */
  readonly label: string;
  /** Whether it may have vanished since it was listed, which is no error. */
  readonly mayVanish: boolean;
  /**
   * Opens IPVS.
   *
   * @throws {NamespaceError} if it cannot be opened or entered.
   * @throws {NetlinkError} as {@linkcode openLive}.
   */
  open(): LiveSource;
  /**
   * Opens it for the files and links of this thread in /proc.
   *
   * @throws {NamespaceError} if it cannot be opened.
   */
  openFiles(): Disposable & {
    readonly readFile: typeof readFile;
    readonly readLink: typeof readLink;
  };
}

/** Namespaces, and why others cannot be read. */
export interface FoundNamespaces {
  readonly sources: readonly NamespaceSource[];
  readonly failures: readonly NamespaceError[];
}

/**
 * The namespaces that a user names, each once: a name, a path, a process ID, or `all`. Nothing is
 * opened yet.
 *
 * @throws {NamespaceError} if /proc cannot be listed.
 */
export function findNamespaces(words: readonly string[], abort: Abort): FoundNamespaces {
  const failures: NamespaceError[] = [];
  const sources = new Map<string, NamespaceSource>();
  for (const word of words) {
    const found = word === "all" ? listAll(failures) : [namespacePaths(word)];
    for (const paths of found) {
      if (!sources.has(paths.label)) {
        sources.set(paths.label, namespaceSource(paths, word === "all", abort));
      }
    }
  }
  return { sources: [...sources.values()], failures };
}

function listAll(failures: NamespaceError[]): readonly NamespacePaths[] {
  const { namespaces, unreadable } = listNamespaces();
  if (unreadable > 0) {
    const processes = unreadable === 1 ? "1 process" : `${unreadable} processes`;
    failures.push(new NamespaceError("all", "list", EACCES, `of ${processes}`));
  }
  return namespaces;
}

const EACCES = 13;

function namespaceSource(
  paths: NamespacePaths,
  mayVanish: boolean,
  abort: Abort,
): NamespaceSource {
  const open = () => new NetworkNamespace(paths, abort);
  return {
    label: paths.label,
    mayVanish,
    open: () => openLive(open()),
    openFiles() {
      const namespace = open();
      return {
        readFile: (...args) => namespace.run(() => readFile(...args)),
        readLink: (...args) => namespace.run(() => readLink(...args)),
        [Symbol.dispose]: () => namespace[Symbol.dispose](),
      };
    },
  };
}
