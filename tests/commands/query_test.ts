import assert from "node:assert/strict";
import { collect } from "../../lib/ipvs/collect.ts";
import { parseArguments } from "../../lib/commands/parse.ts";
import { parseQuery } from "../../lib/commands/query.ts";
import { UsageError } from "../../lib/commands/usage_error.ts";
import { fakeKernel } from "../_fake_kernel.ts";

function query(...words: string[]) {
  return parseQuery(parseArguments(words));
}

const SERVICES = [80, 81, 82].map((port) => ({
  address: "10.0.0.1",
  port,
  stats: { connections: port },
}));

function ports(...words: string[]): number[] {
  const snapshot = collect(fakeKernel({ services: SERVICES }));
  return query(...words).apply(snapshot).virtualServers.map(({ port }) => port!);
}

Deno.test("a query selects, then sorts, then takes the first", () => {
  assert.deepEqual(ports("--sort", "connections:desc", "--top", "2"), [82, 81]);
  assert.deepEqual(ports("--service", ":80", "--service", ":81", "--sort", "port:desc"), [81, 80]);
  assert.deepEqual(ports("--service", ":80", "--top", "2"), [80]);
});

Deno.test("a query asks the kernel for exact virtual servers, and a recording for everything", () => {
  const exact = query("--service", "tcp://10.0.0.1:80");
  const recorded = fakeKernel();
  const live = { ...recorded, restart() {} };
  assert.equal(exact.identities(live)?.length, 1);
  assert.equal(exact.identities(recorded), undefined);
  assert.equal(query("--service", ":80").identities(live), undefined);
});

Deno.test("a query that cannot be parsed is wrong usage", () => {
  for (const words of [["--service", "web"], ["--fwmark", "x"], ["--real", "x"], ["--sort", "x"]]) {
    assert.throws(() => query(...words), UsageError, words.join(" "));
  }
});
