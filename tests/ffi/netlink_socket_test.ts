import assert from "node:assert/strict";
import { NetlinkClient } from "../../lib/netlink/client.ts";
import { lookupFamily } from "../../lib/netlink/generic.ts";
import { NetlinkSocket } from "../../ffi/netlink_socket.ts";
import { nextDescriptor } from "./_descriptors.ts";

const CONTROLLER = 16, NEWFAMILY = 1, GETFAMILY = 3, DUMP = 0x300, FAMILY_NAME = 2;

Deno.test("NetlinkSocket looks up the family nlctrl, which every kernel numbers 16", () => {
  using socket = NetlinkSocket.open();
  assert.deepEqual(lookupFamily(new NetlinkClient(socket), "nlctrl"), { id: 16, version: 2 });
});

Deno.test("NetlinkSocket returns ENOENT for an unknown family", () => {
  using socket = NetlinkSocket.open();
  const client = new NetlinkClient(socket);
  assert.throws(() => lookupFamily(client, "no_such_family"), {
    name: "NetlinkError",
    code: "ENOENT",
    errno: 2,
    request: "CTRL_CMD_GETFAMILY",
  });
  assert.equal(lookupFamily(client, "nlctrl").id, 16);
});

Deno.test("NetlinkSocket returns the kernel's text of an error", () => {
  using socket = NetlinkSocket.open();
  const client = new NetlinkClient(socket);
  const head = { name: "CTRL_CMD_GETFAMILY", type: CONTROLLER, flags: 0, version: 1 };
  // Longer than the name of a family can be.
  const attributes = { attributes: nameOf(64) };
  assert.throws(
    () =>
      client.request({ ...head, command: GETFAMILY, reply: NEWFAMILY, ...attributes }, () => {}),
    { name: "NetlinkError", message: /^CTRL_CMD_GETFAMILY failed: E[A-Z]+: [^:]+: \S/ },
  );
});

function nameOf(length: number) {
  return (builder: { bytes(type: number, payload: Uint8Array): unknown }) => {
    builder.bytes(FAMILY_NAME, new Uint8Array(length).fill(97));
  };
}

Deno.test("NetlinkSocket reads a dump to its end, and then the next", () => {
  using socket = NetlinkSocket.open();
  const client = new NetlinkClient(socket);
  const dump = {
    ...{ name: "CTRL_CMD_GETFAMILY", type: CONTROLLER, flags: DUMP, version: 1 },
    ...{ command: GETFAMILY, reply: NEWFAMILY },
  };
  const counts = [1, 2].map(() => {
    let families = 0;
    assert.ok(client.request(dump, () => families++) >= 1);
    return families;
  });
  assert.ok(counts[0]! >= 1);
  assert.equal(counts[0], counts[1]);
});

Deno.test("NetlinkSocket has a different port for each socket", () => {
  using one = NetlinkSocket.open();
  using other = NetlinkSocket.open();
  assert.ok(one.portId > 0 && other.portId > 0);
  assert.notEqual(one.portId, other.portId);
  for (const socket of [one, other, one]) {
    assert.equal(lookupFamily(new NetlinkClient(socket), "nlctrl").id, 16);
  }
});

Deno.test("NetlinkSocket skips the answers that an aborted exchange left", () => {
  using socket = NetlinkSocket.open();
  const dump = {
    ...{ name: "CTRL_CMD_GETFAMILY", type: CONTROLLER, flags: DUMP, version: 1 },
    ...{ command: GETFAMILY, reply: NEWFAMILY },
  };
  const client = new NetlinkClient(socket);
  assert.throws(() =>
    client.request(dump, () => {
      throw new Error("enough");
    }), /enough/);
  assert.equal(lookupFamily(client, "nlctrl").id, 16);
});

Deno.test("NetlinkSocket closes its descriptor with `using`, once", () => {
  const before = nextDescriptor();
  {
    using socket = NetlinkSocket.open();
    assert.ok(socket.portId > 0);
    assert.notEqual(nextDescriptor(), before);
  }
  assert.equal(nextDescriptor(), before);
});

Deno.test("NetlinkSocket does not close another descriptor when it is disposed of twice", () => {
  const socket = NetlinkSocket.open();
  socket[Symbol.dispose]();
  using other = NetlinkSocket.open(); // reuses the number of the first one
  socket[Symbol.dispose]();
  assert.equal(lookupFamily(new NetlinkClient(other), "nlctrl").id, 16);
});

Deno.test("NetlinkSocket throws EBADF when used after it was closed", () => {
  const socket = NetlinkSocket.open();
  socket[Symbol.dispose]();
  assert.throws(() => lookupFamily(new NetlinkClient(socket), "nlctrl"), {
    name: "NetlinkError",
    request: "send",
    errno: 9,
  });
});

Deno.test("NetlinkSocket.openVerificationSocket() opens another port of the same process", () => {
  using socket = NetlinkSocket.open();
  using first = socket.openVerificationSocket();
  using second = socket.openVerificationSocket();
  const ports = [socket, first, second].map(({ portId }) => portId);
  assert.equal(new Set(ports).size, 3);
  for (const port of ports) assert.equal(port & 0x3fffff, ports[0]! & 0x3fffff);
  assert.equal(lookupFamily(new NetlinkClient(second), "nlctrl").id, 16);
});
