import assert from "node:assert/strict";
import { cString, type Libc, libc, retryInterrupted } from "../../ffi/libc.ts";
import { now } from "../../ffi/clock.ts";
import { hasProcNet, readProc } from "../../ffi/proc_file.ts";
import { nextDescriptor } from "./_descriptors.ts";

Deno.test("libc() opens the library once", () => {
  assert.equal(libc(), libc());
  assert.equal(libc().symbols, libc().symbols);
});

Deno.test("errno() is that of the previous call", () => {
  const { symbols, errno } = libc();
  const expected = [
    [() => symbols.open(cString("/no/such/file"), 0), 2], // ENOENT
    [() => symbols.close(-1), 9], // EBADF
    [() => symbols.open(cString("/proc/self/status/x"), 0), 20], // ENOTDIR
    [() => symbols.socket(-1, 3, 16), 97], // EAFNOSUPPORT
  ] as const;
  for (let i = 0; i < 1000; i++) {
    for (const [call, number] of expected) {
      const result = call();
      const found = errno();
      assert.equal(result, -1);
      assert.equal(found, number);
    }
  }
});

Deno.test("retryInterrupted() calls again while signals interrupt, and returns the errno of a failure", () => {
  const c = (errno: number) => ({ ...libc(), errno: () => errno }) as Libc;
  let calls = 0;
  assert.equal(retryInterrupted(c(4), () => ++calls < 5 ? -1n : 32768n), 32768);
  assert.equal(calls, 5);
  assert.equal(retryInterrupted(c(24), () => (calls++, -1)), -24);
  assert.equal(calls, 6);
});

Deno.test("cString() ends with a NUL", () => {
  assert.deepEqual([...cString("é")], [0xc3, 0xa9, 0]);
});

Deno.test("readProc() reads a whole file", () => {
  assert.match(readProc("dev")!, /^Inter-\|[^]*\n +lo:.*\n/);
  assert.ok(readProc("protocols")!.endsWith("\n"));
});

Deno.test("readProc() reads a setting of the network namespace", () => {
  assert.match(readProc("sys/net/ipv4/ip_forward")!, /^[01]\n$/);
  assert.equal(readProc("sys/net/ipv4/no_such_setting"), undefined);
});

Deno.test("readProc() returns undefined for a missing or unreadable file", () => {
  assert.equal(readProc("no_such_file"), undefined);
  assert.equal(readProc(""), undefined);
});

Deno.test("readProc() and hasProcNet() throw if it is unknown whether the file exists", () => {
  const long = "x".repeat(5000);
  for (const read of [readProc, hasProcNet]) {
    assert.throws(() => read(long), {
      name: "NetlinkError",
      message: /^reading \/proc\/thread-self\/net\/x+ failed: errno 36$/,
    });
  }
});

Deno.test("hasProcNet() returns whether the file exists", () => {
  assert.deepEqual([hasProcNet("dev"), hasProcNet("no_such_file")], [true, false]);
});

Deno.test("readProc() and hasProcNet() leave no descriptor open", () => {
  const before = nextDescriptor();
  readProc("dev");
  readProc("");
  hasProcNet("dev");
  assert.equal(nextDescriptor(), before);
});

Deno.test("now() is the time of Date, and advances", () => {
  const before = BigInt(Date.now());
  const time = now() / 1_000_000n;
  const after = BigInt(Date.now());
  assert.ok(time >= before - 1n && time <= after + 1n, `${before} ${time} ${after}`);
  assert.ok(now() !== now() || now() !== now());
});
