import assert from "node:assert/strict";
import { pairExchanges } from "../../lib/capture/exchanges.ts";
import { findGap, partRounds, readAsks } from "../../lib/capture/rounds.ts";
import { ask, control, FakeKernel, FAMILY, Monitor, packetsOf, type Service } from "./_fixtures.ts";

const A: Service = { host: 1, realServers: 2 };
const B: Service = { mark: 7, realServers: 1 };

/** One letter a question. */
const LETTERS = {
  family: "F",
  info: "I",
  config: "C",
  daemons: "D",
  services: "S",
  service: "s",
  destinations: "d",
} as const;

/** What a client asks, as text: letters as above, `a` and `b` for the destinations of A and B. */
function see(monitor: Monitor, kernel: FakeKernel, text: string): void {
  let sequence = monitor.seen.length;
  for (const letter of text) {
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

/** The rounds in a capture: their questions as letters, with what they lack. */
function roundsOf(monitor: Monitor): string[] {
  const asks = readAsks(pairExchanges(packetsOf(monitor.seen)), (type) => type === FAMILY);
  return partRounds(asks).map((round) => {
    const gap = findGap(round);
    const letters = round.map(({ kind }) => LETTERS[kind]).join("");
    return gap === undefined ? letters : `${letters}: ${gap}`;
  });
}

function parted(text: string, services: readonly Service[] = [A, B]): string[] {
  const monitor = new Monitor();
  see(monitor, new FakeKernel(services), text);
  return roundsOf(monitor);
}

Deno.test("partRounds() finds the one round of ipvsadm with its lookup before each question", () => {
  assert.deepEqual(parted("FFIFSFaFb"), ["FFIFSFdFd"]);
});

Deno.test("partRounds() begins a round with each listing of a long-lived client", () => {
  assert.deepEqual(parted("FSabSabSab"), ["FSdd", "Sdd", "Sdd"]);
});

Deno.test("partRounds() keeps the second look at the services in the round", () => {
  assert.deepEqual(parted("SabS"), ["SddS"]);
  assert.deepEqual(parted("SabSsSabS"), ["SddSs", "SddS"]);
});

Deno.test("partRounds() keeps what this program reads again in the round", () => {
  assert.deepEqual(parted("FICDSabSasSFICDSabS"), ["FICDSddSdsS", "FICDSddS"]);
});

Deno.test("partRounds() keeps the second look at an empty table in this program's round", () => {
  assert.deepEqual(parted("FICDSSFICDSS", []), ["FICDSS", "FICDSS"]);
});

Deno.test("partRounds() begins a round with each look of another client at an empty table", () => {
  assert.deepEqual(parted("FSSS", []), ["FS", "S", "S"]);
});

Deno.test("partRounds() leaves out what belongs to a round before the capture", () => {
  assert.deepEqual(parted("FbSab"), ["Sdd"]);
});

Deno.test("partRounds() finds no round where nobody lists the services", () => {
  assert.deepEqual(parted("FICDsab"), []);
});

Deno.test("partRounds() tells interleaved clients apart and orders them by their listings", () => {
  const monitor = new Monitor();
  const [one, two] = [new FakeKernel([A, B], 500), new FakeKernel([B], 600)];
  see(monitor, two, "FI");
  see(monitor, one, "S");
  see(monitor, two, "S");
  see(monitor, one, "a");
  see(monitor, two, "b");
  see(monitor, one, "b");
  see(monitor, two, "Sb");
  assert.deepEqual(roundsOf(monitor), ["Sdd", "FISd", "Sd"]);
});

Deno.test("partRounds() takes the sockets of a process for one client, as libnl numbers them", () => {
  const monitor = new Monitor();
  const sockets = [1, 2, 1023].map((n) => new FakeKernel([A, B], (n * 2 ** 22 + 708) >>> 0));
  see(monitor, sockets[0]!, "S");
  see(monitor, sockets[1]!, "a");
  see(monitor, sockets[2]!, "b");
  assert.deepEqual(roundsOf(monitor), ["Sdd"]);
});

Deno.test("partRounds() parts a very long capture", () => {
  const monitor = new Monitor();
  see(monitor, new FakeKernel([A]), "Sa");
  const asks = readAsks(pairExchanges(packetsOf(monitor.seen)), (type) => type === FAMILY);
  const many = Array.from({ length: 150_000 }, () => asks).flat();
  assert.equal(partRounds(many).length, 150_000);
  const [first, second] = [asks[0]!, asks[1]!];
  const long = [first, ...Array.from({ length: 300_000 }, () => second)];
  assert.equal(partRounds(long)[0]?.length, 300_001);
});

Deno.test("findGap() counts the services whose destinations were not read", () => {
  assert.deepEqual(parted("Sa"), ["Sd: the real servers of 1 of 2 virtual servers are missing"]);
  assert.deepEqual(parted("Saa"), ["Sdd: the real servers of 1 of 2 virtual servers are missing"]);
  assert.deepEqual(parted("S"), ["S: the real servers of 2 of 2 virtual servers are missing"]);
});

Deno.test("findGap() wants the end of the listing and of each reading of destinations", () => {
  const monitor = new Monitor();
  see(monitor, new FakeKernel([A]), "Sa");
  const whole = [...monitor.seen];
  assert.deepEqual(roundsOf(monitor), ["Sd"]);
  monitor.seen.pop();
  assert.deepEqual(roundsOf(monitor), [
    "Sd: the real servers of 1 of 1 virtual servers are missing",
  ]);
  monitor.seen.splice(0, Infinity, ...whole.toSpliced(2, 1));
  assert.deepEqual(roundsOf(monitor), ["Sd: it has no complete list of virtual servers"]);
});

Deno.test("findGap() rests on the first listing that was not refused", () => {
  const monitor = new Monitor();
  const kernel = new FakeKernel([A], 5);
  const refused = ask.services({ sequence: 1, port: 5 });
  see(monitor, kernel, "ICD");
  monitor.see(refused);
  monitor.see(control(2, -16, { sequence: 1, port: 5 }, refused));
  see(monitor, kernel, "Sa");
  assert.deepEqual(roundsOf(monitor), ["ICDSSd"]);
});

Deno.test("findGap() believes no answer that could be another request's", () => {
  const monitor = new Monitor();
  const [one, two] = [new FakeKernel([A, B], 500), new FakeKernel([A, B], 600)];
  monitor.exchange(one, ask.services({ sequence: 1 }));
  const requests = [ask.destinations(A, { sequence: 2 }), ask.destinations(B, { sequence: 2 })];
  for (const request of requests) monitor.see(request);
  for (const answer of [...two.answer(requests[1]!), ...one.answer(requests[0]!)]) {
    monitor.see(answer);
  }
  monitor.exchange(one, ask.destinations(B, { sequence: 3 }));
  assert.deepEqual(roundsOf(monitor), [
    "Sdd: the real servers of 1 of 2 virtual servers are missing",
  ]);
});

Deno.test("readAsks() refuses a question of which a packet was cut, and says by how much", () => {
  const monitor = new Monitor();
  see(monitor, new FakeKernel([A]), "S");
  const packets = packetsOf(monitor.seen);
  const answer = packets[1]!;
  const cut = { ...answer, missing: 4, bytes: answer.bytes.subarray(0, -4) };
  const cutFrame = { ...cut, frame: answer.frame.subarray(0, -4) };
  const exchanges = pairExchanges([packets[0]!, cutFrame, packets[2]!]);
  const length = answer.frame.length;
  assert.throws(() => readAsks(exchanges, (type) => type === FAMILY), {
    name: "CaptureError",
    message: `Cannot read capture: packet 2 at offset 0 was cut to ${
      length - 4
    } of ${length} bytes`,
  });
  assert.deepEqual(readAsks(exchanges, () => false), []);
});
