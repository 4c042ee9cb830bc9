/**
 * Lists of servers: row numbers, and a function that creates a view of a row.
 *
 * @module
 */

/** Servers in order. A selection of them is another list over the same rows. */
export class ServerList<S> implements Iterable<S> {
  readonly #rows: readonly number[];
  readonly #view: (row: number) => S;

  /** Lists the rows with these numbers; `view` creates a server from a row. */
  constructor(rows: readonly number[], view: (row: number) => S) {
    this.#rows = rows;
    this.#view = view;
  }

  /** Number of servers. */
  get length(): number {
    return this.#rows.length;
  }

  /** The server at an index from 0 on; undefined outside of the list. */
  at(index: number): S | undefined {
    const row = this.#rows[index];
    return row === undefined ? undefined : this.#view(row);
  }

  /** Creates a view of each server in turn. */
  [Symbol.iterator](): Iterator<S> {
    return new ServerIterator(this.#rows, this.#view);
  }

  /** The servers for which `keep` returns true, in the same order. */
  filter(keep: (server: S) => boolean): ServerList<S> {
    return new ServerList(this.#rows.filter((row) => keep(this.#view(row))), this.#view);
  }

  /** The first servers, at most `count`. */
  first(count: number): ServerList<S> {
    return new ServerList(this.#rows.slice(0, count), this.#view);
  }

  /** The servers ordered by the value that `read` returns; equal ones keep their order. */
  sorted<Value>(
    read: (server: S) => Value,
    compare: (a: Value, b: Value) => number,
  ): ServerList<S> {
    const pairs = this.#rows.map((row) => ({ row, value: read(this.#view(row)) }));
    pairs.sort((a, b) => compare(a.value, b.value));
    return new ServerList(pairs.map(({ row }) => row), this.#view);
  }

  /** The same servers, each as `extend` makes it of the plain view and its index. */
  extend(extend: (server: S, index: number) => S): ServerList<S> {
    const indices = new Map(this.#rows.map((row, index) => [row, index]));
    return new ServerList(this.#rows, (row) => extend(this.#view(row), indices.get(row)!));
  }

  /** What `convert` makes of each server. */
  map<Result>(convert: (server: S) => Result): Result[] {
    return this.#rows.map((row) => convert(this.#view(row)));
  }

  /** An array of the servers, for JSON.stringify(). */
  toJSON(): S[] {
    return [...this];
  }
}

/**
 * Finds each server of a list in an earlier one by its key.
 *
 * @returns Pairs in the order of `current`; `previous` is undefined for a server that is new.
 */
export function* withPrevious<S extends { readonly key: string }>(
  current: Iterable<S>,
  previous: Iterable<S>,
): Generator<readonly [current: S, previous: S | undefined]> {
  const byKey = new Map<string, S>();
  for (const server of previous) byKey.set(server.key, server);
  for (const server of current) yield [server, byKey.get(server.key)];
}

/**
 * Reuses the object that next() returns. With a generator in its place, replaying 100,000 real
 * servers to Prometheus takes 4% more CPU time, a tenth of what its encoder takes.
 */
class ServerIterator<S> implements Iterator<S> {
  readonly #rows: readonly number[];
  readonly #view: (row: number) => S;
  readonly #result: { done: boolean; value: S | undefined } = { done: false, value: undefined };
  #next = 0;

  constructor(rows: readonly number[], view: (row: number) => S) {
    this.#rows = rows;
    this.#view = view;
  }

  next(): IteratorResult<S> {
    const result = this.#result;
    if (this.#next < this.#rows.length) result.value = this.#view(this.#rows[this.#next++]!);
    else {
      result.done = true;
      result.value = undefined;
    }
    return result as IteratorResult<S>;
  }
}
