import assert from "node:assert/strict";
import fc from "fast-check";
import { DecodeError, NetlinkError } from "../../lib/netlink/errors.ts";
import { NetlinkClient } from "../../lib/netlink/client.ts";
import { Datagram } from "../../lib/netlink/transport.ts";
import { manyRuns } from "../_property_runs.ts";
import { type Head, MessageWriter } from "../_netlink_messages.ts";
import {
  ACK_TLVS,
  CAPPED,
  concat,
  DONE,
  end,
  ERROR,
  head,
  hex,
  MULTI,
  NOOP,
  OVERRUN,
  poisoned,
  PORT,
  reply,
  REQUEST,
  Script,
  toHex,
} from "./_script.ts";

/**
 * The values of the scripted replies, the number of datagrams with replies, and of datagrams read.
 */
function run(...datagrams: (Uint8Array | Datagram)[]) {
  const script = new Script(...datagrams);
  const values: number[] = [];
  const nonEmpty = new NetlinkClient(script).request(REQUEST, (datagram, start, end) => {
    assert.equal(end - start, 8);
    values.push(datagram.view.getUint32(start + 4, datagram.littleEndian));
  });
  return { values, nonEmpty, taken: script.taken };
}

function part(value: number, parts: Partial<Head> = {}): Uint8Array {
  return reply(value, { flags: MULTI, ...parts });
}

const done = end(DONE, 0, { flags: MULTI });

/** The body of an error: the copy of the request, and a message in the extended ACK. */
function extendedAck(request: Uint8Array, message: string): (writer: MessageWriter) => void {
  return (writer) => writer.raw(request).u32(2, 24).text(1, message);
}

Deno.test("request() numbers its requests from 1 and sends them from the transport's port", () => {
  const script = new Script(end(ERROR, 0), end(ERROR, 0, { sequence: 2 }));
  const client = new NetlinkClient(script);
  client.request(REQUEST, () => {});
  client.request(REQUEST, () => {});
  assert.deepEqual(script.requests.map(toHex), [
    "14 00 00 00 1c 00 01 03 01 00 00 00 67 12 00 00 04 01 00 00",
    "14 00 00 00 1c 00 01 03 02 00 00 00 67 12 00 00 04 01 00 00",
  ]);
});

Deno.test("request() ends after a single reply, and reads no further datagram", () => {
  assert.deepEqual(run(reply(7), reply(8)), { values: [7], nonEmpty: 1, taken: 1 });
});

Deno.test("request() reads a multipart reply across datagrams until DONE", () => {
  const outcome = run(concat(part(1), part(2)), part(3), done, part(4));
  assert.deepEqual(outcome, { values: [1, 2, 3], nonEmpty: 2, taken: 3 });
});

Deno.test("request() does not count a datagram with only DONE", () => {
  assert.deepEqual(run(done), { values: [], nonEmpty: 0, taken: 1 });
  assert.deepEqual(run(concat(part(1), done)), { values: [1], nonEmpty: 1, taken: 1 });
});

Deno.test("request() ignores messages after DONE", () => {
  assert.deepEqual(run(concat(done, part(1))).values, []);
});

Deno.test("request() ends at an ACK", () => {
  assert.deepEqual(run(end(ERROR, 0, {}, (writer) => writer.raw(new Uint8Array(16)))).values, []);
});

Deno.test("request() ends at a DONE without an error code", () => {
  const writer = new MessageWriter();
  const bare = writer.message(head({ type: DONE }), () => {}).take();
  assert.deepEqual(run(part(1), bare).values, [1]);
});

Deno.test("request() skips messages with another sequence number or port", () => {
  const foreign = [
    part(1, { sequence: 2 }),
    part(2, { sequence: 0 }),
    part(3, { portId: PORT + 1 }),
    part(4, { portId: 0 }),
    end(DONE, 0, { sequence: 2 }),
    end(ERROR, -1, { portId: PORT + 1 }),
    end(OVERRUN, 0, { sequence: 9 }),
  ];
  assert.deepEqual(run(...foreign, concat(...foreign, part(5)), done), {
    ...{ values: [5], nonEmpty: 1, taken: 9 },
  });
});

Deno.test("request() skips NOOP and unknown control messages", () => {
  assert.deepEqual(run(concat(end(NOOP, 0), end(5, -1), part(1), done)).values, [1]);
});

Deno.test("request() reads replies in the byte order of the datagram", () => {
  const writer = new MessageWriter(true);
  writer.generic(head({ flags: MULTI }), 1, () => writer.u32(1, 7));
  writer.message(head({ type: DONE, flags: MULTI }), () => writer.number(0, 4));
  assert.deepEqual(run(Datagram.from(writer.take(), false)).values, [7]);
});

Deno.test("request() throws the error code of DONE", () => {
  assert.throws(() => run(part(1), end(DONE, -105)), {
    name: "NetlinkError",
    errno: 105,
    code: "ENOBUFS",
    request: "IPVS_CMD_GET_SERVICE",
  });
});

Deno.test("request() includes the extended ACK of DONE in the error", () => {
  const failed = end(
    DONE,
    -22,
    { flags: MULTI | ACK_TLVS },
    (writer) => writer.text(1, "Too late"),
  );
  assert.throws(() => run(failed), {
    message: "IPVS_CMD_GET_SERVICE failed: EINVAL: invalid request: Too late",
  });
});

Deno.test("request() throws an error without an extended ACK", () => {
  const copy = hex("14 00 00 00 1c 00 01 03 01 00 00 00 67 12 00 00 04 01 00 00");
  assert.throws(() => run(end(ERROR, -1, {}, (writer) => writer.raw(copy))), {
    name: "NetlinkError",
    message: "IPVS_CMD_GET_SERVICE failed: EPERM: operation not permitted",
  });
});

