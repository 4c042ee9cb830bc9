/**
 * Checks that the work to read a capture is proportional to its size, in the worst cases. Each
 * capture is created in several sizes; the work is counted (see _count_work.ts), not timed.
 */
import assert from "node:assert/strict";
import { openRecording } from "../../lib/capture/recording.ts";
import { Recorder } from "../../lib/capture/recorder.ts";
import { collect, type Source } from "../../lib/ipvs/collect.ts";
import { encodeJson } from "../../lib/output/json.ts";
import {
  fakeKernel,
  type FakeService,
  GET_DEST,
  GET_SERVICE,
  procPerCpu,
} from "../_fake_kernel.ts";
import { textOf } from "../_output_parsers.ts";
import { block, interfaceBlock, packetBlock, pcap, section } from "./_file_writers.ts";
import { type CapturedPacket, concat } from "./_monitor.ts";
import { countWork } from "./_count_work.ts";

const SIZES = [100, 200, 400] as const;
const GENERIC = 16;

/** A request and the datagrams in reply. */
interface Exchange {
  readonly request: Uint8Array;
  readonly replies: readonly Uint8Array[];
}

/** A source that records its exchanges. */
function observe(source: Source, exchanges: Exchange[]): Source {
  const { transport } = source;
  return {
    ...source,
    transport: {
      portId: transport.portId,
      *exchange(request) {
        const replies: Uint8Array[] = [];
        exchanges.push({ request: request.slice(), replies });
        for (const datagram of transport.exchange(request)) {
          replies.push(datagram.bytes.slice(0, datagram.length));
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

/** The exchanges when a table of `count` services is read. */
function exchangesOf(count: number, settings: Parameters<typeof fakeKernel>[0] = {}): Exchange[] {
  const exchanges: Exchange[] = [];
  collect(observe(fakeKernel({ services: services(count), ...settings }), exchanges));
  return exchanges;
}

function see(...packets: readonly Uint8Array[]): CapturedPacket[] {
  return packets.map((bytes, i) => ({ time: BigInt(i), protocol: GENERIC, bytes }));
}

/** All requests, followed by one packet with all replies. */
function repliesInOnePacket(exchanges: readonly Exchange[]): CapturedPacket[] {
  const requests = exchanges.map(({ request }) => request);
  return see(...requests, concat(...exchanges.flatMap(({ replies }) => replies)));
}

function record(source: Source): Uint8Array {
  const chunks: Uint8Array[] = [];
  new Recorder((chunk) => chunks.push(chunk.slice())).round(source, collect);
  return concat(...chunks);
}

/** Opens a capture, replays its last snapshot and encodes it. */
function readAll(file: Uint8Array): void {
  const snapshot = collect(openRecording(file).selectRound().play());
  assert.ok(textOf((sink) => encodeJson(snapshot, sink)).length > 0);
}

/** The work to read a file, divided by its size in bytes. */
function workPerByte(file: Uint8Array, read: (file: Uint8Array) => void): number {
  return countWork(() => read(file)) / file.length;
}

/** Maximum growth of the work per byte; sorting takes slightly more than linear work. */
const MAX_GROWTH = 1.25;

function testLinearWork(
  name: string,
  make: (size: number) => Uint8Array,
  read: (file: Uint8Array) => void = readAll,
): void {
  Deno.test(`the work to read ${name} is proportional to the size of the capture`, () => {
    const [first = 0, ...rest] = SIZES.map((size) => workPerByte(make(size), read));
    for (const each of rest) assert.ok(each <= first * MAX_GROWTH, `${first} then ${rest}`);
  });
}

testLinearWork("a table of many services", (size) => pcap(inOrder(exchangesOf(size))));

function inOrder(exchanges: readonly Exchange[]): CapturedPacket[] {
  return see(...exchanges.flatMap(({ request, replies }) => [request, ...replies]));
}

testLinearWork("one packet with the replies to many requests", (size) => {
  const exchanges = exchangesOf(size);
  const isGetDest = ({ request }: Exchange) => request[16] === GET_DEST;
  const others = exchanges.filter((each) => !isGetDest(each));
  const end = others.findLastIndex(({ request }) => request[16] === GET_SERVICE);
  return pcap([
    ...inOrder(others.slice(0, end)),
    ...repliesInOnePacket(exchanges.filter(isGetDest)),
    ...inOrder(others.slice(end)),
  ]);
});

testLinearWork(
  "one packet with all replies",
  (size) => pcap(repliesInOnePacket(exchangesOf(size))),
);

testLinearWork("one packet with the replies to many requests, without a family lookup", (size) => {
  const [, ...exchanges] = exchangesOf(size);
  return pcap(repliesInOnePacket(exchanges));
});

testLinearWork("one packet with many lists of services, without a family lookup", (size) => {
  const [, ...exchanges] = exchangesOf(1);
  const list = exchanges.find(({ request }) => request[16] === GET_SERVICE)!;
  const lists = Array.from({ length: size }, (_, i) => renumber(list, 1000 + i));
  return pcap([...repliesInOnePacket(lists), ...inOrder(exchanges)]);
});

/** The same exchange with another sequence number. */
function renumber({ request, replies }: Exchange, sequence: number): Exchange {
  const [first, ...rest] = [request, ...replies].map((bytes) => {
    const copy = bytes.slice();
    const view = new DataView(copy.buffer);
    for (let at = 0; at < copy.length; at += (view.getUint32(at, true) + 3) & ~3) {
      view.setUint32(at + 8, sequence, true);
    }
    return copy;
  });
  return { request: first!, replies: rest };
}

testLinearWork("interleaved replies to two requests in one packet", (size) => {
  const exchanges = exchangesOf(size, { perDatagram: 1 });
  const lists = exchanges.filter(({ request }) => request[16] === GET_SERVICE);
  const [one, two] = lists.map(({ replies }) => replies);
  const interleaved = one!.flatMap((reply, i) => [reply, two![i]!]);
  const others = exchanges.filter((each) => !lists.includes(each));
  return pcap([
    ...see(...lists.map(({ request }) => request), concat(...interleaved)),
    ...inOrder(others),
  ]);
});

testLinearWork("one request repeated many times in a snapshot", (size) => {
  const exchanges = exchangesOf(1);
  const repeated = exchanges.find(({ request }) => request[16] === GET_DEST)!;
  const more = Array.from({ length: 20 * size }, (_, i) => renumber(repeated, 1000 + i));
  return pcap(inOrder([...exchanges, ...more]));
});

testLinearWork("many snapshots", (size) => {
  const exchanges = exchangesOf(1);
  const rounds = Array.from(
    { length: size },
    (_, i) => exchanges.map((each, j) => renumber(each, 100 * i + j)),
  );
  return pcap(inOrder(rounds.flat()));
});

testLinearWork("many snapshots of ipvstat", (size) => {
  const chunks: Uint8Array[] = [];
  const recorder = new Recorder((chunk) => chunks.push(chunk.slice()));
  for (let i = 0; i < size; i++) recorder.round(fakeKernel({ services: services(1) }), collect);
  return concat(...chunks);
});

testLinearWork("unanswered requests with the same sequence number", (size) => {
  const exchanges = exchangesOf(1);
  const [first] = exchanges;
  const more = Array.from({ length: 20 * size }, () => renumber(first!, 7).request);
  return pcap([...see(...more), ...inOrder(exchanges)]);
});

testLinearWork("a /proc file in many pieces", (size) => {
  const cpus = Array.from({ length: 100 * size }, () => ({}));
  return record(fakeKernel({ services: [], proc: { ip_vs_stats_percpu: procPerCpu(cpus) } }));
});

testLinearWork("a table that differs in every list", (size) => {
  let lists = 0;
  return record(fakeKernel({
    onRequest({ command, dump }, kernel) {
      if (command !== GET_SERVICE || !dump) return;
      const all = services(2 * size);
      kernel.services = all.filter((_, i) => (i + lists) % 2 === 0).toReversed();
      lists++;
    },
  }));
});

testLinearWork("a service whose real servers differ in every list", (size) => {
  let lists = 0;
  return record(fakeKernel({
    perDatagram: 16,
    onRequest({ command }, kernel) {
      if (command !== GET_DEST) return;
      const destinations = Array.from({ length: size }, (_, i) => ({
        address: `10.1.${(i * 7 + lists) >> 8 & 0xff}.${(i * 7 + lists) & 0xff}`,
      }));
      lists++;
      kernel.services = [{ fwmark: 1, destinations }];
    },
    services: [{ fwmark: 1 }],
  }));
});

testLinearWork("replies with a different unknown attribute each", (size) => {
  const exchanges = exchangesOf(size, { unknownAttributes: true });
  for (const { replies } of exchanges) replies.forEach((reply, i) => renumberUnknown(reply, i));
  return pcap(inOrder(exchanges));
});

/** Gives the unknown attribute of each message a different number. */
function renumberUnknown(bytes: Uint8Array, first: number): void {
  let next = first;
  for (let at = 0; at + 8 <= bytes.length; at += 4) {
    const isUnknown = bytes[at] === 7 && bytes[at + 1] === 0 && bytes[at + 2] === 60;
    if (!isUnknown || bytes[at + 4] !== 1 || bytes[at + 5] !== 2) continue;
    next++;
    bytes[at + 2] = next & 0xff;
    bytes[at + 3] = 0x10 | (next >> 8 & 0x0f);
  }
}

testLinearWork("a pcapng of many sections, interfaces and options", (size) => {
  const options = new Uint8Array(4 * size).fill(1);
  const parts = Array.from({ length: size }, () => [section(), interfaceBlock(253)]).flat();
  const interfaces = Array.from({ length: size }, () => interfaceBlock(253));
  for (let at = 0; at < options.length; at += 4) options.set([2, 0, 0, 0], at);
  const packets = inOrder(exchangesOf(size)).map((each, i) =>
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
