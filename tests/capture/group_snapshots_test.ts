import assert from "node:assert/strict";
import { matchReplies } from "../../lib/capture/match_replies.ts";
import { findMissingReplies } from "../../lib/capture/completeness.ts";
import { groupIntoSnapshots } from "../../lib/capture/group_snapshots.ts";
import { readRequests } from "../../lib/capture/recorded_requests.ts";
import { ask, control, FakeKernel, FAMILY, Monitor, packetsOf, type Service } from "./_monitor.ts";

const A: Service = { host: 1, realServers: 2 };
const B: Service = { mark: 7, realServers: 1 };

/** A letter for each kind of request. */
const LETTERS = {
  family: "F",
  info: "I",
  config: "C",
  daemons: "D",
  services: "S",
  service: "s",
  destinations: "d",
} as const;

/**
 * Captures the requests of a client: letters as above, `a` and `b` for the destinations of A and B.
 */
function see(monitor: Monitor, kernel: FakeKernel, letters: string): void {
  let sequence = monitor.seen.length;
  for (const letter of letters) {
    const parts = { sequence: ++sequence, port: kernel.portId };
    if (letter === "F") monitor.exchange(kernel, ask.family(parts));
    if (letter === "I") monitor.exchange(kernel, ask.info(parts));
    if (letter === "C") monitor.exchange(kernel, ask.config(parts));
    if (letter === "D") monitor.exchange(kernel, ask.daemons(parts));
    if (letter === "S") monitor.exchange(kernel, ask.services(parts));
    if (letter === "s") monitor.exchange(kernel, ask.service(A, parts));
    if (letter === "a") monitor.exchange(kernel, ask.destinations(A, parts));
    if (letter === "b") monitor.exchange(kernel, ask.destinations(B, parts));
  }
}

/** The snapshots in a capture: their requests as letters, and what is missing. */
function snapshotsIn(monitor: Monitor): string[] {
  const requests = readRequests(matchReplies(packetsOf(monitor.seen)), (type) => type === FAMILY);
  return groupIntoSnapshots(requests).map((snapshot) => {
    const missing = findMissingReplies(snapshot);
    const letters = snapshot.map(({ kind }) => LETTERS[kind]).join("");
    return missing === undefined ? letters : `${letters}: ${missing}`;
  });
}

/** The snapshots of one client. */
function group(letters: string, services: readonly Service[] = [A, B]): string[] {
  const monitor = new Monitor();
  see(monitor, new FakeKernel(services), letters);
  return snapshotsIn(monitor);
}

Deno.test("groupIntoSnapshots() finds one snapshot of ipvsadm, with a lookup before each request", () => {
  assert.deepEqual(group("FFIFSFaFb"), ["FFIFSFdFd"]);
});

Deno.test("groupIntoSnapshots() starts a snapshot at each list of services of a long-lived client", () => {
  assert.deepEqual(group("FSabSabSab"), ["FSdd", "Sdd", "Sdd"]);
});

Deno.test("groupIntoSnapshots() adds a second list of services, without destinations, to the snapshot", () => {
  assert.deepEqual(group("SabS"), ["SddS"]);
  assert.deepEqual(group("SabSsSabS"), ["SddSs", "SddS"]);
});

Deno.test("groupIntoSnapshots() adds everything that ipvstat reads again to the snapshot", () => {
  assert.deepEqual(group("FICDSabSasSFICDSabS"), ["FICDSddSdsS", "FICDSddS"]);
});

Deno.test("groupIntoSnapshots() adds ipvstat's second list of an empty table to the snapshot", () => {
  assert.deepEqual(group("FICDSSFICDSS", []), ["FICDSS", "FICDSS"]);
});

Deno.test("groupIntoSnapshots() starts a snapshot at each list of an empty table of other clients", () => {
  assert.deepEqual(group("FSSS", []), ["FS", "S", "S"]);
});

Deno.test("groupIntoSnapshots() ignores requests of a snapshot that started before the capture", () => {
  assert.deepEqual(group("FbSab"), ["Sdd"]);
});

Deno.test("groupIntoSnapshots() finds no snapshot without a list of services", () => {
  assert.deepEqual(group("FICDsab"), []);
});

Deno.test("groupIntoSnapshots() separates interleaved clients, in the order of their lists of services", () => {
  const monitor = new Monitor();
  const [one, two] = [new FakeKernel([A, B], 500), new FakeKernel([B], 600)];
  see(monitor, two, "FI");
  see(monitor, one, "S");
  see(monitor, two, "S");
  see(monitor, one, "a");
  see(monitor, two, "b");
  see(monitor, one, "b");
  see(monitor, two, "Sb");
  assert.deepEqual(snapshotsIn(monitor), ["Sdd", "FISd", "Sd"]);
});

