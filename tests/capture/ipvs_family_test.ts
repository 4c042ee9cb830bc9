import assert from "node:assert/strict";
import { pairExchanges } from "../../lib/capture/match_replies.ts";
import { findFamily } from "../../lib/capture/ipvs_family.ts";
import {
  ask,
  control,
  describeService,
  FakeKernel,
  FAMILY,
  introduce,
  type Message,
  message,
  Monitor,
  packetsOf,
} from "./_fixtures.ts";

function familiesOf(monitor: Monitor): number[] {
  const packets = packetsOf(monitor.seen);
  const isIpvs = findFamily(packets, pairExchanges(packets));
  return Array.from({ length: 256 }, (_, type) => type).filter(isIpvs);
}

const SOME = new FakeKernel([{ host: 1, realServers: 1 }, { mark: 1 }]);

Deno.test("findFamily() learns the number from a lookup", () => {
  const monitor = new Monitor();
  monitor.exchange(SOME, ask.family());
  assert.deepEqual(familiesOf(monitor), [FAMILY]);
});

Deno.test("findFamily() learns the number from a list of all families", () => {
  const monitor = new Monitor();
  const to: Message = { flags: 2, port: 5 };
  monitor.see(introduce(to, "nl80211", 0x20));
  monitor.see(introduce(to, "IPVS", 0x21));
  assert.deepEqual(familiesOf(monitor), [0x21]);
});

Deno.test("findFamily() infers the number from listings where no lookup was recorded", () => {
  const monitor = new Monitor();
  monitor.round(SOME);
  assert.deepEqual(familiesOf(monitor), [FAMILY]);
});

Deno.test("findFamily() takes a family that was looked up by another name for no other", () => {
  const monitor = new Monitor();
  monitor.see(introduce({ port: 5 }, "OTHER", FAMILY));
  monitor.round(SOME);
  assert.deepEqual(familiesOf(monitor), []);
});

Deno.test("findFamily() infers nothing where a lookup told the number", () => {
  const monitor = new Monitor();
  monitor.see(introduce({ port: 5 }, "IPVS", 0x30));
  monitor.round(SOME);
  assert.deepEqual(familiesOf(monitor), [0x30]);
});

/** A dump with IPVS's command numbers whose one answer is this. */
function dumpAnswered(answer: Message): Monitor {
  const monitor = new Monitor();
  const to = { sequence: 1, port: 5 };
  monitor.see(ask.services(to));
  monitor.see(message({ ...to, flags: 2, command: 1, ...answer }));
  monitor.see(control(3, 0, to));
  return monitor;
}

Deno.test("findFamily() infers the number from one service", () => {
  const monitor = dumpAnswered({ fill: (wire) => describeService(wire, { mark: 1 }) });
  assert.deepEqual(familiesOf(monitor), [FAMILY]);
});

const OTHERS: Readonly<Record<string, Message>> = {
  "answers with another command": {
    command: 2,
    fill: (wire) => describeService(wire, { mark: 1 }),
  },
  "answers without a nest": { fill: (wire) => wire.u32(1, 7) },
  "answers with more than a nest": {
    fill: (wire) => {
      describeService(wire, { mark: 1 });
      wire.u32(2, 1);
    },
  },
  "answers whose nest names no service": {
    fill: (wire) =>
      wire.attribute(
        1,
        () =>
          wire.u16(1, 2).bytes(6, Uint8Array.of(97, 0)).bytes(7, new Uint8Array(8))
            .u32(8, 0).u32(9, 0),
      ),
  },
  "answers whose nest lacks the scheduler": {
    fill: (wire) =>
      wire.attribute(
        1,
        () => wire.u16(1, 2).u32(5, 1).bytes(7, new Uint8Array(8)).u32(8, 0).u32(9, 0),
      ),
  },
  "answers with flags of another width": {
    fill: (wire) =>
      wire.attribute(
        1,
        () => wire.u16(1, 2).u32(5, 1).bytes(6, Uint8Array.of(97, 0)).u32(7, 0).u32(8, 0).u32(9, 0),
      ),
  },
  "answers that are no attributes": { fill: (wire) => wire.bytes(1, Uint8Array.of(1, 0, 9)) },
};

for (const [subject, answer] of Object.entries(OTHERS)) {
  Deno.test(`findFamily() takes no family for IPVS that gives ${subject}`, () => {
    assert.deepEqual(familiesOf(dumpAnswered(answer)), []);
  });
}

Deno.test("findFamily() infers the number from a listing whose end was not captured", () => {
  const endless = dumpAnswered({ fill: (wire) => describeService(wire, { mark: 1 }) });
  endless.seen.pop();
  assert.deepEqual(familiesOf(endless), [FAMILY]);
});

Deno.test("findFamily() infers nothing from a listing that has no services", () => {
  const empty = new Monitor();
  empty.round(new FakeKernel([]));
  assert.deepEqual(familiesOf(empty), []);
});

Deno.test("findFamily() refuses a damaged answer of the controller", () => {
  const answer = introduce({ port: 5 });
  answer[20] = 2;
  const monitor = new Monitor();
  monitor.see(answer);
  assert.throws(() => familiesOf(monitor), {
    name: "CaptureError",
    message: "Cannot read capture: packet 1 at offset 0 is damaged: " +
      "Cannot read attribute at offset 20: length 2 with 20 bytes left",
  });
});
