import assert from "node:assert/strict";
import { join } from "node:path";
import { conns, type ConnsOptions, type ConnsSources } from "../../lib/commands/conns.ts";
import { openConnectionFile } from "../../lib/commands/connection_input.ts";
import { Progress } from "../../lib/commands/progress.ts";
import { parseGrouping } from "../../lib/commands/start_conns.ts";
import { UsageError } from "../../lib/commands/usage_error.ts";
import { collect } from "../../lib/ipvs/collect.ts";
import { Selection } from "../../lib/query/selection.ts";
import { withTempDir } from "../_commands.ts";
import { chunksOf, type Entry, entry, fileOf, inet } from "../_connections.ts";
import { fakeKernel, type FakeService } from "../_fake_kernel.ts";

const REAL = { address: "10.2.1.2", port: 8080, weight: 1 };
const SERVICE: FakeService = { address: "192.0.2.1", port: 80, destinations: [REAL] };

/** Options as those of the command line, with others in addition. */
function optionsOf(options: Partial<ConnsOptions> = {}): ConnsOptions {
  return {
    ...{ format: "json", grouping: { by: "server" }, onlyStale: false, color: false },
    ...options,
  };
}

/** A file that arrives in chunks, and further sources. */
function sourcesOf(
  text: string,
  others: Partial<ConnsSources> = {},
  borders: readonly number[] = [],
): ConnsSources {
  const chunks = chunksOf(text, borders).filter(({ length }) => length > 0);
  const connections = {
    name: "copy",
    read(buffer: Uint8Array) {
      const chunk = chunks.shift();
      buffer.set(chunk ?? []);
      return chunk?.length ?? 0;
    },
    [Symbol.dispose]() {},
  };
  return { connections, isLive: false, elapsed: () => 0, ...others };
}

/** Sources with the tables of servers that are read one after another. */
function withTables(entries: readonly Entry[], tables: readonly FakeService[][], isLive: boolean) {
  const left = [...tables];
  const readTable = () => collect(fakeKernel({ services: left.shift()! }));
  return { sources: sourcesOf(fileOf(entries), { readTable, isLive }), left };
}

async function textOf(sources: ConnsSources, options?: Partial<ConnsOptions>): Promise<string> {
  let text = "";
  const sink = (bytes: Uint8Array) => void (text += new TextDecoder().decode(bytes));
  await conns(sources, sink, optionsOf(options));
  return text;
}

async function jsonOf(sources: ConnsSources, options?: Partial<ConnsOptions>) {
  return JSON.parse(await textOf(sources, options));
}

Deno.test("conns without a table of servers reports null for what is stale", async () => {
  const report = await jsonOf(sourcesOf(fileOf([entry(), entry({ expires: 5 })])));
  assert.deepEqual([report.time, report.stale, report.connections], [null, null, 2]);
  assert.deepEqual(report.servers, [{
    ...{ virtual_server: "tcp 192.0.2.1:80", real_server: "10.2.1.2:8080", protocol: "tcp" },
    ...{ kind: "connection", state: "ESTABLISHED", origin: "LOCAL", stale: null, reason: null },
    ...{ count: 2, longest_expiry: 899, candidates: [] },
  }]);
});

Deno.test("conns reports no origin for ip_vs_conn", async () => {
  const report = await jsonOf(sourcesOf(fileOf([entry()], false)));
  assert.equal(report.servers[0].origin, null);
});

Deno.test("conns reads the kernel's table again if connections seem stale", async () => {
  // A real server that was added while the connections were read.
  const { sources, left } = withTables([entry()], [[], [SERVICE]], true);
  assert.equal((await jsonOf(sources)).servers[0].stale, false);
  assert.equal(left.length, 0);
});

Deno.test("conns reads a table once that no connection contradicts, and each recorded one", async () => {
  for (const [first, isLive] of [[[SERVICE], true], [[], false]] as const) {
    const { sources, left } = withTables([entry()], [[...first], []], isLive);
    assert.equal((await jsonOf(sources)).servers[0].stale, first.length === 0);
    assert.equal(left.length, 1);
  }
});

Deno.test("conns --stale keeps stale connections only, also by client", async () => {
  const stale = { real: inet("10.2.9.9"), client: inet("10.9.9.9") };
  const entries = [entry(), entry(stale), entry({ ...stale, state: "FIN_WAIT", expires: 7 })];
  const servers = await jsonOf(withTables(entries, [[SERVICE]], false).sources, {
    onlyStale: true,
  });
  assert.deepEqual(servers.stale.rows.map((row: { count: number }) => row.count), [1, 1]);
  assert.deepEqual([servers.connections, servers.servers.length], [2, 2]);
  const clients = await jsonOf(withTables(entries, [[SERVICE]], false).sources, {
    onlyStale: true,
    grouping: parseGrouping("client/8"),
  });
  assert.deepEqual(clients.clients, [
    { network: "10.0.0.0/8", address_family: "inet", connections: 2, templates: 0 },
  ]);
});

