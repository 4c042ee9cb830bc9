/**
 * Queries that dashboards of telegraf's `inputs.ipvs` contain, on its form of a table and on ours,
 * both in the real InfluxDB: equal, except where telegraf stores a wrong value.
 */
import assert from "node:assert/strict";
import { collect } from "../../lib/ipvs/collect.ts";
import { encodeInflux } from "../../lib/output/influx.ts";
import { cannotFind } from "../_commands.ts";
import { DROUTE, fakeKernel, type FakeService, INET, INET6, TUNNEL, UDP } from "../_fake_kernel.ts";
import { textOf } from "../_output_parsers.ts";
import { INFLUXDB, type Series, withInfluxDb } from "./_influxdb.ts";
import { telegrafLines } from "./_telegraf_lines.ts";

const ignore = cannotFind(INFLUXDB);

/** The table is written three times, every ten seconds. */
const STEPS = [0, 1, 2];
const BEGIN = 1_763_773_320_000_000_000n;
const timeOf = (step: number) => BEGIN + BigInt(step) * 10_000_000_000n;
const RANGE = `time >= ${timeOf(0)} AND time <= ${timeOf(2)}`;

type Table = (step: number) => readonly FakeService[];

/** The answers to queries, for telegraf's form of a table and for ours. */
type Answers = Readonly<Record<"telegraf" | "ipvstat", readonly (readonly Series[])[]>>;

/** Writes a table in both forms into two databases and asks both. */
async function ask(table: Table, queries: readonly string[]): Promise<Answers> {
  const answers: Record<string, (readonly Series[])[]> = {};
  await withInfluxDb(async (createDatabase) => {
    for (const form of ["telegraf", "ipvstat"] as const) {
      const database = await createDatabase(form);
      for (const step of STEPS) {
        const services = table(step), time = timeOf(step);
        const snapshot = collect(fakeKernel({ services, time }));
        const ours = () => textOf((sink) => encodeInflux(snapshot, sink));
        await database.write(form === "telegraf" ? telegrafLines(services, time) : ours());
      }
      answers[form] = [];
      for (const query of queries) answers[form].push(await database.query(query));
    }
  });
  return answers as unknown as Answers;
}

/** Every row as its tags and values, without times. */
function rowsOf(answer: readonly Series[]): unknown[][] {
  return answer.flatMap(({ tags = {}, columns, values }) => {
    const timeAt = columns.indexOf("time");
    return values.map((row) => [...Object.values(tags), ...row.filter((_, i) => i !== timeAt)]);
  });
}

/** The counters, rates and connections of a server with this many connections per second. */
function load(rate: number, step: number) {
  const stats = {
    connections: 10 * rate * step,
    bytesOut: 10_000 * rate * step,
    cps: 10 * rate + step,
    ppsIn: 10 * rate,
  };
  return { stats, active: rate + step };
}

const TABLE: Table = (step) => [
  {
    address: "192.0.2.1",
    port: 80,
    sched: "wlc",
    ...load(3, step),
    destinations: [
      { address: "10.0.0.1", port: 80, ...load(1, step) },
      { address: "10.0.0.2", port: 80, ...load(2, step) },
    ],
  },
  {
    address: "192.0.2.1",
    port: 53,
    protocol: UDP,
    ...load(3, step),
    destinations: [{ address: "10.0.0.1", port: 53, ...load(3, step) }],
  },
  {
    address: "2001:db8::1",
    port: 443,
    ...load(4, step),
    destinations: [{ address: "fd00::1", port: 443, ...load(4, step) }],
  },
  {
    fwmark: 7,
    ...load(5, step),
    destinations: [{ address: "10.0.0.1", port: 80, method: DROUTE, ...load(5, step) }],
  },
];

