/**
 * Reads each part of IPVS's state into rows and records, one exchange at a time.
 *
 * @module
 */
import { DecodeError, NetlinkError } from "../netlink/errors.ts";
import { NetlinkClient, type Request } from "../netlink/client.ts";
import { type Family, lookupFamily } from "../netlink/generic.ts";
import { type Datagram, NotRecordedError, type Transport } from "../netlink/transport.ts";
import { Decoder } from "./decode.ts";
import type { Echo } from "./echo.ts";
import { settleDestination, settleService } from "./identity.ts";
import { Requests } from "./request.ts";
import { type Rows, SERVICE_NAME } from "./rows.ts";
import {
  CONFIG,
  CONFIG_TABLE,
  DAEMON,
  DAEMON_TABLE,
  DESTINATION,
  DESTINATION_TABLE,
  INFO,
  INFO_TABLE,
  SERVICE,
  SERVICE_TABLE,
} from "./schema.ts";
import { IPVS_GENL_NAME } from "./uapi.ts";

const ESRCH = 3;

/** A datagram of a dump that this is too little for is full: the kernel fills some 32,400 bytes. */
const ROOM = 32_256;

/** Reads through one transport, and what is read again through a second one. */
export class Reader {
  /** IPVS's family. */
  readonly family: Family;
  readonly #client: NetlinkClient;
  readonly #second: NetlinkClient;
  readonly #requests: Requests;
  readonly #services = new Decoder(SERVICE_TABLE, SERVICE.slots, SERVICE_NAME);
  readonly #destinations = new Decoder(DESTINATION_TABLE, DESTINATION.slots);
  readonly #info = new Decoder(INFO_TABLE, INFO.slots);
  readonly #config = new Decoder(CONFIG_TABLE, CONFIG.slots);
  readonly #daemons = new Decoder(DAEMON_TABLE, DAEMON.slots);

  /**
   * Looks IPVS's family up.
   *
   * @throws {NetlinkError} with errno ENOENT where the kernel has no IPVS.
   */
  constructor(transport: Transport, second?: Transport) {
    this.#client = new NetlinkClient(transport);
    this.#second = second === undefined ? this.#client : new NetlinkClient(second);
    this.family = lookupFamily(this.#client, IPVS_GENL_NAME);
    this.#requests = new Requests(this.family);
  }

  /** Attributes that were skipped because the schema does not know them. */
  get unknownAttributes(): number {
    return this.#services.unknown + this.#destinations.unknown + this.#info.unknown +
      this.#config.unknown + this.#daemons.unknown;
  }

  /** The record of GET_INFO by the slots of `INFO`, or undefined where it was not recorded. */
  info(): Uint32Array | undefined {
    return this.#records(this.#requests.info(), this.#info, INFO.slots)?.[0];
  }

  /** The record of GET_CONFIG by the slots of `CONFIG`, or undefined likewise. */
  config(): Uint32Array | undefined {
    return this.#records(this.#requests.config(), this.#config, CONFIG.slots)?.[0];
  }

  /**
   * The records of GET_DAEMON by the slots of `DAEMON`, or undefined likewise.
   *
   * @throws {DecodeError} if two daemons have the same state: the kernel has one of each.
   */
  daemons(): Uint32Array[] | undefined {
    const request = this.#requests.daemons();
    const daemons = this.#records(request, this.#daemons, DAEMON.slots);
    const states = new Set<number>();
    for (const daemon of daemons ?? []) {
      const state = daemon[DAEMON.state]!;
      if (states.has(state)) {
        const reason = `two sync daemons of state ${state}`;
        throw new DecodeError(`Cannot use the answer to ${request.name}: ${reason}`);
      }
      states.add(state);
    }
    return daemons;
  }

  /** Adds every service to `rows`, as the kernel lists them; `again` through the second transport. */
  services(rows: Rows, again = false): void {
    this.#clientFor(again).request(this.#requests.services(), (datagram, start, end) => {
      this.#addService(datagram, start, end, rows);
    });
  }

  /** Lists the services once more, through the second transport, to compare with the first listing. */
  echoServices(echo: Echo): void {
    this.#second.request(this.#requests.services(), (datagram, start, end) => {
      const { scratch } = echo;
      const at = scratch.push();
      this.#services.decodeName(datagram, start, end, scratch.words, at);
      settleService(scratch.words, at, start);
      if (!echo.matches()) this.#addService(datagram, start, end, echo.rows);
    });
  }

  /** Whether the kernel still has a service; undefined where the question was not recorded. */
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

  /**
   * Adds a service's destinations to `rows`; returns whether they are of one moment. What comes in
   * one datagram is; between two of them the kernel lets others change the table. After a full one
   * there may have been more, which went or moved up before the kernel looked again.
   */
  destinations(services: Rows, row: number, rows: Rows, again = false): boolean {
    const family = services.words[row * services.stride + SERVICE.addressFamily]!;
    const request = this.#requests.destinations(services, row);
    let filled = 0;
    const datagrams = this.#clientFor(again).request(request, (datagram, start, end) => {
      const at = rows.push();
      this.#destinations.decode(datagram, start, end, rows.words, at);
      settleDestination(rows.words, at, start, family);
      filled = datagram.length + end - start;
    });
    return datagrams <= 1 && filled <= ROOM;
  }

  #addService(datagram: Datagram, start: number, end: number, rows: Rows): void {
    const at = rows.push();
    this.#services.decode(datagram, start, end, rows.words, at);
    settleService(rows.words, at, start);
  }

  #clientFor(again: boolean): NetlinkClient {
    return again ? this.#second : this.#client;
  }

  #records(request: Request, decoder: Decoder, slots: number): Uint32Array[] | undefined {
    const records: Uint32Array[] = [];
    try {
      this.#client.request(request, (datagram, start, end) => {
        const record = new Uint32Array(slots);
        decoder.decode(datagram, start, end, record, 0);
        records.push(record);
      });
    } catch (error) {
      if (error instanceof NotRecordedError) return undefined;
      throw error;
    }
    return records;
  }
}
