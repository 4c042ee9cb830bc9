import assert from "node:assert/strict";
import fc from "fast-check";
import { type IpvsRequest, parseRequest, readServiceKeys } from "../../lib/capture/request_key.ts";
import { DecodeError } from "../../lib/netlink/errors.ts";
import { Datagram } from "../../lib/netlink/transport.ts";
import type { MessageWriter } from "../_netlink_messages.ts";
import { swapMessages } from "./_big_endian.ts";
import { ask, concat, describeService, FAMILY, message } from "./_monitor.ts";

function read(bytes: Uint8Array, littleEndian = true): IpvsRequest | undefined {
  return parseRequest(Datagram.from(bytes, littleEndian), (type) => type === FAMILY);
}

function keyOf(bytes: Uint8Array): string | undefined {
  return read(bytes)?.key;
}

function destinations(fill: (writer: MessageWriter) => void, nest = 1): Uint8Array {
  return message({
    flags: 0x301,
    command: 8,
    fill: (writer) => writer.attribute(nest, () => fill(writer)),
  });
}

const ADDRESS = Uint8Array.of(10, 0, 0, 1, ...new Uint8Array(12));
const PLAIN = ask.destinations({ host: 1, port: 80 });
const PLAIN_KEY = "destinations of tcp 10.0.0.1:80";

/** Other requests for the destinations of the same service. */
const SAME: Readonly<Record<string, Uint8Array>> = {
  "another sequence number and port": ask.destinations({ host: 1 }, { sequence: 9, port: 8 }),
  "attributes in another order": destinations((writer) =>
    writer.be16(4, 80).bytes(3, ADDRESS).u16(2, 6).u16(1, 2)
  ),
  "NLA_F_NESTED": destinations(
    (writer) => writer.u16(1, 2).u16(2, 6).bytes(3, ADDRESS).be16(4, 80),
    0x8001,
  ),
  "a 4-byte address": destinations((writer) =>
    writer.u16(1, 2).u16(2, 6).bytes(3, ADDRESS.subarray(0, 4)).be16(4, 80)
  ),
  "arbitrary bytes after an IPv4 address": destinations((writer) =>
    writer.u16(1, 2).u16(2, 6).bytes(3, Uint8Array.of(10, 0, 0, 1, 9, 9)).be16(4, 80)
  ),
  "additional attributes of the service": destinations((writer) => {
    writer.u16(1, 2).u16(2, 6).bytes(3, ADDRESS).be16(4, 80);
    writer.text(6, "rr").bytes(7, new Uint8Array(8)).u32(8, 300);
  }),
  "an attribute besides the service": message({
    flags: 0x301,
    command: 8,
    fill: (writer) =>
      writer.attribute(1, () => writer.u16(1, 2).u16(2, 6).bytes(3, ADDRESS).be16(4, 80)).u32(4, 1),
  }),
};

for (const [difference, request] of Object.entries(SAME)) {
  Deno.test(`parseRequest() returns the same key for a request with ${difference}`, () => {
    assert.notDeepEqual(request, PLAIN);
    assert.equal(keyOf(PLAIN), PLAIN_KEY);
    assert.equal(keyOf(request), PLAIN_KEY);
  });
}

/** Requests for different data. */
const ALL: Readonly<Record<string, Uint8Array>> = {
  "the family lookup": ask.family(),
  "the information": ask.info(),
  "the timeouts": ask.config(),
  "the sync daemons": ask.daemons(),
  "all services": ask.services(),
  "one service": ask.service({ host: 1 }),
  "the destinations of a service": PLAIN,
  "destinations for another address": ask.destinations({ host: 2 }),
  "destinations for another port": ask.destinations({ host: 1, port: 81 }),
  "destinations for a fwmark": ask.destinations({ mark: 1 }),
  "destinations for another fwmark": ask.destinations({ mark: 2 }),
  "destinations for an IPv6 fwmark": destinations((writer) => writer.u16(1, 10).u32(5, 1)),
  "destinations for another protocol": destinations((writer) =>
    writer.u16(1, 2).u16(2, 17).bytes(3, ADDRESS).be16(4, 80)
  ),
  "destinations for an IPv6 service": destinations((writer) =>
    writer.u16(1, 10).u16(2, 6).bytes(3, ADDRESS).be16(4, 80)
  ),
};

