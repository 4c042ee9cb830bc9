/**
 * Reads the table of virtual and real servers consistently, while other programs may change it.
 *
 * A netlink dump can list an entry twice or skip it if the table changes between two datagrams, and
 * the kernel does not report that. So every list that spans datagrams is read twice, cut into
 * datagrams in different places, and accepted if both reads agree: steady changes can tear two
 * reads in the same way, but not if they are cut differently. If they do not agree, the list is
 * read again, and the kernel is asked about each service that is not in all listings.
 *
 * @module
 */
import { NotRecordedError } from "../netlink/transport.ts";
import { DESTINATION, PRESENT, SERVICE } from "./columns.ts";
import { ListingComparison } from "./listing_comparison.ts";
import { RealServer } from "./real_server.ts";
import { serviceKey, VirtualServer } from "./virtual_server.ts";
import type { Reader } from "./reader.ts";
import { compareDestinations, compareServices, Rows, sameSequence, sortUnique } from "./rows.ts";
import { ServerList } from "./server_list.ts";
import type { Consistency } from "./snapshot.ts";
import { IPVS_SVC_ATTR } from "./uapi.ts";

/** Maximum number of listings of the services, and of reads of one service's destinations. */
const MAXIMUM_LISTINGS = 12;
const MAXIMUM_READS = 12;

const STATS64 = 1 << IPVS_SVC_ATTR.IPVS_SVC_ATTR_STATS64;

/** Reads one table once. */
export class TableReader {
  readonly #reader: Reader;
  readonly #doubts: string[] = [];
  /** All services of all listings, beginning with the whole first one. */
  readonly #services = new Rows(SERVICE.width);
  readonly #destinations = new Rows(DESTINATION.width);
  /** Rows of each service's destinations, in order. */
  readonly #groups: (readonly number[])[] = [];
  #listings = 0;
  #readTwice = true;

  /** Reads through `reader`. */
  constructor(reader: Reader) {
    this.#reader = reader;
  }

