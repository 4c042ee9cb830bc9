import assert from "node:assert/strict";
import { collect } from "../../lib/ipvs/collect.ts";
import { parseArguments } from "../../lib/commands/parse.ts";
import { parseQuery } from "../../lib/commands/query.ts";
import { SelectionError } from "../../lib/query/selection_error.ts";
import { fakeKernel } from "../_fake_kernel.ts";

function query(...words: string[]) {
  return parseQuery(parseArguments(words));
}

const SERVICES = [80, 81, 82].map((port) => ({
  address: "10.0.0.1",
  port,
  stats: { connections: port },
}));

async function ports(...words: string[]): Promise<number[]> {
  const snapshot = collect(fakeKernel({ services: SERVICES }));
  return (await query(...words)).apply(snapshot).virtualServers.map(({ port }) => port!);
}

Deno.test("a query selects, then sorts, then takes the first", async () => {
  assert.deepEqual(await ports("--sort", "connections:desc", "--top", "2"), [82, 81]);
  assert.deepEqual(await ports("--service", ":80", "--service", ":81", "--sort", "port:desc"), [
    81,
    80,
  ]);
  assert.deepEqual(await ports("--service", ":80", "--top", "2"), [80]);
});

Deno.test("a query asks the kernel for exact virtual servers, and a recording for everything", async () => {
  const exact = await query("--service", "tcp://10.0.0.1:80");
  const recorded = fakeKernel();
  const live = { ...recorded, restart() {} };
  assert.equal(exact.identities(live)?.length, 1);
  assert.equal(exact.identities(recorded), undefined);
  assert.equal((await query("--service", ":80")).identities(live), undefined);
});

Deno.test("a query that cannot be parsed is an error", async () => {
  for (const words of [["--service", "web"], ["--fwmark", "x"], ["--real", "x"], ["--sort", "x"]]) {
    await assert.rejects(() => query(...words), SelectionError, words.join(" "));
  }
});
