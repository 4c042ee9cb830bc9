import assert from "node:assert/strict";
import { NetlinkError } from "../../lib/netlink/errors.ts";
import { NetlinkClient } from "../../lib/netlink/exchange.ts";
import { lookupFamily } from "../../lib/netlink/generic.ts";
import type { RequestBuilder } from "../../lib/netlink/message.ts";
import { type Datagram, NotRecordedError } from "../../lib/netlink/transport.ts";
import { pairExchanges } from "../../lib/capture/exchanges.ts";
import { readAsks } from "../../lib/capture/rounds.ts";
import { ReplayTransport } from "../../lib/capture/replay.ts";
import { AnswerReader } from "../../lib/capture/answers.ts";
import { swapMessages } from "./_big_endian.ts";
import {
  ask,
  concat,
  control,
  FakeKernel,
  FAMILY,
  message,
  Monitor,
  packetsOf,
  type Service,
} from "./_fixtures.ts";

const A: Service = { host: 1, realServers: 2 };
const B: Service = { mark: 7, realServers: 1 };
const ELSEWHERE = 77;

function replayOf(monitor: Monitor): ReplayTransport {
  const asks = readAsks(pairExchanges(packetsOf(monitor.seen)), (type) => type === FAMILY);
  return new ReplayTransport(asks, FAMILY);
}

/** Every datagram that answers a request, copied. */
function answersTo(transport: ReplayTransport, request: Uint8Array): Uint8Array[] {
  const own = new Uint8Array(request);
  return Array.from(transport.exchange(own), ({ bytes, length }) => bytes.slice(0, length));
}

Deno.test("ReplayTransport answers as the kernel did, in whatever order it is asked", () => {
  const monitor = new Monitor();
  const kernel = new FakeKernel([A, B], ELSEWHERE);
  const requests = [ask.services, ask.info, ask.config, ask.daemons]
    .map((make, index) => make({ sequence: 40 + index, port: ELSEWHERE }));
  requests.push(ask.destinations(B, { sequence: 50, port: ELSEWHERE }));
  requests.push(ask.service(A, { sequence: 51, port: ELSEWHERE }));
  for (const request of requests) monitor.exchange(kernel, request);
  const transport = replayOf(monitor);
  const expected = new FakeKernel([A, B], transport.portId);
  for (const request of requests.toReversed()) {
    const own = request.slice();
    new DataView(own.buffer).setUint32(8, own[16]! + 1000, true);
    new DataView(own.buffer).setUint32(12, transport.portId, true);
    assert.deepEqual(answersTo(transport, own), expected.answer(own));
  }
});

Deno.test("ReplayTransport gives the k-th asking of a question its k-th answer, and no more", () => {
  const monitor = new Monitor();
  const kernel = new FakeKernel([A], ELSEWHERE);
  monitor.exchange(kernel, ask.services({ sequence: 1 }));
  kernel.services = [A, B];
  monitor.exchange(kernel, ask.services({ sequence: 2 }));
  const transport = replayOf(monitor);
  assert.equal(answersTo(transport, ask.services()).length, 2);
  assert.equal(answersTo(transport, ask.services()).length, 3);
  assert.throws(() => transport.exchange(new Uint8Array(ask.services())), {
    name: "NotRecordedError",
    message: "The capture has no further answer to the request for services",
  });
});

Deno.test("ReplayTransport says at once what was not recorded", () => {
  const transport = replayOf(new Monitor());
  assert.throws(() => transport.exchange(new Uint8Array(ask.info())), {
    name: "NotRecordedError",
    message: "The capture has no answer to the request for info",
  });
  for (const bytes of [message({ flags: 1, command: 2 }), new Uint8Array(3), new Uint8Array(0)]) {
    assert.throws(() => transport.exchange(new Uint8Array(bytes)), NotRecordedError);
  }
});

Deno.test("ReplayTransport counts an exchange without its end as not recorded", () => {
  const monitor = new Monitor();
  monitor.exchange(new FakeKernel([A], ELSEWHERE), ask.services());
  monitor.seen.pop();
  const transport = replayOf(monitor);
  assert.throws(() => transport.exchange(new Uint8Array(ask.services())), NotRecordedError);
});

Deno.test("ReplayTransport tells the family's number whether or not a lookup was recorded", () => {
  for (const isRecorded of [true, false]) {
    const monitor = new Monitor();
    if (isRecorded) monitor.exchange(new FakeKernel([A]), ask.family());
    const transport = replayOf(monitor);
    for (let times = 0; times < 3; times++) {
      const family = lookupFamily(new NetlinkClient(transport), "IPVS");
      assert.deepEqual(family, { id: FAMILY, version: 1 });
    }
  }
});

Deno.test("ReplayTransport has no other family", () => {
  const client = new NetlinkClient(replayOf(new Monitor()));
  assert.throws(() => lookupFamily(client, "nl80211"), NotRecordedError);
});

