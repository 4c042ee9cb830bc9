import assert from "node:assert/strict";
import { collect } from "../../lib/ipvs/collect.ts";
import { withRates } from "../../lib/ipvs/rates.ts";
import type { Snapshot } from "../../lib/ipvs/snapshot.ts";
import { type CsvOptions, encodeCsv } from "../../lib/output/csv.ts";
import { encodeNdjson } from "../../lib/output/ndjson.ts";
import { SelectionError } from "../../lib/query/selection_error.ts";
import { fakeKernel, INET6 } from "../_fake_kernel.ts";
import { hardKernel } from "../_hard_cases.ts";
import { textOf } from "../_output_parsers.ts";

type Row = Record<string, string>;

/** Parses RFC 4180 strictly: CRLF after each row, as many cells as the heading has. */
function parseCsv(text: string): Row[] {
  assert.match(text, /\r\n$/);
  const cells = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/gy;
  const rows: string[][] = [[]];
  for (let end = 0; end < text.length; end = cells.lastIndex) {
    const [, quoted, plain, separator] = cells.exec(text) ?? assert.fail(text.slice(end, end + 80));
    rows.at(-1)!.push(quoted?.replaceAll('""', '"') ?? plain!);
    if (separator === "\r\n") rows.push([]);
  }
  const [head = [], ...others] = rows.slice(0, -1);
  for (const row of others) assert.equal(row.length, head.length);
  return others.map((row) => Object.fromEntries(head.map((name, i) => [name, row[i]!])));
}

function csv(snapshot: Snapshot, options?: CsvOptions): Row[] {
  return parseCsv(textOf((sink) => encodeCsv(snapshot, sink, options)));
}

/** The members of ndjson's lines with exact digits, as a cell has them. */
function ndjsonRows(snapshot: Snapshot): Row[] {
  const text = textOf((sink) => encodeNdjson(snapshot, sink));
  return text.trimEnd().split("\n").slice(1).map((line) => {
    const exact = line.replace(/:(\d+)(?=[,}])/g, ':"$1"');
    const { time_ns: _, ...members } = JSON.parse(exact) as Record<string, unknown>;
    return Object.fromEntries(
      Object.entries(members).map(([name, value]) => [
        members.type === "virtual_server" && OWNED.has(name) ? `virtual_${name}` : name,
        Array.isArray(value) ? value.join(" ") : value === null ? "" : String(value),
      ]),
    );
  });
}

const OWNED = new Set(["address_family", "fwmark", "protocol", "address", "port"]);

Deno.test("every member of ndjson is a cell, and every other cell is empty", () => {
  const snapshot = collect(hardKernel());
  const rows = csv(snapshot), expected = ndjsonRows(snapshot);
  assert.ok(expected.length > 50);
  const filled = rows.map((row) =>
    Object.fromEntries(Object.entries(row).filter(([, cell]) => cell !== ""))
  );
  const present = expected.map((row) =>
    Object.fromEntries(Object.entries(row).filter(([, cell]) => cell !== ""))
  );
  assert.deepEqual(filled, present);
});

Deno.test("measured rates are columns, which are empty for a server that is new", () => {
  const source = fakeKernel({ services: [{ fwmark: 1, stats: { connections: 5 } }] });
  const before = collect(source);
  source.kernel.services = [{ fwmark: 1, stats: { connections: 9 } }, { fwmark: 2 }];
  source.kernel.time += 2_000_000_000n;
  const rows = csv(withRates(collect(source), before));
  assert.deepEqual(rows.map((row) => row["measured_cps"]), ["2", ""]);
});

Deno.test("cells with commas, quotes and line ends are quoted", () => {
  const sched = 'a,"b"\r\n';
  const [row] = csv(collect(fakeKernel({ services: [{ fwmark: 1, sched }] })));
  assert.equal(row!["sched"], sched);
});

Deno.test("an empty table has its heading", () => {
  const text = textOf((sink) => encodeCsv(collect(fakeKernel()), sink));
  assert.match(text, /^time,type,virtual_address_family,[^\r]*\r\n$/);
});

Deno.test("columns are chosen by name, in the order of the names", () => {
  const snapshot = collect(fakeKernel({
    services: [{ fwmark: 3, family: INET6, destinations: [{ address: "10.0.0.1", weight: 7 }] }],
  }));
  const columns = ["weight", "virtual_fwmark", "address"];
  assert.equal(
    textOf((sink) => encodeCsv(snapshot, sink, { columns })),
    "weight,virtual_fwmark,address\r\n,3,\r\n7,3,10.0.0.1\r\n",
  );
  for (const name of ["fwmark", "", "wieght"]) {
    assert.throws(
      () => csv(snapshot, { columns: [name] }),
      (error) =>
        error instanceof SelectionError &&
        error.message.startsWith(`Unknown column "${name}"; use`),
    );
  }
});

Deno.test("a rollup has a row for each virtual server, with counts and sums of its real servers", () => {
  const destinations = [
    { address: "10.0.0.1", weight: 2 ** 31 - 1, active: 4_000_000_000, inactive: 1 },
    { address: "10.0.0.2", weight: 2 ** 31 - 1, active: 4_000_000_000, persistent: 2 },
    { address: "10.0.0.3", weight: 0, active: 1 },
    { address: "10.0.0.4", weight: 0 },
  ];
  const snapshot = collect(fakeKernel({ services: [{ fwmark: 1, destinations }, { fwmark: 2 }] }));
  const rows = csv(snapshot, { rollup: true });
  const expected = {
    ...{ virtual_fwmark: "1", state: "degraded", real_servers: "4", weight_sum: "4294967294" },
    ...{ real_servers_draining: "1", real_servers_drained: "1" },
    ...{ active_connections_sum: "8000000001", inactive_connections_sum: "1" },
    persistent_connections_sum: "2",
  };
  const found = Object.fromEntries(Object.keys(expected).map((name) => [name, rows[0]![name]]));
  assert.deepEqual(found, expected);
  assert.deepEqual([rows.length, rows[1]!["real_servers"], rows[1]!["weight_sum"]], [2, "0", "0"]);
  assert.ok(!("type" in rows[0]!) && !("weight" in rows[0]!) && !("address" in rows[0]!));
});