Deno.test("groupIntoSnapshots() treats all libnl sockets of a process as one client", () => {
  const monitor = new Monitor();
  const sockets = [1, 2, 1023].map((n) => new FakeKernel([A, B], (n * 2 ** 22 + 708) >>> 0));
  see(monitor, sockets[0]!, "S");
  see(monitor, sockets[1]!, "a");
  see(monitor, sockets[2]!, "b");
  assert.deepEqual(snapshotsIn(monitor), ["Sdd"]);
});

Deno.test("groupIntoSnapshots() handles a very long capture", () => {
  const monitor = new Monitor();
  see(monitor, new FakeKernel([A]), "Sa");
  const requests = readRequests(matchReplies(packetsOf(monitor.seen)), (type) => type === FAMILY);
  const many = Array.from({ length: 150_000 }, () => requests).flat();
  assert.equal(groupIntoSnapshots(many).length, 150_000);
  const [first, second] = [requests[0]!, requests[1]!];
  const long = [first, ...Array.from({ length: 300_000 }, () => second)];
  assert.equal(groupIntoSnapshots(long)[0]?.length, 300_001);
});

Deno.test("findMissingReplies() counts the services without destinations", () => {
  assert.deepEqual(group("Sa"), ["Sd: the real servers of 1 of its 2 virtual servers are missing"]);
  assert.deepEqual(group("Saa"), [
    "Sdd: the real servers of 1 of its 2 virtual servers are missing",
  ]);
  assert.deepEqual(group("S"), ["S: the real servers of 2 of its 2 virtual servers are missing"]);
});

Deno.test("findMissingReplies() requires the last reply to each request", () => {
  const monitor = new Monitor();
  see(monitor, new FakeKernel([A]), "Sa");
  const all = [...monitor.seen];
  assert.deepEqual(snapshotsIn(monitor), ["Sd"]);
  monitor.seen.pop();
  assert.deepEqual(snapshotsIn(monitor), [
    "Sd: the real servers of 1 of its 1 virtual servers are missing",
  ]);
  monitor.seen.splice(0, Infinity, ...all.toSpliced(2, 1));
  assert.deepEqual(snapshotsIn(monitor), ["Sd: it has no complete list of virtual servers"]);
});

Deno.test("findMissingReplies() uses the first list of services without an error", () => {
  const monitor = new Monitor();
  const kernel = new FakeKernel([A], 5);
  const failed = ask.services({ sequence: 1, port: 5 });
  see(monitor, kernel, "ICD");
  monitor.see(failed);
  monitor.see(control(2, -16, { sequence: 1, port: 5 }, failed));
  see(monitor, kernel, "Sa");
  assert.deepEqual(snapshotsIn(monitor), ["ICDSSd"]);
});

Deno.test("findMissingReplies() ignores ambiguous replies", () => {
  const monitor = new Monitor();
  const [one, two] = [new FakeKernel([A, B], 500), new FakeKernel([A, B], 600)];
  monitor.exchange(one, ask.services({ sequence: 1 }));
  const requests = [ask.destinations(A, { sequence: 2 }), ask.destinations(B, { sequence: 2 })];
  for (const request of requests) monitor.see(request);
  for (const reply of [...two.replyTo(requests[1]!), ...one.replyTo(requests[0]!)]) {
    monitor.see(reply);
  }
  monitor.exchange(one, ask.destinations(B, { sequence: 3 }));
  assert.deepEqual(snapshotsIn(monitor), [
    "Sdd: the real servers of 1 of its 2 virtual servers are missing",
  ]);
});

Deno.test("readRequests() rejects a request with a truncated packet, and reports both lengths", () => {
  const monitor = new Monitor();
  see(monitor, new FakeKernel([A]), "S");
  const packets = packetsOf(monitor.seen);
  const reply = packets[1]!;
  const truncated = { ...reply, missing: 4, bytes: reply.bytes.subarray(0, -4) };
  const truncatedFrame = { ...truncated, frame: reply.frame.subarray(0, -4) };
  const exchanges = matchReplies([packets[0]!, truncatedFrame, packets[2]!]);
  const length = reply.frame.length;
  assert.throws(() => readRequests(exchanges, (type) => type === FAMILY), {
    name: "CaptureError",
    message: `Cannot read capture: packet 2 at offset 0 was truncated to ${length - 4} of ` +
      `${length} bytes; capture again without a snap length (tcpdump -s 0)`,
  });
  assert.deepEqual(readRequests(exchanges, () => false), []);
});
