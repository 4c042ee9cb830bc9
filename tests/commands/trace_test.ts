import assert from "node:assert/strict";
import { Trace } from "../../lib/commands/trace.ts";
import { collect, readWhole, type Source } from "../../lib/ipvs/collect.ts";
import { NetlinkError } from "../../lib/netlink/errors.ts";
import { fakeKernel, GET_INFO, procStats } from "../_fake_kernel.ts";

const SERVICES = [1, 2, 3].map((fwmark) => ({ fwmark, destinations: [{ address: "10.0.0.1" }] }));

/** Lines without times, which differ from run to run. */
function timeless(lines: readonly string[]): string[] {
  return lines.map((line) => line.replaceAll(/\d+\.\d ms/g, "T").replaceAll(/\d+ bytes/g, "B"));
}

Deno.test("Trace logs consecutive requests of one kind as one line, and totals", () => {
  const lines: string[] = [];
  const trace = new Trace((line) => lines.push(line));
  const source = fakeKernel({ services: SERVICES, proc: { ip_vs_stats: procStats({}) } });
  const snapshot = collect(trace.attach(source));
  trace.finish();
  assert.equal(snapshot.virtualServers.length, 3);
  const logged = timeless(lines);
  assert.equal(logged[0], "CTRL_CMD_GETFAMILY: 1 request, 1 datagram, B, waited T");
  // A dump ends with a datagram of its own.
  assert.ok(logged.includes("IPVS_CMD_GET_DEST (dump): 3 requests, 6 datagrams, B, waited T"));
  assert.ok(logged.includes("/proc/net/ip_vs_status: not readable, T"));
  assert.ok(logged.some((line) => /^\/proc\/net\/ip_vs_stats: \d+ characters, T$/.test(line)));
  assert.match(logged.at(-1)!, /^total: \d+ requests, \d+ datagrams, B, waited T, T in all$/);
  const requests = logged.slice(0, -1).map((line) =>
    Number(/: (\d+) request/.exec(line)?.[1] ?? 0)
  );
  const total = Number(/(\d+) requests/.exec(logged.at(-1)!)![1]);
  assert.equal(requests.reduce((sum, count) => sum + count), total);
});

Deno.test("Trace logs when a reading starts again, and what was read before an error", () => {
  const lines: string[] = [];
  const trace = new Trace((line) => lines.push(line));
  let refusals = 0;
  const kernel = fakeKernel({
    services: SERVICES,
    // ENOBUFS: the kernel dropped a reply.
    onRequest: ({ command, type }) =>
      type !== 16 && command === GET_INFO && refusals++ === 0 ? { errno: 105 } : undefined,
  });
  const source: Source = { ...kernel, restart() {} };
  readWhole(trace.attach(source), () => collect(trace.attach(source)));
  trace.finish();
  const again = lines.indexOf("reading again: ip_vs was reloaded, or the kernel dropped a reply");
  assert.ok(again > 0, lines.join("\n"));
  assert.match(lines[again - 1]!, /^IPVS_CMD_GET_INFO: 1 request, /);
});

Deno.test("Trace passes errors on, and offers no restart that the source does not have", () => {
  const trace = new Trace(() => {});
  const source = trace.attach(fakeKernel({ onRequest: () => ({ errno: 1 }) }));
  assert.equal(source.restart, undefined);
  assert.throws(() => collect(source), NetlinkError);
});
