import assert from "node:assert/strict";
import { matchReplies } from "../../lib/capture/match_replies.ts";
import { findIpvsFamily } from "../../lib/capture/ipvs_family.ts";
import {
  ask,
  control,
  describeService,
  FakeKernel,
  FAMILY,
  familyReply,
  type Message,
  message,
  Monitor,
  packetsOf,
} from "./_monitor.ts";

function familiesOf(monitor: Monitor): number[] {
  const packets = packetsOf(monitor.seen);
  const isIpvs = findIpvsFamily(packets, matchReplies(packets));
  return Array.from({ length: 256 }, (_, type) => type).filter(isIpvs);
}

const SOME = new FakeKernel([{ host: 1, realServers: 1 }, { mark: 1 }]);

Deno.test("findIpvsFamily() takes the number from a lookup", () => {
  const monitor = new Monitor();
  monitor.exchange(SOME, ask.family());
  assert.deepEqual(familiesOf(monitor), [FAMILY]);
});

Deno.test("findIpvsFamily() takes the number from a list of all families", () => {
  const monitor = new Monitor();
  const to: Message = { flags: 2, port: 5 };
  monitor.see(familyReply(to, "nl80211", 0x20));
  monitor.see(familyReply(to, "IPVS", 0x21));
  assert.deepEqual(familiesOf(monitor), [0x21]);
});

Deno.test("findIpvsFamily() infers the number from a dump of services if there is no lookup", () => {
  const monitor = new Monitor();
  monitor.round(SOME);
  assert.deepEqual(familiesOf(monitor), [FAMILY]);
});

Deno.test("findIpvsFamily() does not infer the number of a family that has another name", () => {
  const monitor = new Monitor();
  monitor.see(familyReply({ port: 5 }, "OTHER", FAMILY));
  monitor.round(SOME);
  assert.deepEqual(familiesOf(monitor), []);
});

Deno.test("findIpvsFamily() does not infer a number if there is a lookup", () => {
  const monitor = new Monitor();
  monitor.see(familyReply({ port: 5 }, "IPVS", 0x30));
  monitor.round(SOME);
  assert.deepEqual(familiesOf(monitor), [0x30]);
});

/** A dump with the command of IPVS and one reply. */
function dumpWithReply(reply: Message): Monitor {
  const monitor = new Monitor();
  const to = { sequence: 1, port: 5 };
  monitor.see(ask.services(to));
  monitor.see(message({ ...to, flags: 2, command: 1, ...reply }));
  monitor.see(control(3, 0, to));
  return monitor;
}

Deno.test("findIpvsFamily() infers the number from a single service", () => {
  const monitor = dumpWithReply({ fill: (writer) => describeService(writer, { mark: 1 }) });
  assert.deepEqual(familiesOf(monitor), [FAMILY]);
});

const OTHERS: Readonly<Record<string, Message>> = {
  "another command": {
    command: 2,
    fill: (writer) => describeService(writer, { mark: 1 }),
  },
  "no nested attributes": { fill: (writer) => writer.u32(1, 7) },
  "an attribute besides the service": {
    fill: (writer) => {
      describeService(writer, { mark: 1 });
      writer.u32(2, 1);
    },
  },
  "a service without an identity": {
    fill: (writer) =>
      writer.attribute(
        1,
        () =>
          writer.u16(1, 2).bytes(6, Uint8Array.of(97, 0)).bytes(7, new Uint8Array(8))
            .u32(8, 0).u32(9, 0),
      ),
  },
  "a service without a scheduler": {
    fill: (writer) =>
      writer.attribute(
        1,
        () => writer.u16(1, 2).u32(5, 1).bytes(7, new Uint8Array(8)).u32(8, 0).u32(9, 0),
      ),
  },
  "flags of another width": {
    fill: (writer) =>
      writer.attribute(
        1,
        () =>
          writer.u16(1, 2).u32(5, 1).bytes(6, Uint8Array.of(97, 0)).u32(7, 0).u32(8, 0).u32(9, 0),
      ),
  },
  "malformed attributes": { fill: (writer) => writer.bytes(1, Uint8Array.of(1, 0, 9)) },
};

for (const [subject, reply] of Object.entries(OTHERS)) {
  Deno.test(`findIpvsFamily() does not infer a number from replies with ${subject}`, () => {
    assert.deepEqual(familiesOf(dumpWithReply(reply)), []);
  });
}

Deno.test("findIpvsFamily() infers the number from a dump without its end", () => {
  const unfinished = dumpWithReply({ fill: (writer) => describeService(writer, { mark: 1 }) });
  unfinished.seen.pop();
  assert.deepEqual(familiesOf(unfinished), [FAMILY]);
});

Deno.test("findIpvsFamily() does not infer a number from an empty list", () => {
  const empty = new Monitor();
  empty.round(new FakeKernel([]));
  assert.deepEqual(familiesOf(empty), []);
});

Deno.test("findIpvsFamily() rejects a malformed reply of the family controller", () => {
  const reply = familyReply({ port: 5 });
  reply[20] = 2;
  const monitor = new Monitor();
  monitor.see(reply);
  assert.throws(() => familiesOf(monitor), {
    name: "CaptureError",
    message: "Cannot read capture: packet 1 at offset 0 is malformed: " +
      "Cannot read attribute at offset 20: length 2 with 20 bytes left",
  });
});
