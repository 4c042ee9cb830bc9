/**
 * Reads each part of IPVS's state into rows, one request at a time.
 *
 * @module
 */
import { DecodeError, NetlinkError } from "../netlink/errors.ts";
import { NetlinkClient, type Request } from "../netlink/client.ts";
import { type Family, lookupFamily } from "../netlink/generic.ts";
import { type Datagram, NotRecordedError, type Transport } from "../netlink/transport.ts";
import { CONFIG, DAEMON, DESTINATION, INFO, SERVICE } from "./columns.ts";
import { Decoder } from "./decode.ts";
import {
  checkDestination,
  checkService,
  normaliseDestination,
  normaliseService,
} from "./identity.ts";
import type { ListingComparison } from "./listing_comparison.ts";
import { Requests } from "./request.ts";
import { Rows } from "./rows.ts";
import {
  CONFIG_TABLE,
  DAEMON_TABLE,
  DESTINATION_IDENTITY_TABLE,
  DESTINATION_TABLE,
  INFO_TABLE,
  SERVICE_IDENTITY_TABLE,
  SERVICE_TABLE,
} from "./schema.ts";
import { AF_INET6, IPVS_GENL_NAME } from "./uapi.ts";

const ESRCH = 3;
const EAFNOSUPPORT = 97;

/** A datagram may be full if one more entry exceeds this many bytes: the kernel fills some 32,400. */
const ROOM = 32_256;

/** Reads through one transport, and whatever is read again through a second one. */
export class Reader {
  /** The family of IPVS. */
  readonly family: Family;
  readonly #client: NetlinkClient;
  readonly #second: NetlinkClient;
  readonly #requests: Requests;
  readonly #services = new Decoder(SERVICE_TABLE, SERVICE.width);
  readonly #serviceIdentities = new Decoder(SERVICE_IDENTITY_TABLE, SERVICE.width);
  readonly #destinations = new Decoder(DESTINATION_TABLE, DESTINATION.width);
  readonly #destinationIdentities = new Decoder(DESTINATION_IDENTITY_TABLE, DESTINATION.width);
  readonly #info = new Decoder(INFO_TABLE, INFO.width);
  readonly #config = new Decoder(CONFIG_TABLE, CONFIG.width);
  readonly #daemons = new Decoder(DAEMON_TABLE, DAEMON.width);

