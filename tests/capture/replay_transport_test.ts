import assert from "node:assert/strict";
import { NetlinkError } from "../../lib/netlink/errors.ts";
import { NetlinkClient } from "../../lib/netlink/client.ts";
import { lookupFamily } from "../../lib/netlink/generic.ts";
import type { RequestBuilder } from "../../lib/netlink/message.ts";
import { type Datagram, NotRecordedError } from "../../lib/netlink/transport.ts";
import { matchReplies } from "../../lib/capture/match_replies.ts";
import { readRequests } from "../../lib/capture/recorded_requests.ts";
import { ReplayTransport } from "../../lib/capture/replay_transport.ts";
import { ReplyReader } from "../../lib/capture/replies.ts";
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
} from "./_monitor.ts";

const A: Service = { host: 1, realServers: 2 };
const B: Service = { mark: 7, realServers: 1 };
/** The port of the recorded client. */
const CLIENT_PORT = 77;

function replayOf(monitor: Monitor): ReplayTransport {
  const requests = readRequests(matchReplies(packetsOf(monitor.seen)), (type) => type === FAMILY);
  return new ReplayTransport(requests, FAMILY);
}

/** Copies of all datagrams in reply to a request. */
function repliesTo(transport: ReplayTransport, request: Uint8Array): Uint8Array[] {
  const own = new Uint8Array(request);
  return Array.from(transport.exchange(own), ({ bytes, length }) => bytes.slice(0, length));
}

Deno.test("ReplayTransport replies as the kernel did, in any order of requests", () => {
  const monitor = new Monitor();
  const kernel = new FakeKernel([A, B], CLIENT_PORT);
  const requests = [ask.services, ask.info, ask.config, ask.daemons]
    .map((make, index) => make({ sequence: 40 + index, port: CLIENT_PORT }));
  requests.push(ask.destinations(B, { sequence: 50, port: CLIENT_PORT }));
  requests.push(ask.service(A, { sequence: 51, port: CLIENT_PORT }));
  for (const request of requests) monitor.exchange(kernel, request);
  const transport = replayOf(monitor);
  const expected = new FakeKernel([A, B], transport.portId);
  for (const request of requests.toReversed()) {
    const own = request.slice();
    new DataView(own.buffer).setUint32(8, own[16]! + 1000, true);
    new DataView(own.buffer).setUint32(12, transport.portId, true);
    assert.deepEqual(repliesTo(transport, own), expected.replyTo(own));
  }
});

Deno.test("ReplayTransport replies to repeated requests in the recorded order, and then no more", () => {
  const monitor = new Monitor();
  const kernel = new FakeKernel([A], CLIENT_PORT);
  monitor.exchange(kernel, ask.services({ sequence: 1 }));
  kernel.services = [A, B];
  monitor.exchange(kernel, ask.services({ sequence: 2 }));
  const transport = replayOf(monitor);
  assert.equal(repliesTo(transport, ask.services()).length, 2);
  assert.equal(repliesTo(transport, ask.services()).length, 3);
  assert.throws(() => transport.exchange(new Uint8Array(ask.services())), {
    name: "NotRecordedError",
    message: "Cannot replay the request for services: the capture has no further reply",
  });
});

Deno.test("ReplayTransport throws at once for a request that was not recorded", () => {
  const transport = replayOf(new Monitor());
  assert.throws(() => transport.exchange(new Uint8Array(ask.info())), {
    name: "NotRecordedError",
    message: "Cannot replay the request for info: the capture has no reply",
  });
  for (const bytes of [message({ flags: 1, command: 2 }), new Uint8Array(3), new Uint8Array(0)]) {
    assert.throws(() => transport.exchange(new Uint8Array(bytes)), NotRecordedError);
  }
});

Deno.test("ReplayTransport ignores an exchange without its last reply", () => {
  const monitor = new Monitor();
  monitor.exchange(new FakeKernel([A], CLIENT_PORT), ask.services());
  monitor.seen.pop();
  const transport = replayOf(monitor);
  assert.throws(() => transport.exchange(new Uint8Array(ask.services())), NotRecordedError);
});

