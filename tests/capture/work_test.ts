/**
 * Reading a capture takes work in proportion to its size, whatever is in it. Each capture here is
 * made in several sizes, and what the built-in functions do is counted, not timed.
 */
import assert from "node:assert/strict";
import { openRecording } from "../../lib/capture/recording.ts";
import { Recorder } from "../../lib/capture/recorder.ts";
import { collect, type Source } from "../../lib/ipvs/collect.ts";
import { encodeJson } from "../../lib/output/json.ts";
import { fakeKernel, type FakeService, GET_DEST, GET_SERVICE, procPerCpu } from "../_fixtures.ts";
import { textOf } from "../_parsers.ts";
import { block, interfaceBlock, packetBlock, pcap, section } from "./_file_writers.ts";
import { concat, type Seen } from "./_fixtures.ts";
import { countWork } from "./_count_work.ts";

const SIZES = [100, 200, 400] as const;
const GENERIC = 16;

/** What one request and its answers were. */
interface Exchange {
  readonly request: Uint8Array;
  readonly answers: readonly Uint8Array[];
}

/** A source that notes what passes through it, as a program's own port and numbers have it. */
function listenTo(source: Source, exchanges: Exchange[]): Source {
  const { transport } = source;
  return {
    ...source,
    transport: {
      portId: transport.portId,
      *exchange(request) {
        const answers: Uint8Array[] = [];
        exchanges.push({ request: request.slice(), answers });
        for (const datagram of transport.exchange(request)) {
          answers.push(datagram.bytes.slice(0, datagram.length));
          yield datagram;
        }
      },
      [Symbol.dispose]() {},
    },
  };
}

function services(count: number): FakeService[] {
  return Array.from({ length: count }, (_, i) => ({
    address: `10.0.${i >> 8}.${i & 0xff}`,
    port: 80,
    destinations: [{ address: "10.1.0.1" }],
  }));
}

/** All that is asked and answered while a table of so many services is read. */
function conversation(count: number, settings: Parameters<typeof fakeKernel>[0] = {}): Exchange[] {
  const exchanges: Exchange[] = [];
  collect(listenTo(fakeKernel({ services: services(count), ...settings }), exchanges));
  return exchanges;
}

function see(...packets: readonly Uint8Array[]): Seen[] {
  return packets.map((bytes, i) => ({ time: BigInt(i), protocol: GENERIC, bytes }));
}

/** Of every exchange the request; then one packet with all answers. */
function inOnePacket(exchanges: readonly Exchange[]): Seen[] {
  const requests = exchanges.map(({ request }) => request);
  return see(...requests, concat(...exchanges.flatMap(({ answers }) => answers)));
}

function record(source: Source): Uint8Array {
  const chunks: Uint8Array[] = [];
  new Recorder((chunk) => chunks.push(chunk.slice())).round(source, collect);
  return concat(...chunks);
}

/** Reads a capture to the end: opens it, replays its last snapshot and prints that. */
function readAll(file: Uint8Array): void {
  const snapshot = collect(openRecording(file).selectRound().play());
  assert.ok(textOf((sink) => encodeJson(snapshot, sink)).length > 0);
}

/** Everything that is read or copied stands for some bytes of the file: so much work per byte. */
function workPerByte(file: Uint8Array, read: (file: Uint8Array) => void): number {
  return countWork(() => read(file)) / file.length;
}

/** Twice the file is twice the work, and what a sort of more elements takes. */
const MOST_GROWTH = 1.25;

function staysLinear(
  name: string,
  make: (size: number) => Uint8Array,
  read: (file: Uint8Array) => void = readAll,
): void {
  Deno.test(`reading ${name} takes work in proportion to the capture`, () => {
    const [first = 0, ...rest] = SIZES.map((size) => workPerByte(make(size), read));
    for (const each of rest) assert.ok(each <= first * MOST_GROWTH, `${first} then ${rest}`);
  });
}

staysLinear("a table of many services", (size) => pcap(inOrder(conversation(size))));

function inOrder(exchanges: readonly Exchange[]): Seen[] {
  return see(...exchanges.flatMap(({ request, answers }) => [request, ...answers]));
}

staysLinear("one packet that answers many requests", (size) => {
  const exchanges = conversation(size);
  const isAboutOne = ({ request }: Exchange) => request[16] === GET_DEST;
  const others = exchanges.filter((each) => !isAboutOne(each));
  const end = others.findLastIndex(({ request }) => request[16] === GET_SERVICE);
  return pcap([
    ...inOrder(others.slice(0, end)),
    ...inOnePacket(exchanges.filter(isAboutOne)),
    ...inOrder(others.slice(end)),
  ]);
});

staysLinear("one packet that answers everything", (size) => pcap(inOnePacket(conversation(size))));

staysLinear("one packet that answers many requests, where nobody names the family", (size) => {
  const [, ...exchanges] = conversation(size);
  return pcap(inOnePacket(exchanges));
});

staysLinear("one packet with many listings, where nobody names the family", (size) => {
  const [, ...exchanges] = conversation(1);
  const listing = exchanges.find(({ request }) => request[16] === GET_SERVICE)!;
  const listings = Array.from({ length: size }, (_, i) => renumber(listing, 1000 + i));
  return pcap([...inOnePacket(listings), ...inOrder(exchanges)]);
});

