import assert from "node:assert/strict";
import fc from "fast-check";
import { DecodeError, NetlinkError } from "../../lib/netlink/errors.ts";
import { NetlinkClient } from "../../lib/netlink/client.ts";
import { Datagram } from "../../lib/netlink/transport.ts";
import { manyRuns } from "../_runs.ts";
import { type Head, Wire } from "../_wire.ts";
import {
  ACK_TLVS,
  answer,
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
  REQUEST,
  Script,
  toHex,
} from "./_script.ts";

/** What each answer of a scripted exchange has, how many datagrams had any, and how many were asked for. */
function run(...datagrams: (Uint8Array | Datagram)[]) {
  const script = new Script(...datagrams);
  const values: number[] = [];
  const filled = new NetlinkClient(script).request(REQUEST, (datagram, start, end) => {
    assert.equal(end - start, 8);
    values.push(datagram.view.getUint32(start + 4, datagram.littleEndian));
  });
  return { values, filled, taken: script.taken };
}

function part(value: number, parts: Partial<Head> = {}): Uint8Array {
  return answer(value, { flags: MULTI, ...parts });
}

const done = end(DONE, 0, { flags: MULTI });

/** The kernel's echo of a request, and its words in the attribute that comes behind it. */
function echoed(echo: Uint8Array, words: string): (wire: Wire) => void {
  return (wire) => wire.raw(echo).u32(2, 24).text(1, words);
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

Deno.test("request() ends with a single answer, and does not ask for another datagram", () => {
  assert.deepEqual(run(answer(7), answer(8)), { values: [7], filled: 1, taken: 1 });
});

Deno.test("request() reads a multipart answer over datagrams up to DONE", () => {
  const outcome = run(concat(part(1), part(2)), part(3), done, part(4));
  assert.deepEqual(outcome, { values: [1, 2, 3], filled: 2, taken: 3 });
});

Deno.test("request() counts no datagram that has nothing but DONE", () => {
  assert.deepEqual(run(done), { values: [], filled: 0, taken: 1 });
  assert.deepEqual(run(concat(part(1), done)), { values: [1], filled: 1, taken: 1 });
});

Deno.test("request() reads nothing behind DONE", () => {
  assert.deepEqual(run(concat(done, part(1))).values, []);
});

Deno.test("request() ends with an ACK", () => {
  assert.deepEqual(run(end(ERROR, 0, {}, (wire) => wire.raw(new Uint8Array(16)))).values, []);
});

Deno.test("request() ends with a DONE that lacks its code", () => {
  const wire = new Wire();
  const bare = wire.message(head({ type: DONE }), () => {}).take();
  assert.deepEqual(run(part(1), bare).values, [1]);
});

Deno.test("request() passes over another exchange's and another port's messages", () => {
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
    ...{ values: [5], filled: 1, taken: 9 },
  });
});

Deno.test("request() passes over NOOP and control messages that it does not know", () => {
  assert.deepEqual(run(concat(end(NOOP, 0), end(5, -1), part(1), done)).values, [1]);
});

Deno.test("request() reads answers in the byte order of whoever wrote them", () => {
  const wire = new Wire(true);
  wire.generic(head({ flags: MULTI }), 1, () => wire.u32(1, 7));
  wire.message(head({ type: DONE, flags: MULTI }), () => wire.number(0, 4));
  assert.deepEqual(run(Datagram.from(wire.take(), false)).values, [7]);
});

Deno.test("request() throws the error code that comes with DONE", () => {
  assert.throws(() => run(part(1), end(DONE, -105)), {
    name: "NetlinkError",
    errno: 105,
    code: "ENOBUFS",
    request: "IPVS_CMD_GET_SERVICE",
  });
});

Deno.test("request() throws the kernel's words that come with DONE", () => {
  const refused = end(DONE, -22, { flags: MULTI | ACK_TLVS }, (wire) => wire.text(1, "Too late"));
  assert.throws(() => run(refused), {
    message: "IPVS_CMD_GET_SERVICE failed: EINVAL: invalid request: Too late",
  });
});

Deno.test("request() throws an error without the kernel's words where there are none", () => {
  const echo = hex("14 00 00 00 1c 00 01 03 01 00 00 00 67 12 00 00 04 01 00 00");
  assert.throws(() => run(end(ERROR, -1, {}, (wire) => wire.raw(echo))), {
    name: "NetlinkError",
    message: "IPVS_CMD_GET_SERVICE failed: EPERM: operation not permitted",
  });
});