  /**
   * Looks up the family of IPVS.
   *
   * @throws {NetlinkError} with errno ENOENT if the kernel has no IPVS.
   */
  constructor(transport: Transport, second?: Transport) {
    this.#client = new NetlinkClient(transport);
    this.#second = second === undefined ? this.#client : new NetlinkClient(second);
    this.family = lookupFamily(this.#client, IPVS_GENL_NAME);
    this.#requests = new Requests(this.family);
  }

  /** Number of attributes that were skipped because the schema does not know them. */
  get unknownAttributes(): number {
    return this.#services.unknown + this.#destinations.unknown + this.#info.unknown +
      this.#config.unknown + this.#daemons.unknown;
  }

  /** The reply to GET_INFO in the columns of `INFO`; undefined if it was not recorded. */
  info(): Uint32Array | undefined {
    return this.#rows(this.#requests.info(), this.#info, INFO.width)?.[0];
  }

  /** The reply to GET_CONFIG in the columns of `CONFIG`; undefined if it was not recorded. */
  config(): Uint32Array | undefined {
    return this.#rows(this.#requests.config(), this.#config, CONFIG.width)?.[0];
  }

  /**
   * The replies to GET_DAEMON in the columns of `DAEMON`; undefined if they were not recorded.
   *
   * @throws {DecodeError} if two daemons have the same state: the kernel has one of each.
   */
  daemons(): Uint32Array[] | undefined {
    const request = this.#requests.daemons();
    const daemons = this.#rows(request, this.#daemons, DAEMON.width);
    const states = new Set<number>();
    for (const daemon of daemons ?? []) {
      const state = daemon[DAEMON.state]!;
      if (states.has(state)) {
        const reason = `two sync daemons of state ${state}`;
        throw new DecodeError(`Cannot use the reply to ${request.name}: ${reason}`);
      }
      states.add(state);
    }
    return daemons;
  }

  /** Adds all services to `rows` in the kernel's order, through the second transport if `again`. */
  services(rows: Rows, again = false): void {
    this.#clientFor(again).request(this.#requests.services(), (datagram, start, end) => {
      this.#addService(datagram, start, end, rows);
    });
  }

  /** Lists the services again, through the second transport, and compares their identities. */
  compareServices(comparison: ListingComparison): void {
    this.#second.request(this.#requests.services(), (datagram, start, end) => {
      const { scratch } = comparison;
      const words = scratch.words(scratch.push());
      this.#serviceIdentities.decode(datagram, start, end, words, 0);
      normaliseService(words, 0, start);
      if (!comparison.matches()) this.#addService(datagram, start, end, comparison.rows);
    });
  }

  /** Adds a service to `rows`; returns false if the kernel does not have it. */
  service(identities: Rows, row: number, rows: Rows): boolean {
    try {
      this.#client.request(this.#requests.service(identities, row), (datagram, start, end) => {
        this.#addService(datagram, start, end, rows);
      });
      return true;
    } catch (error) {
      // Without IPv6, there is no service of that family.
      const errno = error instanceof NetlinkError ? error.errno : undefined;
      if (errno === ESRCH || errno === EAFNOSUPPORT) return false;
      throw error;
    }
  }

  /** Whether the kernel still has a service; undefined if the reply was not recorded. */
  hasService(rows: Rows, row: number): boolean | undefined {
    try {
      this.#client.request(this.#requests.service(rows, row), () => {});
      return true;
    } catch (error) {
      if (error instanceof NetlinkError && error.errno === ESRCH) return false;
      if (error instanceof NotRecordedError) return undefined;
      throw error;
    }
  }

  /** Whether IPVS was built with IPv6; undefined if unknown. */
  supportsIpv6(): boolean | undefined {
    const rows = new Rows(SERVICE.width);
    const words = rows.words(rows.push());
    words[SERVICE.addressFamily] = AF_INET6;
    words[SERVICE.fwmark] = 1;
    try {
      return this.hasService(rows, 0) === undefined ? undefined : true;
    } catch (error) {
      return error instanceof NetlinkError && error.errno === EAFNOSUPPORT ? false : undefined;
    }
  }

  /**
   * Adds the destinations of a service to `rows`; returns whether the list is atomic. Each datagram
   * is atomic, but the table can change between two. After a full datagram there may have been more
   * destinations, which were removed or moved forward before the kernel continued.
   */
  destinations(services: Rows, row: number, rows: Rows, again = false): boolean {
    const family = services.words(row)[services.at(row) + SERVICE.addressFamily]!;
    const request = this.#requests.destinations(services, row);
    let filled = 0;
    const datagrams = this.#clientFor(again).request(request, (datagram, start, end) => {
      this.#addDestination(datagram, start, end, rows, family);
      filled = datagram.length + end - start;
    });
    return datagrams <= 1 && filled <= ROOM;
  }

  /** Lists the destinations of a service again, and compares their identities. */
  compareDestinations(services: Rows, row: number, comparison: ListingComparison): void {
    const family = services.words(row)[services.at(row) + SERVICE.addressFamily]!;
    this.#second.request(this.#requests.destinations(services, row), (datagram, start, end) => {
      const { scratch } = comparison;
      const words = scratch.words(scratch.push());
      this.#destinationIdentities.decode(datagram, start, end, words, 0);
      normaliseDestination(words, 0, start, family);
      if (!comparison.matches()) {
        this.#addDestination(datagram, start, end, comparison.rows, family);
      }
    });
  }

  #addService(datagram: Datagram, start: number, end: number, rows: Rows): void {
    const row = rows.push();
    const words = rows.words(row), at = rows.at(row);
    this.#services.decode(datagram, start, end, words, at);
    checkService(words, at, start);
  }

  #addDestination(
    datagram: Datagram,
    start: number,
    end: number,
    rows: Rows,
    family: number,
  ): void {
    const row = rows.push();
    const words = rows.words(row), at = rows.at(row);
    this.#destinations.decode(datagram, start, end, words, at);
    checkDestination(words, at, start, family);
  }

  #clientFor(again: boolean): NetlinkClient {
    return again ? this.#second : this.#client;
  }

  #rows(request: Request, decoder: Decoder, width: number): Uint32Array[] | undefined {
    const rows: Uint32Array[] = [];
    try {
      this.#client.request(request, (datagram, start, end) => {
        const row = new Uint32Array(width);
        decoder.decode(datagram, start, end, row, 0);
        rows.push(row);
      });
    } catch (error) {
      if (error instanceof NotRecordedError) return undefined;
      throw error;
    }
    return rows;
  }
}
