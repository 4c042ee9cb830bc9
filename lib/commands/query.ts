/**
 * The query of a command line: which servers to select, and their order.
 *
 * @module
 */
import type { Source } from "../ipvs/collect.ts";
import type { ServiceIdentity } from "../ipvs/service_identity.ts";
import { type Snapshot, snapshotList, type Snapshots } from "../ipvs/snapshot.ts";
import { Selection } from "../query/selection.ts";
import { firstServers, parseSortKey, sortServers } from "../query/sort.ts";
import { DONE, FAILED } from "./exit_codes.ts";
import { printMessage } from "./messages.ts";
import type { NamesFile } from "./names_file.ts";
import type { Arguments } from "./parse.ts";
import { numberOf } from "./values.ts";

/** Selects and sorts servers of a snapshot. */
export interface Query {
  readonly selection: Selection;
  /**
   * The virtual servers to ask a source for; undefined for all. A recording has answers to the
   * requests that were recorded only.
   */
  identities(source: Source): readonly ServiceIdentity[] | undefined;
  /** The snapshot with the names of its servers. */
  addNames(snapshot: Snapshot): Snapshot;
  /** The snapshot with the selected servers, in the order that was asked for. */
  apply(snapshot: Snapshot): Snapshot;
}

/**
 * The query of a command line.
 *
 * @throws {NamesFileError} if the names file cannot be read.
 * @throws {SelectionError} if a pattern or a key cannot be parsed.
 */
export async function parseQuery({ options, lists }: Arguments): Promise<Query> {
  const names = await openNames(options.get("names"));
  const known = names && { identitiesOf: (name: string) => names.current().identitiesOf(name) };
  const selection = new Selection({
    services: lists.get("service"),
    fwmarks: lists.get("fwmark"),
    reals: lists.get("real"),
    protocols: lists.get("protocol"),
    families: lists.get("family"),
    schedulers: lists.get("scheduler"),
    states: lists.get("state"),
  }, known);
  const sort = options.get("sort");
  const key = sort === undefined ? undefined : parseSortKey(sort);
  const top = numberOf(options, "top");
  const addNames = (snapshot: Snapshot) => names?.addTo(snapshot) ?? snapshot;
  const apply = (snapshot: Snapshot) => {
    const selected = selection.select(addNames(snapshot));
    const sorted = key === undefined ? selected : sortServers(selected, key);
    return top === undefined ? sorted : firstServers(sorted, top);
  };
  const isLive = (source: Source) => source.restart !== undefined;
  return {
    selection,
    addNames,
    apply,
    identities: (from) => isLive(from) ? selection.identities : undefined,
  };
}

async function openNames(file: string | undefined): Promise<NamesFile | undefined> {
  if (file === undefined) return undefined;
  return new (await import("./names_file.ts")).NamesFile(file);
}

/**
 * Reports on standard error that nothing is selected; returns the exit code, which is 1 for that with
 * --require-match.
 */
export function matchVerdict({ options }: Arguments, query: Query, snapshots: Snapshots): number {
  if (snapshotList(snapshots).some((each) => each.virtualServers.length > 0)) return DONE;
  const isRequired = options.has("require-match");
  if (!query.selection.isEverything) printMessage("No server matches the selection");
  else if (isRequired) printMessage("There is no virtual server");
  return isRequired ? FAILED : DONE;
}
