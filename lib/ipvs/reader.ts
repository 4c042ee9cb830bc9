/**
 * Reads each part of IPVS's state into rows and records, one exchange at a time.
 *
 * @module
 */
import { DecodeError, NetlinkError } from "../netlink/errors.ts";
import { NetlinkClient, type Request } from "../netlink/exchange.ts";
import { type Family, lookupFamily } from "../netlink/generic.ts";
import { type Datagram, NotRecordedError, type Transport } from "../netlink/transport.ts";
import { Decoder } from "./decode.ts";
import type { Echo } from "./echo.ts";
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
  PRESENT,
  SERVICE,
  SERVICE_TABLE,
} from "./schema.ts";
import { AF_INET, AF_INET6, IPVS_DEST_ATTR, IPVS_GENL_NAME, IPVS_SVC_ATTR } from "./uapi.ts";

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

  /** The records of GET_DAEMON by the slots of `DAEMON`, or undefined likewise. */
  daemons(): Uint32Array[] | undefined {
    return this.#records(this.#requests.daemons(), this.#daemons, DAEMON.slots);
  }

  /** Adds every service to `rows`, as the kernel lists them; `again` through the second transport. */
  services(rows: Rows, again = false): void {
    this.#clientFor(again).exchange(this.#requests.services(), (datagram, start, end) => {
      this.#addService(datagram, start, end, rows);
    });
  }

  /** Lists the services once more, through the second transport, to compare with the first listing. */
  echoServices(echo: Echo): void {
    this.#second.exchange(this.#requests.services(), (datagram, start, end) => {
      const { scratch } = echo;
      const at = scratch.push();
      this.#services.decodeName(datagram, start, end, scratch.words, at);
      checkService(scratch.words, at, start);
      if (!echo.matches()) this.#addService(datagram, start, end, echo.rows);
    });
  }

  /** Whether the kernel still has a service; undefined where the question was not recorded. */
  hasService(rows: Rows, row: number): boolean | undefined {
    try {
      this.#client.exchange(this.#requests.service(rows, row), () => {});
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
    const datagrams = this.#clientFor(again).exchange(request, (datagram, start, end) => {
      const at = rows.push();
      this.#destinations.decode(datagram, start, end, rows.words, at);
      checkDestination(rows.words, at, start, family);
      filled = datagram.length + end - start;
    });
    return datagrams <= 1 && filled <= ROOM;
  }

  #addService(datagram: Datagram, start: number, end: number, rows: Rows): void {
    const at = rows.push();
    this.#services.decode(datagram, start, end, rows.words, at);
    checkService(rows.words, at, start);
  }

  #clientFor(again: boolean): NetlinkClient {
    return again ? this.#second : this.#client;
  }

  #records(request: Request, decoder: Decoder, slots: number): Uint32Array[] | undefined {
    const records: Uint32Array[] = [];
    try {
      this.#client.exchange(request, (datagram, start, end) => {
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

const { IPVS_SVC_ATTR_PROTOCOL, IPVS_SVC_ATTR_ADDR, IPVS_SVC_ATTR_PORT } = IPVS_SVC_ATTR;
const IDENTITY = 1 << IPVS_SVC_ATTR_PROTOCOL | 1 << IPVS_SVC_ATTR_ADDR | 1 << IPVS_SVC_ATTR_PORT;
const SERVICE_STATS = 1 << IPVS_SVC_ATTR.IPVS_SVC_ATTR_STATS |
  1 << IPVS_SVC_ATTR.IPVS_SVC_ATTR_STATS64;
const DESTINATION_STATS = 1 << IPVS_DEST_ATTR.IPVS_DEST_ATTR_STATS |
  1 << IPVS_DEST_ATTR.IPVS_DEST_ATTR_STATS64;
const ADDR_FAMILY = 1 << IPVS_DEST_ATTR.IPVS_DEST_ATTR_ADDR_FAMILY;

/** Numbers that the kernel did not say are not shown as zeros. */
function checkStats(present: number, stats: number, name: string, offset: number): void {
  if ((present & stats) !== 0) return;
  throw new DecodeError(`Cannot decode the ${name} at offset ${offset}: no counters`);
}

function checkService(words: Uint32Array, at: number, offset: number): void {
  checkStats(words[at + PRESENT]!, SERVICE_STATS, "service", offset);
  checkFamily(words[at + SERVICE.addressFamily]!, "IPVS_SVC_ATTR_AF", offset);
  if (words[at + SERVICE.fwmark] !== 0) return;
  if ((words[at + PRESENT]! & IDENTITY) !== IDENTITY) {
    throw new DecodeError(
      `Cannot decode the service at offset ${offset}: no mark, and no protocol, address and port`,
    );
  }
}

function checkDestination(words: Uint32Array, at: number, offset: number, service: number): void {
  checkStats(words[at + PRESENT]!, DESTINATION_STATS, "destination", offset);
  // Before Linux 3.18 a destination was of its service's family, and did not say so.
  if ((words[at + PRESENT]! & ADDR_FAMILY) === 0) words[at + DESTINATION.addressFamily] = service;
  else checkFamily(words[at + DESTINATION.addressFamily]!, "IPVS_DEST_ATTR_ADDR_FAMILY", offset);
}

function checkFamily(family: number, name: string, offset: number): void {
  if (family === AF_INET || family === AF_INET6) return;
  throw new DecodeError(`Cannot decode ${name} at offset ${offset}: no address family ${family}`);
}
