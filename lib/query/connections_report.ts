/**
 * What there is to report about the connection table.
 *
 * @module
 */
import type { ClientNetwork } from "./client_sums.ts";
import type { ConnectionGroup, ConnectionKind } from "./connection_group.ts";
import { type Join, STALE_REASONS, type StaleReason } from "./connection_join.ts";
import { EXPIRY_STARTS } from "./connection_sums.ts";

/** A group of connections with what the table of servers says about it. */
export interface JoinedGroup {
  readonly group: ConnectionGroup;
  /** undefined without a table. */
  readonly join: Join | undefined;
}

/** The connections between a virtual and a real server in one state. */
export interface ServerRow {
  /** Key of the virtual server, or protocol, address and port, or fwmark, of the connections. */
  readonly virtualServer: string;
  /** Key of the real server, or address and port; null without one, see cache_bypass. */
  readonly realServer: string | null;
  /** Keys of the virtual servers that the connections can belong to, if there are several. */
  readonly candidates: readonly string[];
  /** `tcp`, `udp`, `sctp` or a number; null for the templates of a fwmark. */
  readonly protocol: string | null;
  readonly kind: ConnectionKind;
  readonly state: string;
  /** `LOCAL` or `SYNC`; null if the file does not report it. */
  readonly origin: string | null;
  /** null if the table does not decide that, or without a table. */
  readonly stale: boolean | null;
  readonly reason: StaleReason | null;
  /** Number of connections. */
  readonly count: number;
  /** Longest time until one expires, in seconds. */
  readonly longestExpiry: number;
}

/** Connections that are stale for one reason. */
export interface StaleRow {
  /** `tcp`, `udp`, `sctp` or a number; null for the templates of a fwmark. */
  readonly protocol: string | null;
  readonly state: string;
  readonly kind: ConnectionKind;
  readonly reason: StaleReason;
  /** Number of connections. */
  readonly count: number;
  /** Longest time until one expires, in seconds. */
  readonly longestExpiry: number;
}

/** The connections that expire in a range of seconds. */
export interface ExpiryRow {
  /** Seconds. */
  readonly from: number;
  /** Seconds, the first after the range; null for the last range. */
  readonly to: number | null;
  /** Number of connections. */
  readonly connections: number;
  /** Number of persistence templates. */
  readonly templates: number;
}

/** Number of entries by kind. */
export interface KindCounts {
  /** Connections. */
  readonly connections: number;
  /** Persistence templates, including invalid ones. */
  readonly templates: number;
}

/** What is stale. */
export interface StaleSummary extends KindCounts {
  /** Entries that the table does not decide. */
  readonly undecided: number;
  readonly rows: readonly StaleRow[];
}

/** Client networks with the most connections. */
export interface Clients {
  /** Number of networks, including those that are not in the list. */
  readonly networks: number;
  /** Those with the most connections. */
  readonly top: readonly ClientNetwork[];
}

/** The report. */
export interface ConnectionsReport {
  /** The time of the table of servers in nanoseconds since 1970; null without one. */
  readonly time: bigint | null;
  /** The file that was read. */
  readonly source: string;
  /** Number of entries that were read. */
  readonly rowsRead: number;
  /** The option that ended the reading before the end of the file; null for none. */
  readonly cutBy: "max-rows" | "max-time" | null;
  /** Entries that are in the total only, because there were too many groups or client networks. */
  readonly uncounted: number;
  /** The selected entries. */
  readonly total: KindCounts;
  /** null without a table of servers. */
  readonly stale: StaleSummary | null;
  /** How they are broken down: exactly one of these is present. */
  readonly servers?: readonly ServerRow[];
  readonly clients?: Clients;
  readonly expiry?: readonly ExpiryRow[];
}

/** Rows of virtual server, real server and state, in the order of the groups. */
export function serverRows(groups: readonly JoinedGroup[]): ServerRow[] {
  const rows = groups.map(toServerRow);
  const keyOf = ({ virtualServer, realServer, protocol, kind, state, origin, ...row }: ServerRow) =>
    [virtualServer, realServer, protocol, kind, state, origin, row.stale, row.reason].join("\n");
  const merged = mergeRows(rows, keyOf);
  // Rows of a virtual server of any port were found between those of others.
  return [...Map.groupBy(merged, ({ virtualServer }) => virtualServer).values()].flat();
}

function toServerRow({ group, join }: JoinedGroup): ServerRow {
  const { virtual, matches = [], stale = null, reason = null } = join ?? {};
  const [only] = matches.length === 1 ? matches : [];
  return {
    virtualServer: virtual?.key ?? group.service,
    realServer: only?.real.key ?? group.real,
    candidates: virtual === undefined
      ? [...new Set(matches.map(({ virtual }) => virtual.key))]
      : [],
    protocol: group.protocol,
    kind: group.kind,
    state: group.state,
    origin: group.origin,
    stale,
    reason,
    count: group.count,
    longestExpiry: group.longestExpiry,
  };
}

/** What is stale, by protocol, state, kind and reason; connections first. */
export function staleSummary(groups: readonly JoinedGroup[]): StaleSummary {
  const stale = groups.filter(({ join }) => join?.reason !== undefined);
  const rows = stale.map(({ group, join }): StaleRow => ({
    protocol: group.protocol,
    state: group.state,
    kind: group.kind,
    reason: join!.reason!,
    count: group.count,
    longestExpiry: group.longestExpiry,
  }));
  const keyOf = (row: StaleRow) => [row.kind, row.reason, row.protocol, row.state].join("\n");
  const order = (row: StaleRow) => `${row.kind}${STALE_REASONS.indexOf(row.reason)}${keyOf(row)}`;
  const undecided = groups.filter(({ join }) => join?.stale === null);
  return {
    ...countKinds(stale),
    undecided: undecided.reduce((sum, { group }) => sum + group.count, 0),
    rows: mergeRows(rows, keyOf).sort((a, b) => order(a) < order(b) ? -1 : 1),
  };
}

/** The number of connections and of templates of groups. */
export function countKinds(groups: readonly JoinedGroup[]): KindCounts {
  let connections = 0, templates = 0;
  for (const { group } of groups) {
    const { kind } = group;
    if (kind === "connection") connections += group.count;
    else templates += group.count;
  }
  return { connections, templates };
}

/** The histogram of the time until connections expire. */
export function expiryRows(groups: readonly JoinedGroup[]): ExpiryRow[] {
  return EXPIRY_STARTS.map((from, range) => {
    const sum = (isTemplate: boolean) =>
      groups.filter(({ group }) => (group.kind !== "connection") === isTemplate)
        .reduce((total, { group }) => total + group.countInRange(range), 0);
    const to = EXPIRY_STARTS[range + 1] ?? null;
    return { from, to, connections: sum(false), templates: sum(true) };
  });
}

/** Adds up rows with the same key, in the order of the first of each. */
function mergeRows<Row extends { count: number; longestExpiry: number }>(
  rows: Iterable<Row>,
  keyOf: (row: Row) => string,
): Row[] {
  const merged = new Map<string, Row>();
  for (const row of rows) {
    const key = keyOf(row), before = merged.get(key);
    const sum = before && {
      ...row,
      count: row.count + before.count,
      longestExpiry: Math.max(row.longestExpiry, before.longestExpiry),
    };
    merged.set(key, sum ?? row);
  }
  return [...merged.values()];
}
