/**
 * Reads a table that others may change meanwhile, so that no server is missing or there twice.
 *
 * The kernel's dumps give an entry twice or skip it where the table changes between two of their
 * datagrams, and never say so. So everything that spans datagrams is read twice, cut into datagrams
 * in other places, and believed when both readings agree: a server that comes and goes steadily can
 * tear two readings alike, but not where they are cut elsewhere. Where they do not agree, it is read
 * on, and the kernel is asked about each service that one listing has and another has not.
 *
 * @module
 */
import { NotRecordedError } from "../netlink/transport.ts";
import { Echo } from "./echo.ts";
import { serviceName } from "./model.ts";
import type { Reader } from "./reader.ts";
import { compareDestinations, compareServices, Rows, sameSequence, sortedOnce } from "./rows.ts";
import { DESTINATION, PRESENT, SERVICE } from "./schema.ts";
import { type Consistency, type Group, ServerTable } from "./snapshot.ts";
import { IPVS_SVC_ATTR } from "./uapi.ts";

/** Listings of the services, and readings of one service's destinations, at the most. */
const MOST_LISTINGS = 12;
const MOST_READINGS = 12;

const STATS64 = 1 << IPVS_SVC_ATTR.IPVS_SVC_ATTR_STATS64;

/** Reads one table once. */
export class TableReader {
  readonly #reader: Reader;
  readonly #table = new ServerTable();
  readonly #doubts: string[] = [];
  /** Every service that a listing had, the first one whole; its groups go by row. */
  #known = new Rows(SERVICE.slots);
  readonly #groups: Group[] = [];
  /** The last two readings of one service's destinations. */
  #current = new Rows(DESTINATION.slots);
  #previous = new Rows(DESTINATION.slots);
  /** All readings of it, once two of them did not agree. */
  readonly #united = new Rows(DESTINATION.slots);
  #listings = 0;
  #readTwice = true;

  /** Reads through `reader`. */
  constructor(reader: Reader) {
    this.#reader = reader;
  }

  /** How sure it is that the table has every server once. */
  get consistency(): Consistency {
    const state = this.#doubts.length > 0
      ? "inconsistent"
      : this.#readTwice
      ? "verified"
      : "unverified";
    return { state, listings: this.#listings, doubts: this.#doubts };
  }

  /** Width in bits of the counters that the kernel gave. */
  get statsWidth(): 64 | 32 {
    const { words, length, stride } = this.#known;
    for (let row = 0; row < length; row++) {
      if ((words[row * stride + PRESENT]! & STATS64) === 0) return 32;
    }
    return 64;
  }

  /** Reads the services and their destinations, and settles which services there are. */
  read(): ServerTable {
    this.#known = this.#list();
    let order = sortedOnce(this.#known, compareServices);
    for (const row of order) this.#groups[row] = this.#readDestinations(row);
    const echo = this.#ifRecorded(() => this.#echoServices());
    if (echo !== undefined) {
      const second = echo.end();
      if (second !== undefined) order = this.#settle(order, second);
      order = order.filter((row) => this.#groups[row]!.count > 0 || this.#isReallyEmpty(row));
    }
    for (const row of order) this.#table.addService(this.#known, row, this.#groups[row]!);
    return this.#table;
  }

  #list(): Rows {
    const rows = new Rows(SERVICE.slots);
    this.#reader.services(rows, this.#listings % 2 === 1);
    this.#listings++;
    return rows;
  }

  #echoServices(): Echo {
    const echo = new Echo(this.#known, compareServices);
    this.#reader.echoServices(echo);
    this.#listings++;
    return echo;
  }

  #listAgain(): Rows | undefined {
    return this.#ifRecorded(() => this.#list());
  }

  /** A reading that only makes sure: without it the snapshot is unverified. */
  #ifRecorded<T>(read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof NotRecordedError)) throw error;
      this.#readTwice = false;
      return undefined;
    }
  }

  /**
   * Lists on until two listings in a row have nothing new; then keeps what the last one has, and
   * of the rest what the kernel says is still there.
   */
  #settle(order: Uint32Array, second: Rows): Uint32Array {
    const index = new Map<string, number>();
    for (const row of order) index.set(serviceName(this.#known, row), row);
    let listed = this.#merge(second, index);
    let quiet = listed.fresh ? 0 : 1;
    while (quiet < 2 && this.#listings < MOST_LISTINGS) {
      const again = this.#listAgain();
      if (again === undefined) break;
      listed = this.#merge(again, index);
      quiet = listed.fresh ? 0 : quiet + 1;
    }
    if (quiet < 2 && this.#readTwice) {
      this.#doubts.push(`each of ${this.#listings} listings had virtual servers new to the others`);
    }
    const there = [...index.values()].filter((row) => listed.rows.has(row) || this.#isThere(row));
    return Uint32Array.from(there).sort((i, j) => compareServices(this.#known, i, this.#known, j));
  }

  /** Adds a listing's new services with their destinations; tells which rows it has. */
  #merge(list: Rows, index: Map<string, number>): { rows: Set<number>; fresh: boolean } {
    const rows = new Set<number>();
    let fresh = false;
    for (let i = 0; i < list.length; i++) {
      const name = serviceName(list, i);
      let row = index.get(name);
      if (row === undefined) {
        fresh = true;
        row = this.#known.length;
        this.#known.add(list, i);
        index.set(name, row);
        this.#groups[row] = this.#readDestinations(row);
      }
      rows.add(row);
    }
    return { rows, fresh };
  }

  #isThere(row: number): boolean {
    const there = this.#reader.hasService(this.#known, row);
    if (there === undefined) this.#readTwice = false;
    return there ?? true;
  }

  /**
   * Reads the destinations of a service that had none once more; false where it turns out to be gone.
   * An empty answer is also given before a service comes, while it is away, and after it went.
   */
  #isReallyEmpty(row: number): boolean {
    const group = this.#ifRecorded(() => this.#readDestinations(row));
    if (group !== undefined) this.#groups[row] = group;
    return (group !== undefined && group.count > 0) || this.#isThere(row);
  }

  #readDestinations(row: number): Group {
    this.#current.clear();
    const isOfOneMoment = this.#reader.destinations(this.#known, row, this.#current);
    if (!isOfOneMoment) this.#makeSure(row);
    return this.#table.addDestinations(
      this.#current,
      sortedOnce(this.#current, compareDestinations),
    );
  }

  /** Reads a service's destinations until two readings in a row agree. */
  #makeSure(row: number): void {
    this.#united.clear();
    for (let readings = 1; readings < MOST_READINGS; readings++) {
      [this.#previous, this.#current] = [this.#current, this.#previous];
      this.#current.clear();
      const again = this.#ifRecorded(() =>
        this.#reader.destinations(this.#known, row, this.#current, readings % 2 === 1)
      );
      if (again === undefined) {
        [this.#previous, this.#current] = [this.#current, this.#previous];
        return;
      }
      if (sameSequence(this.#previous, this.#current, compareDestinations)) return;
      this.#united.addAll(this.#previous);
    }
    // One that comes and goes is better shown than one that stands left out.
    this.#united.addAll(this.#current);
    this.#current.clear();
    this.#current.addAll(this.#united);
    const name = serviceName(this.#known, row);
    this.#doubts.push(`${name}: no two of ${MOST_READINGS} readings had the same real servers`);
  }
}
