/**
 * The comparison of two configurations.
 *
 * @module
 */
import type {
  Configuration,
  ConfiguredServer,
  ConfiguredVirtualServer,
  Fields,
  FieldValue,
} from "./configuration.ts";

/** A field with other values. */
export interface FieldChange {
  readonly name: string;
  readonly before: FieldValue;
  readonly after: FieldValue;
}

/** A counter with other values. */
export interface CounterChange {
  readonly name: string;
  readonly before: number | bigint;
  readonly after: number | bigint;
  /** After minus before; null if the counter went back, because it was reset. */
  readonly difference: bigint | null;
}

/** A server that was added or removed. */
interface LoneServer<Server> {
  readonly change: "added" | "removed";
  readonly server: Server;
}

/** A server that both sides have, with what is different. */
interface ChangedServer<Server> {
  readonly change: "changed";
  /** As it is afterwards. */
  readonly server: Server;
  readonly fields: readonly FieldChange[];
  readonly counters: readonly CounterChange[];
}

/** A real server that is different. */
export type RealDifference = LoneServer<ConfiguredServer> | ChangedServer<ConfiguredServer>;

/** A virtual server that is different, or has real servers that are. */
export type VirtualDifference =
  & (LoneServer<ConfiguredVirtualServer> | ChangedServer<ConfiguredVirtualServer>)
  & {
    /** All of them if the virtual server was added or removed. */
    readonly realServers: readonly RealDifference[];
  };

/** The differences of two configurations. */
export interface Comparison {
  /** First those of the first side, in its order, then those that were added. */
  readonly virtualServers: readonly VirtualDifference[];
  /** Names of the fields that are not known for some server on one side, so that nothing is compared. */
  readonly notCompared: readonly string[];
}

/** Compares two configurations. `counters` compares the counters, too, where both sides have them. */
export function compareConfigurations(
  before: Configuration,
  after: Configuration,
  { counters }: { readonly counters: boolean },
): Comparison {
  const comparer = new Comparer(counters);
  const virtualServers = comparer.virtualServers(before.virtualServers, after.virtualServers);
  return { virtualServers, notCompared: [...comparer.notCompared].sort() };
}

class Comparer {
  readonly notCompared = new Set<string>();
  readonly #counters: boolean;

  constructor(counters: boolean) {
    this.#counters = counters;
  }

  virtualServers(
    before: readonly ConfiguredVirtualServer[],
    after: readonly ConfiguredVirtualServer[],
  ): VirtualDifference[] {
    return pair(before, after).flatMap(([old, now]): VirtualDifference[] => {
      const realServers = this.#realServers(old?.realServers ?? [], now?.realServers ?? []);
      if (old === undefined) return [{ change: "added", server: now!, realServers }];
      if (now === undefined) return [{ change: "removed", server: old, realServers }];
      const changes = this.#changes(old, now);
      if (!isChanged(changes) && realServers.length === 0) return [];
      return [{ change: "changed", server: now, ...changes, realServers }];
    });
  }

  #realServers(
    before: readonly ConfiguredServer[],
    after: readonly ConfiguredServer[],
  ): RealDifference[] {
    return pair(before, after).flatMap(([old, now]): RealDifference[] => {
      if (old === undefined) return [{ change: "added", server: now! }];
      if (now === undefined) return [{ change: "removed", server: old }];
      const changes = this.#changes(old, now);
      return isChanged(changes) ? [{ change: "changed", server: now, ...changes }] : [];
    });
  }

  #changes(before: ConfiguredServer, after: ConfiguredServer): Changes {
    return {
      fields: this.#fieldChanges(before.fields, after.fields),
      counters: this.#counters ? counterChanges(before, after) : [],
    };
  }

  #fieldChanges(before: Fields, after: Fields): FieldChange[] {
    const names = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...names].flatMap((name) => {
      const old = before[name], now = after[name];
      if (old === undefined || now === undefined) {
        this.notCompared.add(name);
        return [];
      }
      return isSame(old, now) ? [] : [{ name, before: old, after: now }];
    });
  }
}

type Changes = Pick<ChangedServer<never>, "fields" | "counters">;

function isChanged({ fields, counters }: Changes): boolean {
  return fields.length + counters.length > 0;
}

function counterChanges(before: ConfiguredServer, after: ConfiguredServer): CounterChange[] {
  const old = before.counters, now = after.counters;
  if (old === undefined || now === undefined) return [];
  return Object.keys(now).filter((name) => BigInt(old[name]!) !== BigInt(now[name]!)).map(
    (name) => {
      const difference = BigInt(now[name]!) - BigInt(old[name]!);
      const values = { before: old[name]!, after: now[name]! };
      return { name, ...values, difference: difference < 0n ? null : difference };
    },
  );
}

/** The order of a list, such as flags, means nothing. */
function isSame(a: FieldValue, b: FieldValue): boolean {
  if (!isList(a) || !isList(b)) return a === b;
  return a.toSorted().join() === b.toSorted().join();
}

function isList(value: FieldValue): value is readonly string[] {
  return Array.isArray(value);
}

/** The servers of both sides by key: first those of `before`, then those that only `after` has. */
function pair<Server extends ConfiguredServer>(
  before: readonly Server[],
  after: readonly Server[],
): [before: Server | undefined, after: Server | undefined][] {
  const rest = new Map(after.map((server) => [server.key, server]));
  const pairs = before.map((server): [Server, Server | undefined] => {
    const { key } = server;
    const other = rest.get(key);
    rest.delete(key);
    return [server, other];
  });
  return [
    ...pairs,
    ...[...rest.values()].map((server): [undefined, Server] => [undefined, server]),
  ];
}