Deno.test("parseRequest() returns different keys for different requests", () => {
  const keys = Object.values(ALL).map(keyOf);
  assert.ok(!keys.includes(undefined));
  assert.equal(new Set(keys).size, keys.length);
});

for (const [subject, request] of Object.entries(ALL)) {
  Deno.test(`parseRequest() parses a big-endian request: ${subject}`, () => {
    assert.deepEqual(read(swapMessages(request.slice()), false), read(request));
  });
}

Deno.test("parseRequest() ignores the address if there is a fwmark, as the kernel does", () => {
  const both = destinations((writer) =>
    writer.u16(1, 2).u16(2, 6).bytes(3, ADDRESS).be16(4, 80).u32(5, 1)
  );
  assert.equal(keyOf(both), keyOf(ask.destinations({ mark: 1 })));
});

Deno.test("parseRequest() ignores a service in a request for all services", () => {
  const dummy = message({
    flags: 0x301,
    command: 4,
    fill: (writer) => writer.attribute(1, () => {}),
  });
  assert.equal(keyOf(dummy), keyOf(ask.services()));
});

/** Requests that do not read IPVS, and malformed ones. */
const NONE: Readonly<Record<string, Uint8Array>> = {
  "a command that changes the table": message({ flags: 5, command: 2 }),
  "the same command of another family": message({ type: 0x1d, flags: 0x301, command: 4 }),
  "the lookup of another family": message({
    type: 16,
    flags: 1,
    command: 3,
    fill: (writer) => writer.text(2, "nl80211"),
  }),
  "the list of all families": message({ type: 16, flags: 0x301, command: 3 }),
  "destinations without a service": message({ flags: 0x301, command: 8 }),
  "a service without an address family": destinations((writer) => writer.u32(5, 1)),
  "a service without a port": destinations((writer) =>
    writer.u16(1, 2).u16(2, 6).bytes(3, ADDRESS)
  ),
  "an attribute of the wrong width": destinations((writer) => writer.u32(1, 2).u32(5, 1)),
  "a message without a command": message({}).subarray(0, 16),
};
new DataView(NONE["a message without a command"]!.buffer).setUint32(0, 16, true);

for (const [subject, request] of Object.entries(NONE)) {
  Deno.test(`parseRequest() returns undefined for ${subject}`, () => {
    assert.equal(read(request), undefined);
  });
}

Deno.test("parseRequest() never throws for arbitrary bytes", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, littleEndian) => {
    const request = parseRequest(Datagram.from(bytes, littleEndian), () => true);
    assert.ok(request === undefined || request.key.startsWith(request.kind));
  }));
});

Deno.test("readServiceKeys() returns the same keys as requests for the services have", () => {
  const services = [{ host: 1 }, { mark: 4_294_967_295 }];
  const replies = services.map((service) =>
    message({ flags: 2, command: 1, fill: (writer) => describeService(writer, service) })
  );
  const keys = services.map((service) => keyOf(ask.destinations(service)));
  for (const littleEndian of [true, false]) {
    const bytes = concat(...replies);
    const datagram = Datagram.from(littleEndian ? bytes : swapMessages(bytes), littleEndian);
    assert.deepEqual(readServiceKeys(datagram).map((key) => `destinations of ${key}`), keys);
  }
});

Deno.test("readServiceKeys() rejects a reply that does not describe a service", () => {
  assert.throws(
    () => readServiceKeys(Datagram.from(message({ flags: 2, command: 5 }))),
    DecodeError,
  );
  assert.throws(
    () => readServiceKeys(Datagram.from(message({ flags: 2, command: 1 }))),
    DecodeError,
  );
});
