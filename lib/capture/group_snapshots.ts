/**
 * Groups the requests in a capture into snapshots: one for each time a client read the table.
 *
 * @module
 */
import type { RecordedRequest } from "./recorded_requests.ts";

/** The kinds of requests that ipvstat sends before it lists the services. */
const OWN_PREAMBLE = ["info", "config", "daemons"] as const;

/**
 * Groups the requests in a capture into snapshots, in the order of their first lists of services.
 *
 * A snapshot starts with the requests of a client since its previous snapshot, continues with a
 * list of the services, and ends before the next snapshot of the same client.
 */
export function groupIntoSnapshots(requests: readonly RecordedRequest[]): RecordedRequest[][] {
  const clients = new Map<number, RecordedRequest[]>();
  for (const request of requests) {
    const client = processOf(request.exchange.portId);
    const own = clients.get(client);
    if (own === undefined) clients.set(client, [request]);
    else own.push(request);
  }
  return [...clients.values()]
    .flatMap((own) => mergeRereads(splitAtServiceLists(own)))
    .sort((a, b) => startOf(a) - startOf(b))
    .map(({ preamble, requests }) => preamble.concat(requests));
}

/**
 * The number of the process behind a netlink port. The kernel uses the process number as the port
 * of a process's first socket; libnl puts it in the low 22 bits of the port of every socket.
 */
export function processOf(portId: number): number {
  return portId & 0x3f_ffff;
}

/** A list of the services and the requests after it, with those that led up to it. */
interface SnapshotGroup {
  readonly preamble: readonly RecordedRequest[];
  /** The first one is a list of the services. */
  readonly requests: RecordedRequest[];
}

/** The number of the packet with the first list of the services. */
function startOf(group: SnapshotGroup): number {
  return group.requests[0]!.exchange.packet.number;
}

/** Starts a group at every list of the services in the requests of one client. */
function splitAtServiceLists(requests: readonly RecordedRequest[]): SnapshotGroup[] {
  const groups: SnapshotGroup[] = [];
  let preamble: RecordedRequest[] = [];
  for (const request of requests) {
    if (request.kind === "services") {
      groups.push({ preamble, requests: [request] });
      preamble = [];
    } else if (request.kind === "destinations" || request.kind === "service") {
      // Without a group, these belong to a snapshot that started before the capture.
      append(groups.at(-1), preamble);
      append(groups.at(-1), [request]);
      preamble = [];
    } else {
      preamble.push(request);
    }
  }
  append(groups.at(-1), preamble);
  return groups;
}

function append(group: SnapshotGroup | undefined, requests: readonly RecordedRequest[]): void {
  // Spreading a very long array into push() overflows the stack.
  for (const request of requests) group?.requests.push(request);
}

/**
 * Merges groups that read the table again within a snapshot. ipvstat requests the information, the
 * timeouts and the daemons at the start of every snapshot, and may then read lists repeatedly. For
 * other programs, a list of the services without destinations, after one with destinations, can
 * only be a check for changes.
 */
function mergeRereads(groups: readonly SnapshotGroup[]): SnapshotGroup[] {
  const snapshots: SnapshotGroup[] = [];
  let isOwn = false;
  let hasDestinations = false;
  for (const group of groups) {
    const readsDestinations = group.requests.some(({ kind }) => kind === "destinations");
    const hasPreamble = group.preamble.some(({ kind }) => kind !== "family");
    if (!hasPreamble && (isOwn || (hasDestinations && !readsDestinations))) {
      append(snapshots.at(-1), group.requests);
    } else {
      snapshots.push(group);
      isOwn = OWN_PREAMBLE.every((kind) => group.preamble.some((each) => each.kind === kind));
      hasDestinations = readsDestinations;
    }
  }
  return snapshots;
}