Deno.test("request() finds the kernel's words behind the header of a capped request", () => {
  // The echoed header gives the whole request's length, though no more of it than that came.
  const echo = hex("f8 00 00 00 1c 00 01 03 01 00 00 00 67 12 00 00");
  const refused = end(ERROR, -1, { flags: CAPPED | ACK_TLVS }, echoed(echo, "Not you"));
  assert.throws(() => run(refused), { errno: 1, message: /operation not permitted: Not you$/ });
});

Deno.test("request() finds the kernel's words behind the whole echoed request", () => {
  // 19 bytes: the attributes begin at the next multiple of 4.
  const echo = hex("13 00 00 00 1c 00 01 03 01 00 00 00 67 12 00 00 04 01 00 ff");
  const refused = end(ERROR, -97, { flags: ACK_TLVS }, echoed(echo, "No IPv6"));
  assert.throws(() => run(refused), { errno: 97, message: /family not supported: No IPv6$/ });
});

Deno.test("request() refuses an echoed request of an impossible length", () => {
  for (const length of [0, 15, 21, 1000, 0x7fffffff, 0x80000000, 0xfffffffd, 0xffffffff]) {
    const echo = new Uint8Array(20);
    new DataView(echo.buffer).setUint32(0, length, true);
    const refused = end(ERROR, -1, { flags: ACK_TLVS }, (wire) => wire.raw(echo));
    assert.throws(() => run(refused), {
      name: "DecodeError",
      message: `Cannot read echoed request at offset 20: length ${length} with 20 bytes left`,
    });
  }
});

Deno.test("request() refuses an error that is cut off before its code or its echo", () => {
  const wire = new Wire();
  const bare = wire.message(head({ type: ERROR }), () => wire.raw([0xff, 0xff])).take();
  assert.throws(() => run(bare), {
    name: "DecodeError",
    message: "Cannot decode IPVS_CMD_GET_SERVICE error code at offset 16: 2 bytes, not 4",
  });
  const short = end(ERROR, -1, { flags: ACK_TLVS }, (wire) => wire.raw(new Uint8Array(12)));
  assert.throws(() => run(short), {
    name: "DecodeError",
    message: "Cannot decode echoed request at offset 20: 12 bytes, not 16",
  });
});

Deno.test("request() throws ENOBUFS for an overrun", () => {
  assert.throws(() => run(end(OVERRUN, 0)), { name: "NetlinkError", code: "ENOBUFS" });
});

Deno.test("request() throws EAGAIN where the transport ends before the answer does", () => {
  for (const datagrams of [[], [part(1)], [new Uint8Array(0)]]) {
    assert.throws(() => run(...datagrams), { name: "NetlinkError", code: "EAGAIN" });
  }
});

Deno.test("request() refuses an answer of another family or command", () => {
  const named = "Cannot use the answer to IPVS_CMD_GET_SERVICE:";
  assert.throws(() => run(answer(1, { type: 29 })), {
    name: "DecodeError",
    message: `${named} type 29 command 1, not type 28 command 1`,
  });
  assert.throws(() => run(answer(1, {}, 5)), {
    name: "DecodeError",
    message: `${named} type 28 command 5, not type 28 command 1`,
  });
});

Deno.test("request() refuses an answer without a whole generic netlink header", () => {
  const wire = new Wire();
  const bare = wire.message(head(), () => wire.raw([1, 1, 0])).take();
  assert.throws(() => run(bare), { name: "DecodeError", message: /^Cannot use the answer/ });
});

Deno.test("request() refuses a truncated message, wherever it is cut", () => {
  const whole = concat(part(1), part(2));
  for (let length = 29; length < whole.length; length++) {
    assert.throws(() => run(whole.subarray(0, length), done), {
      name: "DecodeError",
      message: /^Cannot read netlink message at offset 28: /,
    });
  }
});

Deno.test("request() goes on with the next request after one that failed", () => {
  const script = new Script(end(ERROR, -1), answer(7, { sequence: 2 }));
  const client = new NetlinkClient(script);
  assert.throws(() => client.request(REQUEST, () => {}), { code: "EPERM" });
  let answers = 0;
  assert.equal(client.request(REQUEST, () => answers++), 1);
  assert.equal(answers, 1);
});

Deno.test("request() throws only its own errors, and reads nothing behind the datagram", () => {
  const real = concat(
    part(1),
    end(ERROR, -1, { flags: ACK_TLVS }, echoed(new Uint8Array(16), "No")),
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
