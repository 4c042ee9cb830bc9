import assert from "node:assert/strict";
import fc from "fast-check";
import { type Question, readQuestion, servicesIn } from "../../lib/capture/request_key.ts";
import { DecodeError } from "../../lib/netlink/errors.ts";
import { Datagram } from "../../lib/netlink/transport.ts";
import type { Wire } from "../_wire.ts";
import { swapMessages } from "./_big_endian.ts";
import { ask, concat, describeService, FAMILY, message } from "./_fixtures.ts";

function read(bytes: Uint8Array, littleEndian = true): Question | undefined {
  return readQuestion(Datagram.from(bytes, littleEndian), (type) => type === FAMILY);
}

function meaning(bytes: Uint8Array): string | undefined {
  return read(bytes)?.meaning;
}

function destinations(fill: (wire: Wire) => void, nest = 1): Uint8Array {
  return message({
    flags: 0x301,
    command: 8,
    fill: (wire) => wire.attribute(nest, () => fill(wire)),
  });
}

const ADDRESS = Uint8Array.of(10, 0, 0, 1, ...new Uint8Array(12));
const PLAIN = ask.destinations({ host: 1, port: 80 });
const MEANT = "destinations of family 2 protocol 6 address 0a000001 port 80";

const SAME: Readonly<Record<string, Uint8Array>> = {
  "another sequence number and port": ask.destinations({ host: 1 }, { sequence: 9, port: 8 }),
  "another order of the attributes": destinations((wire) =>
    wire.be16(4, 80).bytes(3, ADDRESS).u16(2, 6).u16(1, 2)
  ),
  "the flag of nested attributes": destinations(
    (wire) => wire.u16(1, 2).u16(2, 6).bytes(3, ADDRESS).be16(4, 80),
    0x8001,
  ),
  "4 bytes of address": destinations((wire) =>
    wire.u16(1, 2).u16(2, 6).bytes(3, ADDRESS.subarray(0, 4)).be16(4, 80)
  ),
  "anything behind an IPv4 address": destinations((wire) =>
    wire.u16(1, 2).u16(2, 6).bytes(3, Uint8Array.of(10, 0, 0, 1, 9, 9)).be16(4, 80)
  ),
  "more attributes than needed": destinations((wire) => {
    wire.u16(1, 2).u16(2, 6).bytes(3, ADDRESS).be16(4, 80);
    wire.text(6, "rr").bytes(7, new Uint8Array(8)).u32(8, 300);
  }),
  "an attribute beside the service": message({
    flags: 0x301,
    command: 8,
    fill: (wire) =>
      wire.attribute(1, () => wire.u16(1, 2).u16(2, 6).bytes(3, ADDRESS).be16(4, 80)).u32(4, 1),
  }),
};

for (const [difference, request] of Object.entries(SAME)) {
  Deno.test(`readQuestion() finds the same meaning with ${difference}`, () => {
    assert.notDeepEqual(request, PLAIN);
    assert.equal(meaning(PLAIN), MEANT);
    assert.equal(meaning(request), MEANT);
  });
}

const ALL: Readonly<Record<string, Uint8Array>> = {
  "the lookup": ask.family(),
  "the information": ask.info(),
  "the timeouts": ask.config(),
  "the daemons": ask.daemons(),
  "all services": ask.services(),
  "one service": ask.service({ host: 1 }),
  "its destinations": PLAIN,
  "those of another address": ask.destinations({ host: 2 }),
  "those of another port": ask.destinations({ host: 1, port: 81 }),
  "those of a mark": ask.destinations({ mark: 1 }),
  "those of another mark": ask.destinations({ mark: 2 }),
  "those of the mark of IPv6": destinations((wire) => wire.u16(1, 10).u32(5, 1)),
  "those of another protocol": destinations((wire) =>
    wire.u16(1, 2).u16(2, 17).bytes(3, ADDRESS).be16(4, 80)
  ),
  "those of IPv6": destinations((wire) => wire.u16(1, 10).u16(2, 6).bytes(3, ADDRESS).be16(4, 80)),
};

Deno.test("readQuestion() finds another meaning in each other question", () => {
  const meanings = Object.values(ALL).map(meaning);
  assert.ok(!meanings.includes(undefined));
  assert.equal(new Set(meanings).size, meanings.length);
});

for (const [subject, request] of Object.entries(ALL)) {
  Deno.test(`readQuestion() understands ${subject} from a big-endian machine`, () => {
    assert.deepEqual(read(swapMessages(request.slice()), false), read(request));
  });
}

Deno.test("readQuestion() looks at the mark alone where there is one, as the kernel does", () => {
  const both = destinations((wire) =>
    wire.u16(1, 2).u16(2, 6).bytes(3, ADDRESS).be16(4, 80).u32(5, 1)
  );
  assert.equal(meaning(both), meaning(ask.destinations({ mark: 1 })));
});

Deno.test("readQuestion() ignores a service named in the listing of all", () => {
  const dummy = message({ flags: 0x301, command: 4, fill: (wire) => wire.attribute(1, () => {}) });
  assert.equal(meaning(dummy), meaning(ask.services()));
});

const NONE: Readonly<Record<string, Uint8Array>> = {
  "a command that changes something": message({ flags: 5, command: 2 }),
  "the same numbers of another family": message({ type: 0x1d, flags: 0x301, command: 4 }),
  "the lookup of another family": message({
    type: 16,
    flags: 1,
    command: 3,
    fill: (wire) => wire.text(2, "nl80211"),
  }),
  "the list of all families": message({ type: 16, flags: 0x301, command: 3 }),
  "the destinations of no service": message({ flags: 0x301, command: 8 }),
  "a service without a family": destinations((wire) => wire.u32(5, 1)),
  "a service without a port": destinations((wire) => wire.u16(1, 2).u16(2, 6).bytes(3, ADDRESS)),
  "an attribute of a wrong width": destinations((wire) => wire.u32(1, 2).u32(5, 1)),
  "a message without its command": message({}).subarray(0, 16),
};
new DataView(NONE["a message without its command"]!.buffer).setUint32(0, 16, true);

for (const [subject, request] of Object.entries(NONE)) {
  Deno.test(`readQuestion() finds no question in ${subject}`, () => {
    assert.equal(read(request), undefined);
  });
}

Deno.test("readQuestion() throws nothing on arbitrary bytes", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, littleEndian) => {
    const known = readQuestion(Datagram.from(bytes, littleEndian), () => true);
    assert.ok(known === undefined || known.meaning.startsWith(known.kind));
  }));
});

Deno.test("servicesIn() names each service of a listing as the requests for it do", () => {
  const services = [{ host: 1 }, { mark: 4_294_967_295 }];
  const answers = services.map((service) =>
    message({ flags: 2, command: 1, fill: (wire) => describeService(wire, service) })
  );
  const meanings = services.map((service) => meaning(ask.destinations(service)));
  for (const littleEndian of [true, false]) {
    const bytes = concat(...answers);
    const datagram = Datagram.from(littleEndian ? bytes : swapMessages(bytes), littleEndian);
    assert.deepEqual(servicesIn(datagram).map((name) => `destinations of ${name}`), meanings);
  }
});

Deno.test("servicesIn() refuses an answer that is no service", () => {
  assert.throws(() => servicesIn(Datagram.from(message({ flags: 2, command: 5 }))), DecodeError);
  assert.throws(() => servicesIn(Datagram.from(message({ flags: 2, command: 1 }))), DecodeError);
});
