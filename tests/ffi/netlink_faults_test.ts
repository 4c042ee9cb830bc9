/** How the socket handles failing system calls, and datagrams from other processes. */
import assert from "node:assert/strict";
import type { Libc } from "../../ffi/libc.ts";
import { NetlinkSocket } from "../../ffi/netlink_socket.ts";
import { NetlinkClient } from "../../lib/netlink/client.ts";
import { lookupFamily } from "../../lib/netlink/generic.ts";
import { nextDescriptor } from "./_descriptors.ts";
import { faultyLibc, type Incoming, libcReceiving } from "./_fake_libc.ts";

const EINTR = 4, ENOMEM = 12, ENFILE = 23, EMFILE = 24;
const CALLS = ["socket", "setsockopt", "bind", "getsockname", "send", "recvmmsg"] as const;
const PEER = 4242;
const REQUEST = new Uint8Array(16);

function lookUp(c: Libc): { id: number } {
  using socket = NetlinkSocket.open(c);
  using verification = socket.openVerificationSocket();
  lookupFamily(new NetlinkClient(verification), "nlctrl");
  return lookupFamily(new NetlinkClient(socket), "nlctrl");
}

for (const call of CALLS) {
  Deno.test(`NetlinkSocket repeats ${call}() while signals interrupt it`, () => {
    // Every call of that name is interrupted twice before it gets through.
    const c = faultyLibc((name, count) => name === call && count % 3 < 2 ? EINTR : undefined);
    assert.equal(lookUp(c).id, 16);
  });

  for (
    const [code, errno, words] of [
      ["EMFILE", EMFILE, /too many open files; raise the limit/],
      ["ENFILE", ENFILE, /too many open files on the system/],
      ["ENOMEM", ENOMEM, /out of memory/],
    ] as const
  ) {
    Deno.test(`NetlinkSocket explains ${code} from ${call}(), and leaves no descriptor open`, () => {
      const before = nextDescriptor();
      const c = faultyLibc((name) => name === call ? errno : undefined);
      assert.throws(() => lookUp(c), (error: Error & { code: string }) => {
        assert.ok(error.message.startsWith(call), error.message);
        assert.match(error.message, words);
        return error.code === code;
      });
      assert.equal(nextDescriptor(), before);
    });
  }
}

/** The first bytes of the datagrams that a socket yields, call after call. */
function received(...calls: readonly (readonly Incoming[])[]) {
  const left = [...calls];
  using socket = NetlinkSocket.open(libcReceiving(() => left.shift() ?? []));
  const bytes: number[] = [];
  const wanted = calls.flat().filter(({ sender }) => sender === 0).length;
  for (const datagram of socket.exchange(REQUEST)) {
    bytes.push(datagram.bytes[0]!);
    assert.equal(datagram.length, 4);
    if (bytes.length === wanted) break;
  }
  return { bytes, foreign: socket.foreign };
}

function from(sender: number, byte: number): Incoming {
  return { sender, bytes: Uint8Array.of(byte, 0, 0, 0) };
}

Deno.test("NetlinkSocket drops and counts datagrams from other processes, at any position", () => {
  const outcome = received(
    [from(PEER, 1), from(0, 2), from(PEER, 3), from(0, 4)],
    [from(PEER, 5)],
    [from(0, 6)],
  );
  assert.deepEqual(outcome, { bytes: [2, 4, 6], foreign: 3 });
});

Deno.test("NetlinkSocket does not confuse a datagram with a dropped one in the same buffer", () => {
  const outcome = received([from(PEER, 1)], [from(0, 2)], [from(PEER, 3), from(0, 4)]);
  assert.deepEqual(outcome, { bytes: [2, 4], foreign: 2 });
});

Deno.test("NetlinkSocket fails on a truncated datagram from the kernel, not from another process", () => {
  const truncated = (sender: number) => ({ ...from(sender, 1), truncated: true });
  assert.deepEqual(received([truncated(PEER), from(0, 2)]), { bytes: [2], foreign: 1 });
  assert.throws(() => received([truncated(0)]), { request: "recvmmsg", code: "EMSGSIZE" });
});

Deno.test("NetlinkSocket fails when other processes send endlessly, and says why", () => {
  const flood = [1, 2, 3, 4].map((byte) => from(PEER, byte));
  using socket = NetlinkSocket.open(libcReceiving(() => flood));
  assert.throws(() => [...socket.exchange(REQUEST)], {
    request: "recvmmsg",
    code: "EAGAIN",
    message: /: 100000 datagrams came from other processes$/,
  });
});

Deno.test("NetlinkSocket.renew() switches to another port, and leaves no descriptor open", () => {
  const before = nextDescriptor();
  {
    using socket = NetlinkSocket.open();
    using verification = socket.openVerificationSocket();
    const ports = [socket.portId, verification.portId];
    for (let i = 0; i < 5; i++) {
      for (const each of [socket, verification]) {
        const last = each.portId;
        each.renew();
        assert.notEqual(each.portId, last);
        assert.equal(each.portId & 0x3fffff, ports[0]! & 0x3fffff);
        assert.equal(lookupFamily(new NetlinkClient(each), "nlctrl").id, 16);
      }
      assert.notEqual(socket.portId, verification.portId);
    }
  }
  assert.equal(nextDescriptor(), before);
});

Deno.test("NetlinkSocket.renew() leaves the socket unchanged if no other can be opened", () => {
  let isFull = false;
  using socket = NetlinkSocket.open(faultyLibc((name) => {
    return isFull && name === "socket" ? EMFILE : undefined;
  }));
  const { portId } = socket;
  isFull = true;
  assert.throws(() => socket.renew(), { request: "socket", code: "EMFILE" });
  assert.equal(socket.portId, portId);
  assert.equal(lookupFamily(new NetlinkClient(socket), "nlctrl").id, 16);
});
