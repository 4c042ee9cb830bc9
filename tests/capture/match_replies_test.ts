import assert from "node:assert/strict";
import { type Exchange, pairExchanges } from "../../lib/capture/match_replies.ts";
import {
  ask,
  concat,
  control,
  FakeKernel,
  message,
  Monitor,
  packetsOf,
  type Service,
} from "./_fixtures.ts";
import { countWork } from "./_count_work.ts";

const SERVICES: readonly Service[] = [{ host: 1, realServers: 2 }, { mark: 7, realServers: 1 }];

function pair(monitor: Monitor): Exchange[] {
  return pairExchanges(packetsOf(monitor.seen));
}

/** An exchange in short: command, port, and how many packets answered. */
function brief(exchange: Exchange): string {
  const { command, portId, answers, state } = exchange;
  return `${command} from ${portId}: ${answers.length} ${state}`;
}

Deno.test("pairExchanges() gives each request its answers up to the one that ends it", () => {
  const monitor = new Monitor();
  const kernel = new FakeKernel(SERVICES);
  monitor.exchange(kernel, ask.info({ port: 4711, sequence: 1 }));
  monitor.exchange(kernel, ask.services({ port: 4711, sequence: 2 }));
  monitor.exchange(kernel, ask.destinations(SERVICES[0]!, { port: 4711, sequence: 3 }));
  assert.deepEqual(pair(monitor).map(brief), [
    "15 from 4711: 1 done",
    "4 from 4711: 3 done",
    "8 from 4711: 3 done",
  ]);
});

Deno.test("pairExchanges() learns the port of a request that names none from its answer", () => {
  const monitor = new Monitor();
  monitor.round(new FakeKernel(SERVICES, 99), 1, 0);
  assert.deepEqual(pair(monitor).map(brief), [
    "4 from 99: 3 done",
    "8 from 99: 3 done",
    "8 from 99: 2 done",
  ]);
});

Deno.test("pairExchanges() takes a port that no answer goes to for none", () => {
  const monitor = new Monitor();
  monitor.round(new FakeKernel(SERVICES, 99), 1, 12_345);
  assert.ok(pair(monitor).every(({ state, portId }) => state === "done" && portId === 99));
});

Deno.test("pairExchanges() tells sockets with the same sequence numbers apart", () => {
  const [a, b] = [new FakeKernel(SERVICES, 1), new FakeKernel([SERVICES[1]!], 2)];
  const monitor = new Monitor();
  const [first, second] = [ask.services({ port: 1 }), ask.services({ port: 2 })];
  monitor.see(first);
  monitor.see(second);
  const [answersA, answersB] = [a.answer(first), b.answer(second)];
  for (const answer of [answersB[0]!, ...answersA, answersB[1]!]) monitor.see(answer);
  assert.deepEqual(pair(monitor).map(brief), ["4 from 1: 3 done", "4 from 2: 2 done"]);
  assert.ok(pair(monitor).every(({ isDoubtful }) => !isDoubtful));
});

Deno.test("pairExchanges() matches what names no port by the kind of its answer", () => {
  const [a, b] = [new FakeKernel(SERVICES, 1), new FakeKernel(SERVICES, 2)];
  const monitor = new Monitor();
  const [listing, info] = [ask.services(), ask.info()];
  monitor.see(listing);
  monitor.see(info);
  for (const answer of [...b.answer(info), ...a.answer(listing)]) monitor.see(answer);
  const exchanges = pair(monitor);
  assert.deepEqual(exchanges.map(brief), ["4 from 1: 3 done", "15 from 2: 1 done"]);
  assert.ok(exchanges.every(({ isDoubtful }) => !isDoubtful));
});

Deno.test("pairExchanges() doubts answers that two waiting requests without a port could have", () => {
  const [a, b] = [new FakeKernel(SERVICES, 1), new FakeKernel(SERVICES, 2)];
  const monitor = new Monitor();
  const [first, second] = SERVICES.map((service) => ask.destinations(service));
  monitor.see(first!);
  monitor.see(second!);
  for (const answer of [...b.answer(second!), ...a.answer(first!)]) monitor.see(answer);
  assert.deepEqual(pair(monitor).map(({ isDoubtful }) => isDoubtful), [true, true]);
});

