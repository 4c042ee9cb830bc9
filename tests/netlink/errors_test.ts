import assert from "node:assert/strict";
import { DecodeError, errnoCode, NetlinkError } from "../../lib/netlink/errors.ts";

Deno.test("errnoCode() returns the names of asm-generic/errno.h", () => {
  const codes = {
    ...{ EPERM: 1, ENOENT: 2, ESRCH: 3, EINTR: 4, EIO: 5, EBADF: 9, EAGAIN: 11, ENOMEM: 12 },
    ...{
      EACCES: 13,
      EBUSY: 16,
      EINVAL: 22,
      ENFILE: 23,
      EMFILE: 24,
      EMSGSIZE: 90,
      EPROTONOSUPPORT: 93,
      EOPNOTSUPP: 95,
    },
    ...{ EAFNOSUPPORT: 97, ENOBUFS: 105, ECONNREFUSED: 111 },
  };
  for (const [code, errno] of Object.entries(codes)) assert.equal(errnoCode(errno), code);
});

Deno.test("errnoCode() returns the number of an unknown errno", () => {
  assert.equal(errnoCode(200), "errno 200");
});

Deno.test("NetlinkError's message has the request, the code and its meaning", () => {
  const error = new NetlinkError({ request: "IPVS_CMD_GET_SERVICE", errno: 1 });
  assert.equal(error.message, "IPVS_CMD_GET_SERVICE failed: EPERM: operation not permitted");
  assert.equal(error.name, "NetlinkError");
  assert.deepEqual([error.request, error.errno, error.code], ["IPVS_CMD_GET_SERVICE", 1, "EPERM"]);
});

Deno.test("NetlinkError's message ends with the kernel's message, even for an unknown errno", () => {
  const failure = { request: "CTRL_CMD_GETFAMILY", errno: 200, extendedAck: "No such thing" };
  const error = new NetlinkError(failure);
  assert.equal(error.message, "CTRL_CMD_GETFAMILY failed: errno 200: No such thing");
});

Deno.test("NetlinkError's message ends with the note", () => {
  const failure = { request: "recvmmsg", errno: 11, extendedAck: "Words", note: "a note" };
  const error = new NetlinkError(failure);
  assert.equal(error.message, "recvmmsg failed: EAGAIN: no reply in time: Words: a note");
});

Deno.test("NetlinkError and DecodeError keep their cause", () => {
  const cause = new Error("below");
  assert.equal(new NetlinkError({ request: "send", errno: 4 }, { cause }).cause, cause);
  const error = new DecodeError("Cannot", { cause });
  assert.deepEqual([error.name, error.cause], ["DecodeError", cause]);
});
