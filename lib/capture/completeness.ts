/**
 * Checks whether a recorded snapshot has all the replies that a replay needs.
 *
 * @module
 */
import { DecodeError, errnoCode } from "../netlink/errors.ts";
import { recordedFailure } from "./error.ts";
import type { Exchange } from "./exchange.ts";
import { packetError } from "./packets.ts";
import type { RecordedRequest } from "./recorded_requests.ts";
import { ReplyReader } from "./replies.ts";
import { destinationsKey, readServiceKeys } from "./request_key.ts";

/** Finds the first complete list of virtual servers in a snapshot. */
export function findServiceList(requests: readonly RecordedRequest[]): Exchange | undefined {
  return requests.find((request) => request.kind === "services" && isAnswered(request))?.exchange;
}

/** Whether all replies to a request were recorded, without an error. */
function isAnswered({ exchange }: RecordedRequest): boolean {
  return exchange.state === "done" && !exchange.isAmbiguous;
}

/** The errno of the first failed request for the list of virtual servers, if there is one. */
function errnoOfServiceList(requests: readonly RecordedRequest[]): number | undefined {
  return requests.find(({ kind, exchange }) => kind === "services" && exchange.state === "failed")
    ?.exchange.errno;
}

/**
 * Describes the replies that a snapshot lacks; undefined if it is complete.
 *
 * @throws {CaptureError} if its list of virtual servers is malformed.
 */
export function findMissingReplies(requests: readonly RecordedRequest[]): string | undefined {
  const list = findServiceList(requests);
  if (list === undefined) {
    const errno = errnoOfServiceList(requests);
    if (errno !== undefined) return recordedFailure("IPVS_CMD_GET_SERVICE", errnoCode(errno));
    return "it has no complete list of virtual servers";
  }
  const services = serviceKeysOf(list);
  const answered = new Set<string>();
  for (const request of requests) if (isAnswered(request)) answered.add(request.key);
  let missing = 0;
  for (const service of services) if (!answered.has(destinationsKey(service))) missing++;
  if (missing === 0) return undefined;
  return `the real servers of ${missing} of its ${services.size} virtual servers are missing`;
}

/** The keys of the virtual servers in a list. */
function serviceKeysOf(list: Exchange): Set<string> {
  const services = new Set<string>();
  for (const { packet, datagram } of new ReplyReader().read(list)) {
    try {
      for (const service of readServiceKeys(datagram)) services.add(service);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      throw packetError(packet, `is malformed: ${error.message}`, { cause: error });
    }
  }
  return services;
}