Deno.test("ReplayTransport replays refusals with their errno", () => {
  const monitor = new Monitor();
  const kernel = new FakeKernel([], ELSEWHERE);
  monitor.exchange(kernel, ask.service(A, { sequence: 3 }));
  const lookup = ask.family({ sequence: 4 });
  monitor.see(lookup);
  monitor.see(control(2, -1, { sequence: 4, port: ELSEWHERE }, lookup));
  const client = new NetlinkClient(replayOf(monitor));
  const isRefused = (code: string) => (error: unknown) =>
    error instanceof NetlinkError && error.code === code;
  const service = { type: FAMILY, version: 1, flags: 0, command: 4, reply: 1, name: "service" };
  const request = { ...service, attributes: fillA };
  assert.throws(() => client.exchange(request, () => {}), isRefused("ESRCH"));
  assert.throws(() => lookupFamily(client, "IPVS"), isRefused("EPERM"));
});

function fillA(builder: RequestBuilder): void {
  builder.nest(1, () => {
    builder.u16(1, 2).u16(2, 6).bytes(3, Uint8Array.of(10, 0, 0, 1)).be16(4, 80);
  });
}

Deno.test("ReplayTransport yields big-endian answers with their own sequence and port", () => {
  const monitor = new Monitor();
  const kernel = new FakeKernel([A, B], ELSEWHERE);
  monitor.exchange(kernel, ask.services({ sequence: 9, port: ELSEWHERE }));
  const packets = packetsOf(monitor.seen).map((packet) => ({
    ...packet,
    bytes: swapMessages(packet.bytes.slice()),
    littleEndian: false,
  }));
  const asks = readAsks(pairExchanges(packets), (type) => type === FAMILY);
  const transport = new ReplayTransport(asks, FAMILY);
  const expected = new FakeKernel([A, B], 0).answer(ask.services({ sequence: 5 }));
  const request = new Uint8Array(ask.services({ sequence: 5 }));
  const datagrams = Array.from(transport.exchange(request), (datagram) => {
    assert.equal(datagram.littleEndian, false);
    return datagram.bytes.slice(0, datagram.length);
  });
  assert.deepEqual(datagrams, expected.map((bytes) => swapMessages(bytes.slice())));
});

Deno.test("ReplayTransport leaves the capture's bytes as they are", () => {
  const monitor = new Monitor();
  monitor.round(new FakeKernel([A], ELSEWHERE), 100);
  const before = monitor.seen.map(({ bytes }) => bytes.slice());
  const datagrams: Datagram[] = [...replayOf(monitor).exchange(new Uint8Array(ask.services()))];
  for (const datagram of datagrams) datagram.bytes.fill(0xff);
  assert.deepEqual(monitor.seen.map(({ bytes }) => bytes), before);
});

Deno.test("ReplayTransport has the family that was there at last, as when a program loads it", () => {
  const monitor = new Monitor();
  const kernel = new FakeKernel([A], ELSEWHERE);
  const lookup = ask.family({ sequence: 4 });
  monitor.see(lookup);
  monitor.see(control(2, -2, { sequence: 4, port: ELSEWHERE }, lookup));
  monitor.exchange(kernel, ask.family({ sequence: 5 }));
  monitor.exchange(kernel, ask.services({ sequence: 6 }));
  const client = new NetlinkClient(replayOf(monitor));
  assert.deepEqual(lookupFamily(client, "IPVS"), { id: FAMILY, version: 1 });
});

/** Datagrams that answer each exchange, as AnswerReader reads them of a file. */
function datagramsOf(monitor: Monitor, move = 0): Uint8Array[][] {
  const packets = packetsOf(monitor.seen).map((packet) => {
    const file = new Uint8Array(move + packet.bytes.length);
    file.set(packet.bytes, move);
    return { ...packet, bytes: file.subarray(move) };
  });
  const reader = new AnswerReader();
  return pairExchanges(packets).map((exchange) =>
    Array.from(reader.read(exchange), ({ datagram }) => {
      assert.equal(datagram.bytes.byteOffset, 0);
      return datagram.bytes.slice(0, datagram.length);
    })
  );
}

Deno.test("AnswerReader aligns the answers of a packet that lies anywhere in a file", () => {
  const monitor = new Monitor();
  const kernel = new FakeKernel([A], ELSEWHERE);
  monitor.exchange(kernel, ask.services({ port: ELSEWHERE }));
  assert.deepEqual(datagramsOf(monitor, 3), [kernel.answer(ask.services())]);
});

Deno.test("AnswerReader gives each request its own messages of a packet that answers several", () => {
  const monitor = new Monitor();
  const kernel = new FakeKernel([A, B], ELSEWHERE);
  const requests = [1, 2].map((sequence) => ask.services({ sequence, port: ELSEWHERE }));
  const [one, two] = requests.map((request) => kernel.answer(request));
  for (const request of requests) monitor.see(request);
  monitor.see(concat(...one!.flatMap((answer, i) => [two![i]!, answer])));
  assert.deepEqual(datagramsOf(monitor), [[concat(...one!)], [concat(...two!)]]);
});