Deno.test("conns selects by the addresses of connections", async () => {
  const entries = [entry(), entry({ port: 443 }), entry({ protocol: "UDP", port: 443 })];
  const selection = new Selection({ services: [":443"], protocols: ["udp"] });
  const report = await jsonOf(sourcesOf(fileOf(entries)), { selection });
  assert.deepEqual(report.servers.map((row: { virtual_server: string }) => row.virtual_server), [
    "udp 192.0.2.1:443",
  ]);
  assert.equal(report.rows_read, 3);
});

const MARKED: Readonly<Record<ConnsOptions["format"], (cut: string) => RegExp>> = {
  json: (cut) => new RegExp(`"cut":"${cut}"`),
  csv: (cut) => new RegExp(`,cut\r\n(.*,${cut}\r\n)+$`),
  table: (cut) => new RegExp(`Incomplete: stopped by --${cut} after 2 entries\n`),
};

for (const format of ["json", "csv", "table"] as const) {
  Deno.test(`conns -o ${format} says what cut it`, async () => {
    const text = fileOf([entry(), entry(), entry()]);
    const line = text.length - text.lastIndexOf("TCP");
    const rows = await textOf(sourcesOf(text), { format, maxRows: 2 });
    assert.match(rows, MARKED[format]("max-rows"));
    // The clock moves with each read of it, and not by itself.
    let reads = 0;
    const sources = sourcesOf(text, { elapsed: () => 1000 * ++reads }, [
      text.length - 2 * line,
      text.length - line,
    ]);
    const time = await textOf(sources, { format, maxTime: 2 });
    assert.match(time, MARKED[format]("max-time"));
    const whole = await textOf(sourcesOf(text), { format, maxRows: 3, maxTime: 2 });
    assert.doesNotMatch(whole, MARKED[format]("max-(rows|time)"));
  });
}

Deno.test("conns writes nothing if a line is malformed, and names the file", async () => {
  const text = `${fileOf([entry()])}nonsense\n`;
  const write = () => assert.fail("it has written something");
  await assert.rejects(
    conns(sourcesOf(text), write, optionsOf()),
    (error: Error) => /^Cannot read copy: line 3 is not a connection/.test(error.message),
  );
});

Deno.test("conns --top keeps the rows with the most connections", async () => {
  const entries = [entry(), entry({ port: 81 }), entry({ port: 81 }), entry({ port: 82 })];
  const report = await jsonOf(sourcesOf(fileOf(entries)), { top: 1 });
  assert.deepEqual(report.servers.map((row: { count: number }) => row.count), [2]);
  const clients = await jsonOf(
    sourcesOf(fileOf([entry(), entry({ client: inet("10.1.0.9") }), entry()])),
    { top: 1, grouping: parseGrouping("client") },
  );
  assert.deepEqual([clients.client_networks, clients.clients.length], [2, 1]);
  assert.equal(clients.clients[0].network, "10.1.0.2");
});

Deno.test("--by takes prefix lengths of both families", () => {
  const prefixes = { "client": [32, 128], "client/24": [24, 64], "client/0,128": [0, 128] };
  for (const [text, [inet, inet6]] of Object.entries(prefixes)) {
    assert.deepEqual(parseGrouping(text), { by: "client", prefixes: { inet, inet6 } });
  }
  for (const text of ["", "clients", "client/33", "client/24,129", "client/", "server/24"]) {
    assert.throws(() => parseGrouping(text), UsageError, text);
  }
});

Deno.test("Progress shows the number of entries twice a second, and removes it", () => {
  let now = 0, shown = "";
  {
    using progress = new Progress((text) => void (shown += text), () => now);
    for (now = 0; now < 1100; now += 100) progress.show(now);
  }
  assert.equal(shown, "\r\x1b[K500 connections read\r\x1b[K1000 connections read\r\x1b[K");
});

Deno.test("openConnectionFile() names the file that it cannot read", async () => {
  await withTempDir((dir) => {
    const missing = join(dir, "missing");
    assert.throws(() => openConnectionFile(missing), {
      message: `Cannot read ${missing}: no such file`,
    });
    assert.throws(() => openConnectionFile(dir), {
      message: `Cannot read ${dir}: it is a directory`,
    });
    const file = join(dir, "copy");
    Deno.writeTextFileSync(file, "12345");
    using input = openConnectionFile(file);
    const buffer = new Uint8Array(4);
    assert.deepEqual([input.read(buffer), input.read(buffer), input.read(buffer)], [4, 1, 0]);
    return Promise.resolve();
  });
});