Deno.test("request() finds the extended ACK after the header of a capped request", () => {
  // The copied header has the length of the complete request, although only the header follows.
  const copy = hex("f8 00 00 00 1c 00 01 03 01 00 00 00 67 12 00 00");
  const failed = end(ERROR, -1, { flags: CAPPED | ACK_TLVS }, extendedAck(copy, "Not you"));
  assert.throws(() => run(failed), { errno: 1, message: /operation not permitted: Not you$/ });
});

Deno.test("request() finds the extended ACK after the complete copy of the request", () => {
  // 19 bytes: the attributes start at the next multiple of 4.
  const copy = hex("13 00 00 00 1c 00 01 03 01 00 00 00 67 12 00 00 04 01 00 ff");
  const failed = end(ERROR, -97, { flags: ACK_TLVS }, extendedAck(copy, "No IPv6"));
  assert.throws(() => run(failed), { errno: 97, message: /family not supported: No IPv6$/ });
});

Deno.test("request() rejects a copy of the request with an impossible length", () => {
  for (const length of [0, 15, 21, 1000, 0x7fffffff, 0x80000000, 0xfffffffd, 0xffffffff]) {
    const copy = new Uint8Array(20);
    new DataView(copy.buffer).setUint32(0, length, true);
    const failed = end(ERROR, -1, { flags: ACK_TLVS }, (writer) => writer.raw(copy));
    assert.throws(() => run(failed), {
      name: "DecodeError",
      message: `Cannot read copy of the request at offset 20: length ${length} with 20 bytes left`,
    });
  }
});

Deno.test("request() rejects an error truncated before its code or the copy of the request", () => {
  const writer = new MessageWriter();
  const bare = writer.message(head({ type: ERROR }), () => writer.raw([0xff, 0xff])).take();
  assert.throws(() => run(bare), {
    name: "DecodeError",
    message: "Cannot decode IPVS_CMD_GET_SERVICE error code at offset 16: 2 bytes, not 4",
  });
  const short = end(ERROR, -1, { flags: ACK_TLVS }, (writer) => writer.raw(new Uint8Array(12)));
  assert.throws(() => run(short), {
    name: "DecodeError",
    message: "Cannot decode copy of the request at offset 20: 12 bytes, not 16",
  });
});

Deno.test("request() throws ENOBUFS for an overrun", () => {
  assert.throws(() => run(end(OVERRUN, 0)), { name: "NetlinkError", code: "ENOBUFS" });
});

Deno.test("request() throws EAGAIN if the transport ends before the last reply", () => {
  for (const datagrams of [[], [part(1)], [new Uint8Array(0)]]) {
    assert.throws(() => run(...datagrams), { name: "NetlinkError", code: "EAGAIN" });
  }
});

Deno.test("request() rejects a reply of another family or command", () => {
  const named = "Cannot use the reply to IPVS_CMD_GET_SERVICE:";
  assert.throws(() => run(reply(1, { type: 29 })), {
    name: "DecodeError",
    message: `${named} type 29 command 1, not type 28 command 1`,
  });
  assert.throws(() => run(reply(1, {}, 5)), {
    name: "DecodeError",
    message: `${named} type 28 command 5, not type 28 command 1`,
  });
});

Deno.test("request() rejects a reply without a complete generic netlink header", () => {
  const writer = new MessageWriter();
  const bare = writer.message(head(), () => writer.raw([1, 1, 0])).take();
  assert.throws(() => run(bare), { name: "DecodeError", message: /^Cannot use the reply/ });
});

Deno.test("request() rejects a message truncated at any byte", () => {
  const whole = concat(part(1), part(2));
  for (let length = 29; length < whole.length; length++) {
    assert.throws(() => run(whole.subarray(0, length), done), {
      name: "DecodeError",
      message: /^Cannot read netlink message at offset 28: /,
    });
  }
});

Deno.test("request() works again after a failed request", () => {
  const script = new Script(end(ERROR, -1), reply(7, { sequence: 2 }));
  const client = new NetlinkClient(script);
  assert.throws(() => client.request(REQUEST, () => {}), { code: "EPERM" });
  let replies = 0;
  assert.equal(client.request(REQUEST, () => replies++), 1);
  assert.equal(replies, 1);
});

Deno.test("request() throws only NetlinkError or DecodeError, and reads nothing after the datagram", () => {
  const real = concat(
    part(1),
    end(ERROR, -1, { flags: ACK_TLVS }, extendedAck(new Uint8Array(16), "No")),
  );
  const mutation = fc.tuple(fc.nat(real.length - 1), fc.nat(255));
  const bytes = fc.tuple(fc.array(mutation, { maxLength: 4 }), fc.nat(real.length)).map(
    ([mutations, length]) => {
      const mutated = real.slice();
      for (const [at, value] of mutations) mutated[at] = value;
      return mutated.subarray(0, length);
    },
  );
  fc.assert(
    fc.property(fc.oneof(bytes, fc.uint8Array({ maxLength: 80 })), (bytes) => {
      const outcomes = [0x00, 0xff, 0x10].map((poison) => {
        const visited: number[] = [];
        try {
          new NetlinkClient(new Script(poisoned(bytes, poison))).request(
            REQUEST,
            (_, start, end) => visited.push(start, end),
          );
          return [visited];
        } catch (error) {
          assert.ok(error instanceof DecodeError || error instanceof NetlinkError, String(error));
          return [visited, error.message];
        }
      });
      assert.deepEqual(outcomes[1], outcomes[0]);
      assert.deepEqual(outcomes[2], outcomes[0]);
    }),
    manyRuns(50),
  );
});