/** Titles of panels, their queries, and the expected rows, which follow from the table. */
const PANELS: readonly (readonly [title: string, query: string, rows: unknown[][]])[] = [
  [
    "the sum of the real servers' connections by virtual address",
    `SELECT sum("connections") FROM (SELECT last("connections") AS "connections"
      FROM "ipvs_real_server" WHERE ${RANGE} GROUP BY *) GROUP BY "virtual_address"`,
    [["", 100], ["192.0.2.1", 120], ["2001:db8::1", 80]],
  ],
  [
    "bytes per second of each virtual server",
    `SELECT non_negative_derivative(last("bytes_out"), 1s) FROM "ipvs_virtual_server"
      WHERE ${RANGE} GROUP BY time(10s), "fwmark", "protocol", "address", "port"`,
    [
      ["", "192.0.2.1", "53", "udp", 3000],
      ["", "192.0.2.1", "80", "tcp", 3000],
      ["", "2001:db8::1", "443", "tcp", 4000],
      ["7", "", "", "", 5000],
    ].flatMap(([fwmark, address, port, protocol, rate]) => {
      const row = [address, fwmark, port, protocol, rate];
      return [row, row];
    }).sort(),
  ],
  [
    "active connections by real server",
    `SELECT mean("active_connections") FROM "ipvs_real_server"
      WHERE ${RANGE} GROUP BY "address", "port"`,
    [["10.0.0.1", "53", 4], ["10.0.0.1", "80", 4], ["10.0.0.2", "80", 3], ["fd00::1", "443", 5]],
  ],
  [
    "the three real servers with the most connections per second",
    `SELECT top("cps", "address", "port", 3) FROM "ipvs_real_server" WHERE ${RANGE}`,
    [[32, "10.0.0.1", "53"], [42, "fd00::1", "443"], [52, "10.0.0.1", "80"]],
  ],
  [
    "incoming packets per second by protocol and fwmark",
    `SELECT sum("pps_in") FROM "ipvs_virtual_server"
      WHERE time = ${timeOf(2)} GROUP BY "protocol", "fwmark"`,
    [["", "tcp", 70], ["", "udp", 30], ["7", "", 50]],
  ],
];

Deno.test({
  name: "five queries of dashboards have the same answers on telegraf's form and on ours",
  ignore,
  async fn() {
    const { telegraf, ipvstat } = await ask(TABLE, PANELS.map(([, query]) => query));
    assert.deepEqual(ipvstat, telegraf);
    PANELS.forEach(([title, , rows], i) => {
      assert.deepEqual(rowsOf(ipvstat[i]!).sort(), rows.toSorted(), title);
    });
  },
});

/** A query whose answers differ, with the table and the rows in both forms. */
interface Difference {
  readonly name: string;
  readonly table: Table;
  readonly query: string;
  readonly telegraf: unknown[][];
  readonly ipvstat: unknown[][];
}

const DIFFERENCES: readonly Difference[] = [
  {
    name: "telegraf truncates connections to 32 bits",
    table: (step) => [{ fwmark: 1, stats: { connections: 2 ** 32 - 1 + step } }],
    query: `SELECT "connections" FROM "ipvs_virtual_server"`,
    telegraf: [[4294967295], [0], [1]],
    ipvstat: [[4294967295], [4294967296], [4294967297]],
  },
  {
    name: "telegraf has no rate for the interval in which a counter exceeds 32 bits",
    table: (step) => [{ fwmark: 1, stats: { pktsIn: 2 ** 32 - 100 + 60 * step } }],
    query: `SELECT non_negative_derivative("pkts_in", 1s) FROM "ipvs_virtual_server"`,
    telegraf: [[6]],
    ipvstat: [[6], [6]],
  },
  {
    name: "telegraf counts the bits of an IPv6 prefix length, which is 1 for 64 and 128",
    table: (step) => [
      { address: "2001:db8::1", ...load(1, step) },
      { address: "2001:db8::2", netmask: 64, ...load(2, step) },
    ],
    query: `SELECT last("cps") FROM "ipvs_virtual_server" GROUP BY "netmask", "address"`,
    telegraf: [["2001:db8::1", "1", 12], ["2001:db8::2", "1", 22]],
    ipvstat: [["2001:db8::1", "128", 12], ["2001:db8::2", "64", 22]],
  },
  {
    name: "telegraf stores one of two real servers that the same fwmark has in IPv4 and IPv6",
    table: (step) =>
      [INET, INET6].map((family, i) => ({
        fwmark: 7,
        family,
        destinations: [{ address: "10.0.0.1", port: 80, method: TUNNEL, ...load(i + 1, step) }],
      })),
    query: `SELECT sum("connections") FROM (SELECT last("connections") AS "connections"
      FROM "ipvs_real_server" GROUP BY *) GROUP BY "virtual_fwmark"`,
    telegraf: [["7", 40]],
    ipvstat: [["7", 60]],
  },
  {
    name: "telegraf writes an IPv4-mapped IPv6 address as IPv4",
    table: (step) => [{ address: "::ffff:192.0.2.1", port: 80, ...load(1, step) }],
    query: `SELECT last("cps") FROM "ipvs_virtual_server" GROUP BY "address", "address_family"`,
    telegraf: [["192.0.2.1", "inet6", 12]],
    ipvstat: [["::ffff:192.0.2.1", "inet6", 12]],
  },
];

for (const { name, table, query, ...expected } of DIFFERENCES) {
  Deno.test({
    name: `answers differ: ${name}`,
    ignore,
    async fn() {
      const { telegraf, ipvstat } = await ask(table, [query]);
      const found = { telegraf: rowsOf(telegraf[0]!), ipvstat: rowsOf(ipvstat[0]!) };
      assert.deepEqual(found, expected);
    },
  });
}