  /** Whether the table has every server exactly once. */
  get consistency(): Consistency {
    const state = this.#doubts.length > 0
      ? "inconsistent"
      : this.#readTwice
      ? "verified"
      : "unverified";
    return { state, listings: this.#listings, doubts: this.#doubts };
  }

  /** Bits of the counters that the kernel sent. */
  get statsWidth(): 64 | 32 {
    const rows = this.#services;
    for (let row = 0; row < rows.length; row++) {
      if ((rows.words(row)[rows.at(row) + PRESENT]! & STATS64) === 0) return 32;
    }
    return 64;
  }

  /** Reads the given services, as far as they exist, and their destinations. */
  readOnly(identities: Rows): ServerList<VirtualServer> {
    for (let row = 0; row < identities.length; row++) {
      if (!this.#reader.service(identities, row, this.#services)) continue;
      this.#groups.push(this.#readDestinations(this.#services.length - 1));
    }
    const order = this.#groups.map((_, row) => row);
    return this.#view(
      order.filter((row) => this.#groups[row]!.length > 0 || this.#isReallyEmpty(row)),
    );
  }

  /** Reads the services and their destinations, and resolves which services exist. */
  read(): ServerList<VirtualServer> {
    this.#list(this.#services);
    let order = sortUnique(this.#services, compareServices);
    for (let row = 0; row < this.#services.length; row++) this.#groups.push([]);
    for (const row of order) this.#groups[row] = this.#readDestinations(row);
    const comparison = this.#ifRecorded(() => this.#compareServices());
    if (comparison !== undefined) {
      const second = comparison.end();
      if (second !== undefined) order = this.#resolveConflicts(order, second);
      order = order.filter((row) => this.#groups[row]!.length > 0 || this.#isReallyEmpty(row));
    }
    return this.#view(order);
  }

  #view(order: readonly number[]): ServerList<VirtualServer> {
    const services = this.#services, destinations = this.#destinations, groups = this.#groups;
    const real = (row: number) => new RealServer(destinations.words(row), destinations.at(row));
    return new ServerList(order, (row) => {
      const realServers = new ServerList(groups[row]!, real);
      return new VirtualServer(services.words(row), services.at(row), realServers);
    });
  }

  #list(rows: Rows): Rows {
    this.#reader.services(rows, this.#listings % 2 === 1);
    this.#listings++;
    return rows;
  }

  #compareServices(): ListingComparison {
    const comparison = new ListingComparison(this.#services, compareServices);
    this.#reader.compareServices(comparison);
    this.#listings++;
    return comparison;
  }

  /** Makes a verifying read; if it was not recorded, the snapshot is unverified. */
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
   * Lists the services until two listings in a row have no new one. Returns those of the last
   * listing, and others that the kernel confirms.
   */
  #resolveConflicts(order: readonly number[], second: Rows): number[] {
    const index = new Map<string, number>();
    for (const row of order) index.set(this.#keyOf(row), row);
    let listed = this.#merge(second, index);
    let quiet = listed.hasNew ? 0 : 1;
    while (quiet < 2 && this.#listings < MAXIMUM_LISTINGS) {
      const again = this.#ifRecorded(() => this.#list(new Rows(SERVICE.width)));
      if (again === undefined) break;
      listed = this.#merge(again, index);
      quiet = listed.hasNew ? 0 : quiet + 1;
    }
    if (quiet < 2 && this.#readTwice) {
      this.#doubts.push(`each of ${this.#listings} listings had virtual servers new to the others`);
    }
    return [...index.values()].filter((row) => listed.rows.has(row) || this.#exists(row))
      .sort((i, j) => compareServices(this.#services, i, this.#services, j));
  }

  /** Adds the new services of a listing with their destinations; returns all rows that it has. */
  #merge(listing: Rows, index: Map<string, number>): { rows: Set<number>; hasNew: boolean } {
    const rows = new Set<number>();
    let hasNew = false;
    for (let i = 0; i < listing.length; i++) {
      const key = serviceKey(listing.words(i), listing.at(i));
      let row = index.get(key);
      if (row === undefined) {
        hasNew = true;
        row = this.#services.length;
        this.#services.append(listing, i, i + 1);
        index.set(key, row);
        this.#groups.push(this.#readDestinations(row));
      }
      rows.add(row);
    }
    return { rows, hasNew };
  }

  #keyOf(row: number): string {
    return serviceKey(this.#services.words(row), this.#services.at(row));
  }

  #exists(row: number): boolean {
    const exists = this.#reader.hasService(this.#services, row);
    if (exists === undefined) this.#readTwice = false;
    return exists ?? true;
  }

  /**
   * Reads the destinations of a service that had none again; returns false if the service does not
   * exist. The kernel also replies with an empty list if the service is missing at that moment.
   */
  #isReallyEmpty(row: number): boolean {
    const group = this.#ifRecorded(() => this.#readDestinations(row));
    if (group !== undefined) this.#groups[row] = group;
    return (group !== undefined && group.length > 0) || this.#exists(row);
  }

  #readDestinations(row: number): number[] {
    const start = this.#destinations.length;
    const isAtomic = this.#reader.destinations(this.#services, row, this.#destinations);
    if (!isAtomic) this.#verifyDestinations(row, start);
    return sortUnique(this.#destinations, compareDestinations, start);
  }

  /** Compares the destinations from `start` on with a second read of them. */
  #verifyDestinations(row: number, start: number): void {
    const comparison = new ListingComparison(this.#destinations, compareDestinations, start);
    const second = this.#ifRecorded(() => {
      this.#reader.compareDestinations(this.#services, row, comparison);
      return comparison.end();
    });
    if (second !== undefined) this.#rereadUntilStable(row, start, second);
  }

  /** Replaces the destinations from `start` on by those that two reads in a row agree on. */
  #rereadUntilStable(row: number, start: number, second: Rows): void {
    const all = new Rows(DESTINATION.width);
    all.append(this.#destinations, start);
    this.#destinations.truncate(start);
    let current = second;
    for (let reads = 2; reads < MAXIMUM_READS; reads++) {
      const next = new Rows(DESTINATION.width);
      const isRecorded = this.#ifRecorded(() => {
        this.#reader.destinations(this.#services, row, next, reads % 2 === 1);
        return true;
      });
      const isStable = isRecorded && sameSequence(current, next, compareDestinations);
      if (isStable || !isRecorded) {
        this.#destinations.append(isStable ? next : current);
        return;
      }
      all.append(current);
      current = next;
    }
    // Prefer showing a transient server over hiding a stable one.
    this.#destinations.append(all);
    this.#destinations.append(current);
    this.#doubts.push(
      `${this.#keyOf(row)}: no two of ${MAXIMUM_READS} lists had the same real servers`,
    );
  }
}
