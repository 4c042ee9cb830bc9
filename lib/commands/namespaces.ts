/**
 * Reads several network namespaces, one after the other.
 *
 * @module
 */
import type { Source } from "../ipvs/collect.ts";
import type { Snapshot } from "../ipvs/snapshot.ts";
import {
  DecodeError,
  ENOENT,
  isMissingFamily,
  NamespaceError,
  NetlinkError,
} from "../netlink/errors.ts";
import { DONE } from "./exit_codes.ts";
import type { Arguments } from "./parse.ts";
import type { Read } from "./readings.ts";
import { UsageError } from "./usage_error.ts";

/** A network namespace that can be read. */
export interface NamespaceSource {
  /** How the output names it. */
  readonly label: string;
  /** Whether it may have vanished since it was listed, which is no error. */
  readonly mayVanish: boolean;
  /**
   * Opens IPVS in it.
   *
   * @throws {NetlinkError} if that fails.
   */
  open(): Source & Disposable;
}

/** Namespaces, and why others cannot be read. */
export interface FoundNamespaces<Found = NamespaceSource> {
  readonly sources: readonly Found[];
  readonly failures: readonly NamespaceError[];
}

/** What reading namespaces needs from the program. */
export interface NamespaceEnvironment {
  /** Looks for the namespaces before each reading. */
  readonly find: () => FoundNamespaces;
  readonly read: Read;
  /** Reports a failure, with the label of its namespace; returns its exit code. */
  readonly report: (error: unknown, label: string) => Promise<number>;
}

/** The snapshots of one reading, and what failed. */
export interface NamespaceReading {
  /** The namespaces that could be read, in order. */
  readonly snapshots: readonly Snapshot[];
  /** The exit code of the first failure, which is reported; 0 for none. */
  readonly failure: number;
}

/**
 * Reads all namespaces that are found. A failure in one is reported, and the others are read. Each is
 * closed before the next one is opened, so that none exists longer than without this program.
 *
 * @throws {NetlinkError} if ip_vs is not loaded, which is the same for all namespaces, or if they
 * cannot be listed.
 * @throws any error that is not about a namespace.
 */
export async function readNamespaces(
  { find, read, report }: NamespaceEnvironment,
): Promise<NamespaceReading> {
  const { sources, failures } = find();
  const snapshots: Snapshot[] = [];
  let failure = DONE;
  for (const error of failures) {
    const code = await report(error, error.namespace);
    failure ||= code;
  }
  for (const source of sources) {
    try {
      using opened = source.open();
      snapshots.push({ netns: source.label, ...await read(opened) });
    } catch (error) {
      if (isMissingFamily(error) || !isAboutNamespace(error)) throw error;
      if (hasVanished(source, error)) continue;
      const code = await report(error, source.label);
      failure ||= code;
    }
  }
  return { snapshots, failure };
}

function isAboutNamespace(error: unknown): boolean {
  return error instanceof NetlinkError || error instanceof DecodeError;
}

/** Whether a namespace has vanished since it was listed, which is no failure. */
export function hasVanished({ mayVanish }: NamespaceSource, error: unknown): boolean {
  return mayVanish && error instanceof NamespaceError && error.step === "open" &&
    error.errno === ENOENT;
}

/** Commands that have one network namespace. */
const SINGLE: Readonly<Record<string, string>> = {
  record: "A recording has",
  diff: "diff reads",
  check: "check reads",
};

/**
 * The namespaces that a command line names.
 *
 * @throws {UsageError} if the command or its other options do not allow them.
 */
export function namespacesIn({ command, options, lists }: Arguments): readonly string[] {
  const words = lists.get("netns") ?? [];
  for (const other of ["replay", "demo", "compat"]) {
    if (options.has(other)) {
      throw new UsageError(`Options --netns and --${other} cannot be combined`);
    }
  }
  if (options.get("output") === "netdata") {
    throw new UsageError("Options --netns and --output netdata cannot be combined");
  }
  const isSingle = command in SINGLE || options.get("output") === "ipvsadm";
  if (isSingle && (words.length > 1 || words[0] === "all")) {
    const what = SINGLE[command] ?? "--output ipvsadm prints";
    throw new UsageError(`${what} one network namespace; use one --netns, not all`);
  }
  return words;
}
