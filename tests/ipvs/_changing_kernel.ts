/**
 * A fake kernel whose table changes during a read: entries are added and removed between any two
 * datagrams of a list, in the buckets of a hash table, as in a real kernel.
 *
 * @module
 */
import {
  type FakeDestination,
  fakeKernel,
  type FakeService,
  type FakeSource,
  GET_DEST,
  type Kernel,
} from "../_fake_kernel.ts";

/** A generator of numbers from 0 to below 1, determined by the seed. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The entries of a table, and how often they change. */
export interface Changes<T> {
  readonly stable: readonly T[];
  /** Entries that are added and removed. */
  readonly transient: readonly T[];
  /** Average number of changes between two datagrams. */
  readonly rate: number;
  readonly random: () => number;
  /** Number of buckets of the hash table; a new entry becomes the first one in its bucket. */
  readonly buckets: number;
}

/** A hash table that {@linkcode ChangingTable.step} changes. */
export class ChangingTable<T> {
  readonly #changes: Changes<T>;
  readonly #buckets: T[][];
  readonly #home = new Map<T, number>();
  readonly #present = new Set<T>();

  constructor(changes: Changes<T>) {
    this.#changes = changes;
    this.#buckets = Array.from({ length: changes.buckets }, () => []);
    for (const entry of [...changes.stable, ...changes.transient]) {
      this.#home.set(entry, Math.floor(changes.random() * changes.buckets));
    }
    for (const entry of changes.stable) this.#bucket(entry).unshift(entry);
    for (const entry of changes.transient) if (changes.random() < 0.5) this.#toggle(entry);
  }

  /** The entries in the order of a list. */
  get entries(): T[] {
    return this.#buckets.flat();
  }

  /** Adds or removes transient entries. */
  step(): void {
    const { rate, random, transient } = this.#changes;
    let count = Math.floor(2 * rate * random() + random());
    while (count-- > 0) this.#toggle(transient[Math.floor(random() * transient.length)]!);
  }

  #bucket(entry: T): T[] {
    return this.#buckets[this.#home.get(entry)!]!;
  }

  #toggle(entry: T): void {
    const bucket = this.#bucket(entry);
    if (this.#present.delete(entry)) bucket.splice(bucket.indexOf(entry), 1);
    else {
      this.#present.add(entry);
      bucket.unshift(entry);
    }
  }
}

/** A kernel whose services change before requests and between the datagrams of every dump. */
export function changingServices(
  changes: Changes<FakeService>,
  settings: Partial<Kernel>,
): FakeSource {
  const table = new ChangingTable(changes);
  const step = (kernel: Kernel) => {
    table.step();
    kernel.services = table.entries;
  };
  return fakeKernel({
    ...settings,
    services: table.entries,
    onRequest: ({ command }, kernel) => {
      // Twenty dumps of destinations take about as long as one listing of the services.
      if (command !== GET_DEST || changes.random() < 0.05) step(kernel);
    },
    onDatagram: (_, kernel) => step(kernel),
  });
}

/** A kernel with one service, whose destinations change in the same way. */
export function changingDestinations(
  changes: Changes<FakeDestination>,
  settings: Partial<Kernel>,
): FakeSource {
  const table = new ChangingTable(changes);
  const service = () => [{ fwmark: 1, destinations: table.entries }];
  const step = (kernel: Kernel) => {
    table.step();
    kernel.services = service();
  };
  return fakeKernel({
    ...settings,
    services: service(),
    onRequest: (_, kernel) => step(kernel),
    onDatagram: (_, kernel) => step(kernel),
  });
}
