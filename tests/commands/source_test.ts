import assert from "node:assert/strict";
import { parseArguments } from "../../lib/commands/parse.ts";
import { collectorOf } from "../../lib/commands/source.ts";
import { UsageError } from "../../lib/commands/usage_error.ts";
import { fakeKernel } from "../_fake_kernel.ts";

const EPERM = 1;
const FILE = "IP Virtual Server version 1.2.1 (size=4096)\n" +
  "Prot LocalAddress:Port Scheduler Flags\n" +
  "  -> RemoteAddress:Port Forward Weight ActiveConn InActConn\nFWM  00000001 rr \n";

function collector(...words: string[]) {
  return collectorOf(parseArguments(words));
}

function kernel(errno?: number) {
  return fakeKernel({
    proc: { ip_vs: FILE },
    services: [{ fwmark: 2 }],
    onRequest: () => errno === undefined ? undefined : { errno },
  });
}

Deno.test("--source proc sends no request", () => {
  const source = kernel();
  const { virtualServers } = collector("--source", "proc")!(source);
  assert.deepEqual(virtualServers.map(({ fwmark }) => fwmark), [1]);
  assert.equal(source.requests.length, 0);
});

Deno.test("--source auto reads netlink if that is permitted, else /proc, and asks only once", () => {
  const permitted = collector("--source", "auto")!(kernel());
  assert.deepEqual([permitted.source, permitted.virtualServers.at(0)?.fwmark], [undefined, 2]);
  const collect = collector("--source", "auto")!, refusing = kernel(EPERM);
  assert.equal(collect(refusing).source, "proc");
  const { length } = refusing.requests;
  assert.equal(collect(refusing).source, "proc");
  assert.equal(refusing.requests.length, length);
});

Deno.test("--source auto does not hide other errors", () => {
  assert.throws(() => collector("--source", "auto")!(kernel(22)), /EINVAL|invalid argument/i);
});

Deno.test("netlink is the default, and a recording has its own source", () => {
  assert.equal(collector(), undefined);
  assert.equal(collector("--source", "netlink", "--demo"), undefined);
  for (const name of ["proc", "auto"]) {
    assert.throws(() => collector("--source", name, "--demo"), UsageError);
    assert.throws(() => collector("stream", "--source", name, "--replay", "x"), UsageError);
  }
});
