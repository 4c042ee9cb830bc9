import assert from "node:assert/strict";
import type { Exchange } from "../../lib/capture/exchange.ts";
import { matchReplies } from "../../lib/capture/match_replies.ts";
import {
  ask,
  concat,
  control,
  FakeKernel,
  message,
  Monitor,
  packetsOf,
  type Service,
} from "./_monitor.ts";
import { countWork } from "./_count_work.ts";

const SERVICES: readonly Service[] = [{ host: 1, realServers: 2 }, { mark: 7, realServers: 1 }];

function match(monitor: Monitor): Exchange[] {
  return matchReplies(packetsOf(monitor.seen));
}

/** Summarises an exchange: command, port, number of packets with replies, and state. */
function summary(exchange: Exchange): string {
  const { command, portId, replies, state } = exchange;
  return `${command} from ${portId}: ${replies.length} ${state}`;
}

Deno.test("matchReplies() assigns the replies to each request up to the last one", () => {
  const monitor = new Monitor();
  const kernel = new FakeKernel(SERVICES);
  monitor.exchange(kernel, ask.info({ port: 4711, sequence: 1 }));
  monitor.exchange(kernel, ask.services({ port: 4711, sequence: 2 }));
  monitor.exchange(kernel, ask.destinations(SERVICES[0]!, { port: 4711, sequence: 3 }));
  assert.deepEqual(match(monitor).map(summary), [
    "15 from 4711: 1 done",
    "4 from 4711: 3 done",
    "8 from 4711: 3 done",
  ]);
});

Deno.test("matchReplies() takes the port of a request without one from its reply", () => {
  const monitor = new Monitor();
  monitor.round(new FakeKernel(SERVICES, 99), 1, 0);
  assert.deepEqual(match(monitor).map(summary), [
    "4 from 99: 3 done",
    "8 from 99: 3 done",
    "8 from 99: 2 done",
  ]);
});

Deno.test("matchReplies() ignores the port of a request if no reply was sent to it", () => {
  const monitor = new Monitor();
  monitor.round(new FakeKernel(SERVICES, 99), 1, 12_345);
  assert.ok(match(monitor).every(({ state, portId }) => state === "done" && portId === 99));
});

Deno.test("matchReplies() distinguishes sockets with the same sequence number", () => {
  const [a, b] = [new FakeKernel(SERVICES, 1), new FakeKernel([SERVICES[1]!], 2)];
  const monitor = new Monitor();
  const [first, second] = [ask.services({ port: 1 }), ask.services({ port: 2 })];
  monitor.see(first);
  monitor.see(second);
  const [repliesA, repliesB] = [a.replyTo(first), b.replyTo(second)];
  for (const reply of [repliesB[0]!, ...repliesA, repliesB[1]!]) monitor.see(reply);
  assert.deepEqual(match(monitor).map(summary), ["4 from 1: 3 done", "4 from 2: 2 done"]);
  assert.ok(match(monitor).every(({ isAmbiguous }) => !isAmbiguous));
});

Deno.test("matchReplies() matches requests without a port by the type of the reply", () => {
  const [a, b] = [new FakeKernel(SERVICES, 1), new FakeKernel(SERVICES, 2)];
  const monitor = new Monitor();
  const [services, info] = [ask.services(), ask.info()];
  monitor.see(services);
  monitor.see(info);
  for (const reply of [...b.replyTo(info), ...a.replyTo(services)]) monitor.see(reply);
  const exchanges = match(monitor);
  assert.deepEqual(exchanges.map(summary), ["4 from 1: 3 done", "15 from 2: 1 done"]);
  assert.ok(exchanges.every(({ isAmbiguous }) => !isAmbiguous));
});

Deno.test("matchReplies() marks replies as ambiguous if two pending requests without a port match", () => {
  const [a, b] = [new FakeKernel(SERVICES, 1), new FakeKernel(SERVICES, 2)];
  const monitor = new Monitor();
  const [first, second] = SERVICES.map((service) => ask.destinations(service));
  monitor.see(first!);
  monitor.see(second!);
  for (const reply of [...b.replyTo(second!), ...a.replyTo(first!)]) monitor.see(reply);
  assert.deepEqual(match(monitor).map(({ isAmbiguous }) => isAmbiguous), [true, true]);
});

