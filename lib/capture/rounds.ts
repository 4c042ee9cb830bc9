/**
 * Telling apart who listed the table, and how often.
 *
 * @module
 */
import { DecodeError, errnoCode } from "../netlink/errors.ts";
import { Datagram } from "../netlink/transport.ts";
import { GENL_ID_CTRL } from "../netlink/uapi.ts";
import { AnswerReader } from "./answers.ts";
import { recordedRefusal } from "./error.ts";
import type { Exchange } from "./exchanges.ts";
import { destinationsOf, type IsIpvs, type Question, readQuestion, servicesIn } from "./meaning.ts";
import { packetError } from "./packets.ts";

/** What this program asks before it lists the services. */
const OWN_LEAD = ["info", "config", "daemons"] as const;

/** A question that a capture holds, and its exchange. */
export interface Ask extends Question {
  readonly exchange: Exchange;
}

/**
 * Reads what the exchanges of a capture ask, leaving out those that ask nothing of IPVS.
 *
 * @throws {CaptureError} if a snap length cut a packet of one that does.
 */
export function readAsks(exchanges: readonly Exchange[], isIpvs: IsIpvs): Ask[] {
  const asks: Ask[] = [];
  for (const exchange of exchanges) {
    const { packet, start, end, type, cut } = exchange;
    if (type !== GENL_ID_CTRL && !isIpvs(type)) continue;
    const request = Datagram.from(packet.bytes.subarray(start, end), packet.littleEndian);
    const question = readQuestion(request, isIpvs);
    if (cut !== undefined && (question !== undefined || isIpvs(type))) {
      const length = cut.frame.length;
      throw packetError(cut, `was cut to ${length} of ${length + cut.missing} bytes`);
    }
    if (question !== undefined) asks.push({ ...question, exchange });
  }
  return asks;
}

/**
 * Parts the questions of a capture into rounds, in the order in which their listings began.
 *
 * A round is one client's listing of the services, what it asked before it, and what it asked until
 * its next round.
 */
export function partRounds(asks: readonly Ask[]): Ask[][] {
  const clients = new Map<number, Ask[]>();
  for (const ask of asks) {
    const client = processOf(ask.exchange.portId);
    const own = clients.get(client);
    if (own === undefined) clients.set(client, [ask]);
    else own.push(ask);
  }
  return [...clients.values()]
    .flatMap((own) => joinParts(split(own)))
    .sort((a, b) => orderOf(a) - orderOf(b))
    .map(({ lead, body }) => lead.concat(body));
}

/**
 * The process behind a netlink port. The kernel gives a socket its process number as port; libnl
 * gives each socket of a process that number in the low 22 bits.
 */
export function processOf(portId: number): number {
  return portId & 0x3f_ffff;
}

/** A listing of the services and what followed it (`body`), and what led to it. */
interface Part {
  readonly lead: readonly Ask[];
  readonly body: Ask[];
}

function orderOf(part: Part): number {
  return part.body[0]!.exchange.packet.number;
}

function split(asks: readonly Ask[]): Part[] {
  const parts: Part[] = [];
  let lead: Ask[] = [];
  for (const ask of asks) {
    if (ask.kind === "services") {
      parts.push({ lead, body: [ask] });
      lead = [];
    } else if (ask.kind === "destinations" || ask.kind === "service") {
      // What was asked before the first listing belongs to a round that began before the capture.
      append(parts.at(-1), lead);
      append(parts.at(-1), [ask]);
      lead = [];
    } else {
      lead.push(ask);
    }
  }
  append(parts.at(-1), lead);
  return parts;
}

function append(part: Part | undefined, asks: readonly Ask[]): void {
  // A spread argument list overflows the stack where a capture is very long.
  for (const ask of asks) part?.body.push(ask);
}

/**
 * Joins the listings that go on with a round. This program asks for the information, the timeouts
 * and the daemons before each round, and within a round may list the services and their
 * destinations repeatedly. Of other programs a listing that no destinations follow, while some
 * followed the one before, can only be a second look.
 */
function joinParts(parts: readonly Part[]): Part[] {
  const rounds: Part[] = [];
  let isOwn = false;
  let isRead = false;
  for (const part of parts) {
    const reads = part.body.some(({ kind }) => kind === "destinations");
    const isLed = part.lead.some(({ kind }) => kind !== "family");
    if (!isLed && (isOwn || (isRead && !reads))) {
      append(rounds.at(-1), part.body);
    } else {
      rounds.push(part);
      isOwn = OWN_LEAD.every((kind) => part.lead.some((ask) => ask.kind === kind));
      isRead = reads;
    }
  }
  return rounds;
}

/** The listing of the services that a round rests on: its first complete one. */
export function listingOf(asks: readonly Ask[]): Exchange | undefined {
  return asks.find((ask) => ask.kind === "services" && isComplete(ask))?.exchange;
}

/** Whether a question was answered to the end, and without a refusal. */
function isComplete({ exchange }: Ask): boolean {
  return exchange.state === "done" && !exchange.isDoubtful;
}

/** The errno of a listing of the services that was refused, if one was. */
function refusalOf(asks: readonly Ask[]): number | undefined {
  return asks.find(({ kind, exchange }) => kind === "services" && exchange.state === "refused")
    ?.exchange.errno;
}

/**
 * What a round lacks of being whole, in words; undefined if it is.
 *
 * @throws {CaptureError} if its listing of the services cannot be understood.
 */
export function findGap(asks: readonly Ask[]): string | undefined {
  const listing = listingOf(asks);
  if (listing === undefined) {
    const errno = refusalOf(asks);
    if (errno !== undefined) return recordedRefusal(errnoCode(errno));
    return "it has no complete list of virtual servers";
  }
  const services = servicesOf(listing);
  const answered = new Set<string>();
  for (const ask of asks) if (isComplete(ask)) answered.add(ask.meaning);
  let missing = 0;
  for (const service of services) if (!answered.has(destinationsOf(service))) missing++;
  if (missing === 0) return undefined;
  return `the real servers of ${missing} of ${services.size} virtual servers are missing`;
}

/** The names of the services in a listing. */
function servicesOf(listing: Exchange): Set<string> {
  const services = new Set<string>();
  for (const { packet, datagram } of new AnswerReader().read(listing)) {
    try {
      for (const service of servicesIn(datagram)) services.add(service);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      throw packetError(packet, `is damaged: ${error.message}`, { cause: error });
    }
  }
  return services;
}