/** The same exchange under another sequence number. */
function renumber({ request, answers }: Exchange, sequence: number): Exchange {
  const [first, ...rest] = [request, ...answers].map((bytes) => {
    const copy = bytes.slice();
    const view = new DataView(copy.buffer);
    for (let at = 0; at < copy.length; at += (view.getUint32(at, true) + 3) & ~3) {
      view.setUint32(at + 8, sequence, true);
    }
    return copy;
  });
  return { request: first!, answers: rest };
}

staysLinear("answers of two requests that take turns in one packet", (size) => {
  const exchanges = conversation(size, { perDatagram: 1 });
  const lists = exchanges.filter(({ request }) => request[16] === GET_SERVICE);
  const [one, two] = lists.map(({ answers }) => answers);
  const turns = one!.flatMap((answer, i) => [answer, two![i]!]);
  const others = exchanges.filter((each) => !lists.includes(each));
  return pcap([
    ...see(...lists.map(({ request }) => request), concat(...turns)),
    ...inOrder(others),
  ]);
});

staysLinear("one question that is asked over and over in one snapshot", (size) => {
  const exchanges = conversation(1);
  const asked = exchanges.find(({ request }) => request[16] === GET_DEST)!;
  const more = Array.from({ length: 20 * size }, (_, i) => renumber(asked, 1000 + i));
  return pcap(inOrder([...exchanges, ...more]));
});

staysLinear("many snapshots", (size) => {
  const exchanges = conversation(1);
  const rounds = Array.from(
    { length: size },
    (_, i) => exchanges.map((each, j) => renumber(each, 100 * i + j)),
  );
  return pcap(inOrder(rounds.flat()));
});

staysLinear("many snapshots of this program", (size) => {
  const chunks: Uint8Array[] = [];
  const recorder = new Recorder((chunk) => chunks.push(chunk.slice()));
  for (let i = 0; i < size; i++) recorder.round(fakeKernel({ services: services(1) }), collect);
  return concat(...chunks);
});

staysLinear("requests of one sequence number that nobody answers", (size) => {
  const exchanges = conversation(1);
  const [asked] = exchanges;
  const more = Array.from({ length: 20 * size }, () => renumber(asked!, 7).request);
  return pcap([...see(...more), ...inOrder(exchanges)]);
});

staysLinear("a text in many pieces", (size) => {
  const cpus = Array.from({ length: 100 * size }, () => ({}));
  return record(fakeKernel({ services: [], proc: { ip_vs_stats_percpu: procPerCpu(cpus) } }));
});

staysLinear("a table of which no two listings are alike", (size) => {
  let listings = 0;
  return record(fakeKernel({
    onRequest({ command, dump }, kernel) {
      if (command !== GET_SERVICE || !dump) return;
      const all = services(2 * size);
      kernel.services = all.filter((_, i) => (i + listings) % 2 === 0).toReversed();
      listings++;
    },
  }));
});

staysLinear("a service whose real servers no two readings agree on", (size) => {
  let readings = 0;
  return record(fakeKernel({
    perDatagram: 16,
    onRequest({ command }, kernel) {
      if (command !== GET_DEST) return;
      const destinations = Array.from({ length: size }, (_, i) => ({
        address: `10.1.${(i * 7 + readings) >> 8 & 0xff}.${(i * 7 + readings) & 0xff}`,
      }));
      readings++;
      kernel.services = [{ fwmark: 1, destinations }];
    },
    services: [{ fwmark: 1 }],
  }));
});

staysLinear("answers of which each has attributes of its own", (size) => {
  const exchanges = conversation(size, { unknownAttributes: true });
  for (const { answers } of exchanges) answers.forEach((answer, i) => renameUnknown(answer, i));
  return pcap(inOrder(exchanges));
});

/** Gives the attribute that nobody knows a number of its own in each message. */
function renameUnknown(bytes: Uint8Array, first: number): void {
  let next = first;
  for (let at = 0; at + 8 <= bytes.length; at += 4) {
    const isUnknown = bytes[at] === 7 && bytes[at + 1] === 0 && bytes[at + 2] === 60;
    if (!isUnknown || bytes[at + 4] !== 1 || bytes[at + 5] !== 2) continue;
    next++;
    bytes[at + 2] = next & 0xff;
    bytes[at + 3] = 0x10 | (next >> 8 & 0x0f);
  }
}

staysLinear("a pcapng of many sections, interfaces and options", (size) => {
  const options = new Uint8Array(4 * size).fill(1);
  const parts = Array.from({ length: size }, () => [section(), interfaceBlock(253)]).flat();
  const interfaces = Array.from({ length: size }, () => interfaceBlock(253));
  for (let at = 0; at < options.length; at += 4) options.set([2, 0, 0, 0], at);
  const packets = inOrder(conversation(size)).map((each, i) =>
    packetBlock(each, each.time, i % size)
  );
  const other = block(5, new Uint8Array(4));
  return concat(
    ...parts,
    section(),
    ...interfaces,
    interfaceBlock(253, options),
    other,
    ...packets,
  );
});
