/** The formats of the connection table. */
import assert from "node:assert/strict";
import { alignColumns } from "../../lib/output/align_columns.ts";
import { encodeConnsCsv } from "../../lib/output/conns_csv.ts";
import { encodeConnsTable } from "../../lib/output/conns_table.ts";
import type { Sink } from "../../lib/output/byte_writer.ts";
import type { ConnectionsReport, ServerRow } from "../../lib/query/connections_report.ts";

const ROW: ServerRow = {
  ...{ virtualServer: "tcp 192.0.2.1:80", realServer: "10.2.1.2:80", candidates: [] },
  ...{ protocol: "tcp", kind: "connection", state: "ESTABLISHED", origin: null },
  ...{ stale: false, reason: null, count: 3, longestExpiry: 899 },
};

function report(others: Partial<ConnectionsReport> = {}): ConnectionsReport {
  return {
    ...{ time: null, source: "copy", rowsRead: 3, cutBy: null, uncounted: 0 },
    ...{ total: { connections: 3, templates: 1 }, stale: null, servers: [ROW] },
    ...others,
  };
}

function textOf(encode: (sink: Sink) => void): string {
  let text = "";
  encode((bytes) => void (text += new TextDecoder().decode(bytes)));
  return text;
}

Deno.test("CSV has an empty field for null, and quotes what contains commas", () => {
  const state = 'A,"B"';
  const servers = [ROW, { ...ROW, stale: null, realServer: null, state, candidates: ["a", "b"] }];
  assert.equal(
    textOf((sink) => encodeConnsCsv(report({ servers }), sink)),
    "virtual_server,real_server,protocol,kind,state,origin,stale,reason,count,longest_expiry," +
      "candidates,cut\r\n" +
      "tcp 192.0.2.1:80,10.2.1.2:80,tcp,connection,ESTABLISHED,,false,,3,899,,\r\n" +
      'tcp 192.0.2.1:80,,tcp,connection,"A,""B""",,,,3,899,a; b,\r\n',
  );
});

Deno.test("the table says how many connections are not in the rows, to limit memory", () => {
  const table = textOf((sink) =>
    encodeConnsTable(report({ uncounted: 1 }), sink, { color: false })
  );
  assert.match(table, /^Incomplete: 1 connection not in the rows, to limit memory$/m);
  const csv = textOf((sink) => encodeConnsCsv(report({ uncounted: 2 }), sink));
  assert.match(csv, /,memory\r\n$/);
});

Deno.test("the table escapes what could control a terminal", () => {
  const text = textOf((sink) =>
    encodeConnsTable(report({ source: "a\x1b[2J" }), sink, { color: false })
  );
  assert.ok(!text.includes("\x1b"), text);
});

Deno.test("the table has colours only if it should", () => {
  const colored = textOf((sink) => encodeConnsTable(report(), sink, { color: true }));
  const plain = textOf((sink) => encodeConnsTable(report(), sink, { color: false }));
  // deno-lint-ignore no-control-regex
  assert.equal(colored.replaceAll(/\x1b\[\d+m/g, ""), plain);
  assert.notEqual(colored, plain);
});

Deno.test("alignColumns() aligns cells, and ignores the width of headings", () => {
  const rows = [["a long heading", "", ""], ["a", "1", "x"], ["bb", "22", ""]];
  assert.deepEqual(alignColumns(rows, new Set([1])), ["a long heading", "a    1  x", "bb  22"]);
});