Deno.test("pairExchanges() reads several messages in a packet, and the end behind an answer", () => {
  const request = ask.services({ port: 1 });
  const answers = new FakeKernel(SERVICES, 1).answer(request);
  const monitor = new Monitor();
  monitor.see(request);
  monitor.see(concat(...answers));
  assert.deepEqual(pair(monitor).map(brief), ["4 from 1: 1 done"]);
});

Deno.test("pairExchanges() reads several requests in a packet", () => {
  const monitor = new Monitor();
  const kernel = new FakeKernel(SERVICES, 1);
  const requests = [ask.info({ port: 1, sequence: 1 }), ask.config({ port: 1, sequence: 2 })];
  monitor.see(concat(...requests));
  for (const request of requests) for (const answer of kernel.answer(request)) monitor.see(answer);
  assert.deepEqual(pair(monitor).map(brief), ["15 from 1: 1 done", "13 from 1: 1 done"]);
});

Deno.test("pairExchanges() keeps an acknowledgement from answering another's request", () => {
  const monitor = new Monitor();
  const kernel = new FakeKernel(SERVICES, 1);
  const first = ask.family();
  monitor.exchange(kernel, first);
  const second = ask.family();
  monitor.see(second);
  monitor.see(control(2, 0, { sequence: 1, port: 1 }, first));
  assert.deepEqual(pair(monitor).map(brief), ["3 from 1: 1 done", "3 from 0: 0 open"]);
});

Deno.test("pairExchanges() knows refusals, and matches them by the request they echo", () => {
  const monitor = new Monitor();
  const [info, service] = [ask.info(), ask.service({ mark: 1 })];
  monitor.see(info);
  monitor.see(service);
  monitor.see(control(2, -3, { sequence: 1, port: 5 }, service));
  assert.deepEqual(pair(monitor).map(brief), ["15 from 0: 0 open", "4 from 5: 1 refused"]);
});

Deno.test("pairExchanges() calls a dump refused that ends with an error code", () => {
  const monitor = new Monitor();
  monitor.see(ask.services());
  monitor.see(control(3, -105, { sequence: 1, port: 5 }));
  assert.deepEqual(pair(monitor).map(brief), ["4 from 5: 1 refused"]);
});

Deno.test("pairExchanges() leaves a request open whose end was not captured", () => {
  const monitor = new Monitor();
  monitor.round(new FakeKernel(SERVICES));
  monitor.seen.splice(3, 1);
  assert.equal(pair(monitor)[0]?.state, "open");
});

Deno.test("pairExchanges() gives what was sent to a group of listeners to nobody", () => {
  const monitor = new Monitor();
  monitor.see(ask.info({ sequence: 0 }));
  monitor.see(message({ command: 14, sequence: 0, port: 0 }));
  assert.deepEqual(pair(monitor).map(brief), ["15 from 0: 0 open"]);
});

Deno.test("pairExchanges() looks at few of the many requests of one sequence number", () => {
  const monitor = new Monitor();
  const count = 2000;
  for (let index = 0; index < count; index++) monitor.see(ask.services());
  for (let port = 1; port <= count; port++) monitor.see(control(3, 0, { sequence: 1, port }));
  const packets = packetsOf(monitor.seen);
  const work = countWork(() => assert.equal(pairExchanges(packets).length, count));
  assert.ok(work < 200 * count, String(work));
});

Deno.test("pairExchanges() refuses more requests than it may keep", () => {
  const monitor = new Monitor();
  monitor.see(concat(ask.info(), ask.info(), ask.info()));
  const packets = packetsOf(monitor.seen);
  assert.equal(pairExchanges(packets, 3).length, 3);
  assert.throws(() => pairExchanges(packets, 2), {
    name: "CaptureError",
    message: "Cannot read capture: it has more than 2 requests",
  });
});

Deno.test("pairExchanges() refuses an answer whose message does not fit", () => {
  const answer = message({ command: 1, port: 1 });
  answer[0] = 200;
  const monitor = new Monitor();
  monitor.see(answer);
  assert.throws(() => pair(monitor), {
    name: "CaptureError",
    message:
      "Cannot read capture: packet 1 at offset 0 has a netlink message of 200 bytes with 20 bytes left",
  });
});

Deno.test("pairExchanges() passes over what follows a program's request, as the kernel does", () => {
  const monitor = new Monitor();
  monitor.see(concat(ask.info(), new Uint8Array(7)));
  assert.deepEqual(pair(monitor).map(brief), ["15 from 0: 0 open"]);
});
