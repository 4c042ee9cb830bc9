import assert from "node:assert/strict";
import { NetlinkClient } from "../../lib/netlink/client.ts";
import { lookupFamily } from "../../lib/netlink/generic.ts";
import { Datagram } from "../../lib/netlink/transport.ts";
import { MessageWriter } from "../_netlink_messages.ts";
import { end, ERROR, head, Script, toHex } from "./_script.ts";

const CONTROLLER = 16;

function familyReply(fill: (writer: MessageWriter) => void, bigEndian = false): Datagram {
  const writer = new MessageWriter(bigEndian);
  writer.generic(head({ type: CONTROLLER }), 1, () => fill(writer));
  return Datagram.from(writer.take(), !bigEndian);
}

function lookup(...replies: (Datagram | Uint8Array)[]) {
  return lookupFamily(new NetlinkClient(new Script(...replies)), "IPVS");
}

Deno.test("lookupFamily() sends the name, with its NUL byte, to the family controller", () => {
  const script = new Script(familyReply((writer) => writer.u16(1, 28).u32(3, 1)));
  lookupFamily(new NetlinkClient(script), "IPVS");
  assert.deepEqual(script.requests.map(toHex), [
    "20 00 00 00 10 00 01 00 01 00 00 00 67 12 00 00 03 01 00 00 " +
    "09 00 02 00 49 50 56 53 00 00 00 00",
  ]);
});

Deno.test("lookupFamily() reads the number and the version among other attributes", () => {
  for (const bigEndian of [false, true]) {
    const reply = familyReply((writer) => {
      writer.text(2, "IPVS").u16(1, 0x123).u32(3, 7).u32(4, 0).attribute(6, () => writer.u32(1, 0));
    }, bigEndian);
    assert.deepEqual(lookup(reply), { id: 0x123, version: 7 });
  }
});

Deno.test("lookupFamily() throws ENOENT if the family does not exist", () => {
  assert.throws(() => lookup(end(ERROR, -2)), {
    name: "NetlinkError",
    code: "ENOENT",
    request: "CTRL_CMD_GETFAMILY",
  });
});

Deno.test("lookupFamily() rejects a reply without the number", () => {
  assert.throws(() => lookup(familyReply((writer) => writer.u32(3, 1))), {
    name: "DecodeError",
    message: "Cannot find the number of family IPVS: it is missing from the reply",
  });
});

Deno.test("lookupFamily() rejects a number or a version of the wrong width", () => {
  assert.throws(() => lookup(familyReply((writer) => writer.u32(1, 28))), {
    name: "DecodeError",
    message: "Cannot decode CTRL_ATTR_FAMILY_ID at offset 24: 4 bytes, not 2",
  });
  assert.throws(() => lookup(familyReply((writer) => writer.u16(1, 28).u8(3, 1))), {
    name: "DecodeError",
    message: "Cannot decode CTRL_ATTR_VERSION at offset 32: 1 bytes, not 4",
  });
});

Deno.test("lookupFamily() rejects a reply with another command", () => {
  const writer = new MessageWriter();
  writer.generic(head({ type: CONTROLLER }), 2, () => writer.u16(1, 28));
  assert.throws(() => lookup(writer.take()), { name: "DecodeError", message: /command 2/ });
});
