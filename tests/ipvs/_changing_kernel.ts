/**
 * A fake kernel whose table does not stand still: services come and go between any two datagrams
 * of a listing, in and out of the buckets of a hash table, as they do in nature.
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
} from "../_fixtures.ts";

/** A generator of numbers from 0 to below 1 that is the same for the same seed. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What of a table stands, and what comes and goes. */
export interface Movement<T> {
  readonly standing: readonly T[];
  readonly others: readonly T[];
  /** Comings and goings between two datagrams, on average. */
  readonly pace: number;
  readonly random: () => number;
  /** Buckets of the hash table; a new entry becomes the first of its bucket. */
  readonly buckets: number;
}

/** Entries in the order of a hash table that {@linkcode Moving.step} changes. */
export class Moving<T> {
  readonly #movement: Movement<T>;
  readonly #buckets: T[][];
  readonly #home = new Map<T, number>();
  readonly #present = new Set<T>();

  constructor(movement: Movement<T>) {
    this.#movement = movement;
    this.#buckets = Array.from({ length: movement.buckets }, () => []);
    for (const entry of [...movement.standing, ...movement.others]) {
      this.#home.set(entry, Math.floor(movement.random() * movement.buckets));
    }
    for (const entry of movement.standing) this.#bucket(entry).unshift(entry);
    for (const entry of movement.others) if (movement.random() < 0.5) this.#toggle(entry);
  }

  /** The table as a listing walks it. */
  get entries(): T[] {
    return this.#buckets.flat();
  }

  /** Lets some of the others come or go. */
  step(): void {
    const { pace, random, others } = this.#movement;
    let changes = Math.floor(2 * pace * random() + random());
    while (changes-- > 0) this.#toggle(others[Math.floor(random() * others.length)]!);
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

/** A kernel whose services move before every request and between the datagrams of every answer. */
export function movingServices(
  movement: Movement<FakeService>,
  settings: Partial<Kernel>,
): FakeSource {
  const moving = new Moving(movement);
  const step = (kernel: Kernel) => {
    moving.step();
    kernel.services = moving.entries;
  };
  return fakeKernel({
    ...settings,
    services: moving.entries,
    onRequest: ({ command }, kernel) => {
      // A thousand questions for destinations take as long as some listings.
      if (command !== GET_DEST || movement.random() < 0.05) step(kernel);
    },
    onDatagram: (_, kernel) => step(kernel),
  });
}

/** A kernel with one service, whose destinations move likewise. */
export function movingDestinations(
  movement: Movement<FakeDestination>,
  settings: Partial<Kernel>,
): FakeSource {
  const moving = new Moving(movement);
  const service = () => [{ fwmark: 1, destinations: moving.entries }];
  const step = (kernel: Kernel) => {
    moving.step();
    kernel.services = service();
  };
  return fakeKernel({
    ...settings,
    services: service(),
    onRequest: (_, kernel) => step(kernel),
    onDatagram: (_, kernel) => step(kernel),
  });
}
