/**
 * The query of a command line: which servers to select, and their order.
 *
 * @module
 */
import type { Source } from "../ipvs/collect.ts";
import type { ServiceIdentity } from "../ipvs/service_identity.ts";
import type { Snapshot } from "../ipvs/snapshot.ts";
import { Selection } from "../query/selection.ts";
import { SelectionError } from "../query/selection_error.ts";
import { firstServers, parseSortKey, sortServers } from "../query/sort.ts";
import { DONE, FAILED } from "./exit_codes.ts";
import { printMessage } from "./messages.ts";
import type { Arguments } from "./parse.ts";
import { UsageError } from "./usage_error.ts";
import { numberOf } from "./values.ts";

/** Selects and sorts servers of a snapshot. */
export interface Query {
  readonly selection: Selection;
  /**
   * The virtual servers to ask a source for; undefined for all. A recording has answers to the
   * requests that were recorded only.
   */
  identities(source: Source): readonly ServiceIdentity[] | undefined;
  /** The snapshot with the selected servers, in the order that was asked for. */
  apply(snapshot: Snapshot): Snapshot;
}

/**
 * The query of a command line.
 *
 * @throws {UsageError} if a pattern or a key cannot be parsed.
 */
export function parseQuery({ options, lists }: Arguments): Query {
  return usage(() => {
    const selection = new Selection({
      services: lists.get("service"),
      fwmarks: lists.get("fwmark"),
      reals: lists.get("real"),
      protocols: lists.get("protocol"),
      families: lists.get("family"),
      schedulers: lists.get("scheduler"),
      states: lists.get("state"),
    });
    const sort = options.get("sort");
    const key = sort === undefined ? undefined : parseSortKey(sort);
    const top = numberOf(options, "top");
    const apply = (snapshot: Snapshot) => {
      const selected = selection.select(snapshot);
      const sorted = key === undefined ? selected : sortServers(selected, key);
      return top === undefined ? sorted : firstServers(sorted, top);
    };
    const { identities } = selection;
    const isLive = (source: Source) => source.restart !== undefined;
    return { selection, apply, identities: (from) => isLive(from) ? identities : undefined };
  });
}

/**
 * Reports on standard error that nothing is selected; returns the exit code, which is 1 for that with
 * --require-match.
 */
export function matchVerdict({ options }: Arguments, query: Query, snapshot: Snapshot): number {
  if (snapshot.virtualServers.length > 0) return DONE;
  const isRequired = options.has("require-match");
  if (!query.selection.isEverything) printMessage("No server matches the selection");
  else if (isRequired) printMessage("There is no virtual server");
  return isRequired ? FAILED : DONE;
}

function usage<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof SelectionError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}