Deno.test("matchReplies() reads several replies in one packet, including DONE", () => {
  const request = ask.services({ port: 1 });
  const replies = new FakeKernel(SERVICES, 1).replyTo(request);
  const monitor = new Monitor();
  monitor.see(request);
  monitor.see(concat(...replies));
  assert.deepEqual(match(monitor).map(summary), ["4 from 1: 1 done"]);
});

Deno.test("matchReplies() reads several requests in one packet", () => {
  const monitor = new Monitor();
  const kernel = new FakeKernel(SERVICES, 1);
  const requests = [ask.info({ port: 1, sequence: 1 }), ask.config({ port: 1, sequence: 2 })];
  monitor.see(concat(...requests));
  for (const request of requests) for (const reply of kernel.replyTo(request)) monitor.see(reply);
  assert.deepEqual(match(monitor).map(summary), ["15 from 1: 1 done", "13 from 1: 1 done"]);
});

Deno.test("matchReplies() does not take an acknowledgement for a reply to another request", () => {
  const monitor = new Monitor();
  const kernel = new FakeKernel(SERVICES, 1);
  const first = ask.family();
  monitor.exchange(kernel, first);
  const second = ask.family();
  monitor.see(second);
  monitor.see(control(2, 0, { sequence: 1, port: 1 }, first));
  assert.deepEqual(match(monitor).map(summary), ["3 from 1: 1 done", "3 from 0: 0 open"]);
});

Deno.test("matchReplies() matches an error by the request header in it", () => {
  const monitor = new Monitor();
  const [info, service] = [ask.info(), ask.service({ mark: 1 })];
  monitor.see(info);
  monitor.see(service);
  monitor.see(control(2, -3, { sequence: 1, port: 5 }, service));
  assert.deepEqual(match(monitor).map(summary), ["15 from 0: 0 open", "4 from 5: 1 failed"]);
});

Deno.test("matchReplies() reports a dump as failed if DONE has an error code", () => {
  const monitor = new Monitor();
  monitor.see(ask.services());
  monitor.see(control(3, -105, { sequence: 1, port: 5 }));
  assert.deepEqual(match(monitor).map(summary), ["4 from 5: 1 failed"]);
});

Deno.test("matchReplies() leaves a request open if the last reply was not captured", () => {
  const monitor = new Monitor();
  monitor.round(new FakeKernel(SERVICES));
  monitor.seen.splice(3, 1);
  assert.equal(match(monitor)[0]?.state, "open");
});

Deno.test("matchReplies() ignores notifications to a multicast group", () => {
  const monitor = new Monitor();
  monitor.see(ask.info({ sequence: 0 }));
  monitor.see(message({ command: 14, sequence: 0, port: 0 }));
  assert.deepEqual(match(monitor).map(summary), ["15 from 0: 0 open"]);
});

Deno.test("matchReplies() checks only a few of many requests with the same sequence number", () => {
  const monitor = new Monitor();
  const count = 2000;
  for (let index = 0; index < count; index++) monitor.see(ask.services());
  for (let port = 1; port <= count; port++) monitor.see(control(3, 0, { sequence: 1, port }));
  const packets = packetsOf(monitor.seen);
  const work = countWork(() => assert.equal(matchReplies(packets).length, count));
  assert.ok(work < 200 * count, String(work));
});

Deno.test("matchReplies() rejects more requests than the maximum", () => {
  const monitor = new Monitor();
  monitor.see(concat(ask.info(), ask.info(), ask.info()));
  const packets = packetsOf(monitor.seen);
  assert.equal(matchReplies(packets, 3).length, 3);
  assert.throws(() => matchReplies(packets, 2), {
    name: "CaptureError",
    message: "Cannot read capture: it contains more than 2 requests",
  });
});

Deno.test("matchReplies() rejects a reply with an invalid length", () => {
  const reply = message({ command: 1, port: 1 });
  reply[0] = 200;
  const monitor = new Monitor();
  monitor.see(reply);
  assert.throws(() => match(monitor), {
    name: "CaptureError",
    message:
      "Cannot read capture: packet 1 at offset 0 has a netlink message of 200 bytes with 20 bytes left",
  });
});

Deno.test("matchReplies() ignores invalid data after a request, as the kernel does", () => {
  const monitor = new Monitor();
  monitor.see(concat(ask.info(), new Uint8Array(7)));
  assert.deepEqual(match(monitor).map(summary), ["15 from 0: 0 open"]);
});