Deno.test("ReplayTransport replies to a family lookup whether or not one was recorded", () => {
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

Deno.test("ReplayTransport does not reply to a lookup of another family", () => {
  const client = new NetlinkClient(replayOf(new Monitor()));
  assert.throws(() => lookupFamily(client, "nl80211"), NotRecordedError);
});

Deno.test("ReplayTransport replays errors with their errno", () => {
  const monitor = new Monitor();
  const kernel = new FakeKernel([], CLIENT_PORT);
  monitor.exchange(kernel, ask.service(A, { sequence: 3 }));
  const lookup = ask.family({ sequence: 4 });
  monitor.see(lookup);
  monitor.see(control(2, -1, { sequence: 4, port: CLIENT_PORT }, lookup));
  const client = new NetlinkClient(replayOf(monitor));
  const failsWith = (code: string) => (error: unknown) =>
    error instanceof NetlinkError && error.code === code;
  const service = { type: FAMILY, version: 1, flags: 0, command: 4, reply: 1, name: "service" };
  const request = { ...service, attributes: appendIdentityOfA };
  assert.throws(() => client.request(request, () => {}), failsWith("ESRCH"));
  assert.throws(() => lookupFamily(client, "IPVS"), failsWith("EPERM"));
});

function appendIdentityOfA(builder: RequestBuilder): void {
  builder.nest(1, () => {
    builder.u16(1, 2).u16(2, 6).bytes(3, Uint8Array.of(10, 0, 0, 1)).be16(4, 80);
  });
}

Deno.test("ReplayTransport replays big-endian replies, with the sequence number and port of the request", () => {
  const monitor = new Monitor();
  const kernel = new FakeKernel([A, B], CLIENT_PORT);
  monitor.exchange(kernel, ask.services({ sequence: 9, port: CLIENT_PORT }));
  const packets = packetsOf(monitor.seen).map((packet) => ({
    ...packet,
    bytes: swapMessages(packet.bytes.slice()),
    littleEndian: false,
  }));
  const requests = readRequests(matchReplies(packets), (type) => type === FAMILY);
  const transport = new ReplayTransport(requests, FAMILY);
  const expected = new FakeKernel([A, B], 0).replyTo(ask.services({ sequence: 5 }));
  const request = new Uint8Array(ask.services({ sequence: 5 }));
  const datagrams = Array.from(transport.exchange(request), (datagram) => {
    assert.equal(datagram.littleEndian, false);
    return datagram.bytes.slice(0, datagram.length);
  });
  assert.deepEqual(datagrams, expected.map((bytes) => swapMessages(bytes.slice())));
});

Deno.test("ReplayTransport does not modify the capture", () => {
  const monitor = new Monitor();
  monitor.round(new FakeKernel([A], CLIENT_PORT), 100);
  const before = monitor.seen.map(({ bytes }) => bytes.slice());
  const datagrams: Datagram[] = [...replayOf(monitor).exchange(new Uint8Array(ask.services()))];
  for (const datagram of datagrams) datagram.bytes.fill(0xff);
  assert.deepEqual(monitor.seen.map(({ bytes }) => bytes), before);
});

Deno.test("ReplayTransport replies to a lookup if a later recorded one succeeded", () => {
  const monitor = new Monitor();
  const kernel = new FakeKernel([A], CLIENT_PORT);
  const lookup = ask.family({ sequence: 4 });
  monitor.see(lookup);
  monitor.see(control(2, -2, { sequence: 4, port: CLIENT_PORT }, lookup));
  monitor.exchange(kernel, ask.family({ sequence: 5 }));
  monitor.exchange(kernel, ask.services({ sequence: 6 }));
  const client = new NetlinkClient(replayOf(monitor));
  assert.deepEqual(lookupFamily(client, "IPVS"), { id: FAMILY, version: 1 });
});

/**
 * The datagrams that ReplyReader reads for each exchange, from packets at an offset in a buffer.
 */
function datagramsOf(monitor: Monitor, offset = 0): Uint8Array[][] {
  const packets = packetsOf(monitor.seen).map((packet) => {
    const file = new Uint8Array(offset + packet.bytes.length);
    file.set(packet.bytes, offset);
    return { ...packet, bytes: file.subarray(offset) };
  });
  const reader = new ReplyReader();
  return matchReplies(packets).map((exchange) =>
    Array.from(reader.read(exchange), ({ datagram }) => {
      assert.equal(datagram.bytes.byteOffset, 0);
      return datagram.bytes.slice(0, datagram.length);
    })
  );
}

Deno.test("ReplyReader aligns the replies of a packet at any offset in a file", () => {
  const monitor = new Monitor();
  const kernel = new FakeKernel([A], CLIENT_PORT);
  monitor.exchange(kernel, ask.services({ port: CLIENT_PORT }));
  assert.deepEqual(datagramsOf(monitor, 3), [kernel.replyTo(ask.services())]);
});

Deno.test("ReplyReader separates the replies to several requests in one packet", () => {
  const monitor = new Monitor();
  const kernel = new FakeKernel([A, B], CLIENT_PORT);
  const requests = [1, 2].map((sequence) => ask.services({ sequence, port: CLIENT_PORT }));
  const [one, two] = requests.map((request) => kernel.replyTo(request));
  for (const request of requests) monitor.see(request);
  monitor.see(concat(...one!.flatMap((reply, i) => [two![i]!, reply])));
  assert.deepEqual(datagramsOf(monitor), [[concat(...one!)], [concat(...two!)]]);
});
