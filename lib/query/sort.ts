/**
 * Sorts the servers of a snapshot by a label or a metric.
 *
 * @module
 */
import type { RealServer } from "../ipvs/real_server.ts";
import { ifKnown } from "../ipvs/unknown_value.ts";
import type { ServerList } from "../ipvs/server_list.ts";
import type { Snapshot } from "../ipvs/snapshot.ts";
import type { VirtualServer } from "../ipvs/virtual_server.ts";
import { SUM_METRICS } from "../metrics/aggregates.ts";
import { type Field, FIELDS, type FieldValue, MEASURED_FIELDS } from "./fields.ts";
import { SelectionError } from "./selection_error.ts";

type Value = ReturnType<SortValue<never>>;
/** The value that a server is sorted by. */
export type SortValue<S> = (server: S) => number | bigint | string | undefined;

/** What servers are sorted by. A kind of server that has no such value keeps its order. */
export interface SortKey {
  /** Of virtual servers. */
  readonly virtual?: SortValue<VirtualServer> | undefined;
  /** Of real servers. */
  readonly real?: SortValue<RealServer> | undefined;
  /** Whether the largest value comes first. */
  readonly descending: boolean;
}

/** For connections, virtual servers are sorted by the sum of their real servers. */
const KEYS: readonly Field[] = [...FIELDS, ...MEASURED_FIELDS].map((field) => ({
  ...field,
  virtual: field.virtual ?? SUM_METRICS.find(({ name }) => name === field.name)?.read,
}));

/** The names of all keys. */
export const SORT_KEYS: readonly string[] = KEYS.map(({ name }) => name);

/**
 * Parses `KEY`, `KEY:asc` or `KEY:desc`.
 *
 * @throws {SelectionError} if there is no such key or order.
 */
export function parseSortKey(text: string): SortKey {
  const [, name = "", order = "asc"] = /^([^:]*)(?::(.*))?$/s.exec(text) ?? [];
  const key = KEYS.find((each) => each.name === name);
  if (key === undefined) {
    throw new SelectionError(
      `Unknown key "${name}" for --sort; use one of ${SORT_KEYS.join(", ")}`,
    );
  }
  if (order !== "asc" && order !== "desc") {
    throw new SelectionError(`Unknown order "${order}" for --sort; use asc or desc`);
  }
  return {
    virtual: comparable(key.virtual),
    real: comparable(key.real),
    descending: order === "desc",
  };
}

function comparable<S>(
  read: ((server: S) => FieldValue) | undefined,
): SortValue<S> | undefined {
  if (read === undefined) return undefined;
  const known = ifKnown(read);
  return (server) => {
    const value = known(server);
    if (typeof value === "boolean") return Number(value);
    return typeof value === "object" ? value.join(",") : value;
  };
}

/**
 * Sorts virtual servers, and the real servers of each. Servers without a value come last; those with
 * equal values keep their order.
 */
export function sortServers(snapshot: Snapshot, { virtual, real, descending }: SortKey): Snapshot {
  const { virtualServers } = snapshot;
  const ordered = virtual === undefined
    ? virtualServers
    : virtualServers.sorted(virtual, (a, b) => compare(a, b, descending));
  if (real === undefined) return { ...snapshot, virtualServers: ordered };
  const sorted = ordered.map(({ realServers }): ServerList<RealServer> =>
    realServers.sorted(real, (a, b) => compare(a, b, descending))
  );
  return {
    ...snapshot,
    virtualServers: ordered.extend((server, i) => server.withSelected(sorted[i]!)),
  };
}

function compare(a: Value, b: Value, descending: boolean): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
  const order = a < b ? -1 : a > b ? 1 : 0;
  return descending ? -order : order;
}

/** The first virtual servers of a snapshot, with all their real servers. */
export function firstServers(snapshot: Snapshot, count: number): Snapshot {
  return { ...snapshot, virtualServers: snapshot.virtualServers.first(count) };
}
