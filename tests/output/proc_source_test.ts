import assert from "node:assert/strict";
import { Ajv2020, type AnySchema } from "npm:ajv@8.17.1/dist/2020.js";
import { collectProc } from "../../lib/ipvs/collect_proc.ts";
import type { Snapshot } from "../../lib/ipvs/snapshot.ts";
import { UnknownValueError } from "../../lib/ipvs/unknown_value.ts";
import { encodeCsv } from "../../lib/output/csv.ts";
import { encodeInflux } from "../../lib/output/influx.ts";
import { encodeIpvsadm } from "../../lib/output/ipvsadm.ts";
import { encodeJson } from "../../lib/output/json.ts";
import { jsonSchema } from "../../lib/output/json_schema.ts";
import { encodeNdjson } from "../../lib/output/ndjson.ts";
import { encodePrometheus } from "../../lib/output/prometheus.ts";
import { parseSortKey, sortServers } from "../../lib/query/sort.ts";
import { procStats } from "../_fake_kernel.ts";
import { parseLineProtocol, parsePrometheus, textOf } from "../_output_parsers.ts";
import { only, table } from "./_table.ts";

const TABLE = "IP Virtual Server version 1.2.1 (size=4096)\n" +
  "Prot LocalAddress:Port Scheduler Flags\n" +
  "  -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n" +
  "FWM  00000008 rr \n" +
  "  -> 0A010001:0000      Tunnel  7      0          0         \n" +
  "TCP  C0000201:0050 wlc persistent 30000 FFFFFFFF\n" +
  "  -> 0A010001:0050      Masq    0      5          6         \n" +
  "  -> 0A010002:0050      Masq    3      8          9         \n";

function read(): Snapshot {
  const files: Record<string, string> = {
    ip_vs: TABLE,
    ip_vs_stats: procStats({ connections: 42 }),
  };
  return collectProc({ now: () => 0n, readProc: (name) => files[name] });
}

/** Names of values that the file does not have, in any format. */
const UNKNOWN = /connections":|bytes|pkts|packets|threshold|tunnel_|cps|share|flags|idle/;

Deno.test("JSON says where it is from, has what is known, and is valid", () => {
  const document = JSON.parse(textOf((sink) => encodeJson(read(), sink)));
  const validate = new Ajv2020({ strict: true, allErrors: true }).compile(
    jsonSchema() as AnySchema,
  );
  assert.ok(validate(document), JSON.stringify(validate.errors, null, 2));
  assert.equal(document.source, "proc");
  assert.equal(document.totals.connections, 42);
  assert.deepEqual(document.virtual_servers, [
    {
      ...{ address_family: "inet", protocol: "tcp", address: "192.0.2.1", port: 80, sched: "wlc" },
      ...{ netmask: 32, one_packet: false, persistent: true },
      real_servers: [
        {
          ...{ address_family: "inet", address: "10.1.0.1", port: 80, forwarding_method: "masq" },
          ...{ state: "draining", weight: 0, active_connections: 5, inactive_connections: 6 },
        },
        {
          ...{ address_family: "inet", address: "10.1.0.2", port: 80, forwarding_method: "masq" },
          ...{ weight: 3, active_connections: 8, inactive_connections: 9 },
        },
      ],
    },
    {
      ...{ address_family: null, fwmark: 8, sched: "rr", one_packet: false, persistent: false },
      real_servers: [{
        ...{ address_family: "inet", address: "10.1.0.1", port: 0, forwarding_method: "tunnel" },
        ...{ weight: 7, active_connections: 0, inactive_connections: 0 },
      }],
    },
  ]);
});

Deno.test("ndjson has the same members on lines of their own", () => {
  const [head, ...lines] = textOf((sink) => encodeNdjson(read(), sink)).trimEnd().split("\n");
  assert.equal(JSON.parse(head!).source, "proc");
  assert.equal(lines.length, 5);
  for (const line of lines) {
    JSON.parse(line);
    assert.doesNotMatch(line.replace(/(in)?active_connections":/g, ""), UNKNOWN);
  }
});

Deno.test("CSV has a column for the source, and empty cells for what is not known", () => {
  const columns = [
    "source",
    "virtual_port",
    "address",
    "weight",
    "active_connections",
    "cps",
    "share",
  ];
  assert.equal(
    textOf((sink) => encodeCsv(read(), sink, { columns })),
    [
      columns.join(","),
      ...["proc,80,,,,,", "proc,80,10.1.0.1,0,5,,", "proc,80,10.1.0.2,3,8,,"],
      ...["proc,,,,,,", "proc,,10.1.0.1,7,0,,", ""],
    ].join("\r\n"),
  );
});

Deno.test("line protocol has a comment, and no line for a virtual server, which has no field", () => {
  const text = textOf((sink) => encodeInflux(read(), sink, { extended: true }));
  assert.match(text, /^# source: \/proc\/net\/ip_vs, without counters\n/);
  const lines = parseLineProtocol(text).filter(({ measurement }) => measurement !== "ipvs");
  assert.deepEqual(lines.map(({ measurement }) => measurement), Array(3).fill("ipvs_real_server"));
  assert.deepEqual(
    lines.map(({ fields }) => fields.get("weight")),
    ["0", "3", "7"],
  );
});

Deno.test("Prometheus has an info metric for the source, and only metrics that are known", () => {
  for (const aggregate of [undefined, "virtual"] as const) {
    const families = parsePrometheus(
      textOf((sink) => encodePrometheus(read(), sink, { aggregate })),
    );
    const names = families.map(({ name }) => name);
    assert.ok(names.includes("ipvs_source_info"));
    const servers = names.filter((name) => /^ipvs_(virtual|real)_server_/.test(name));
    assert.deepEqual(
      servers,
      aggregate === undefined
        ? [
          "ipvs_virtual_server_info",
          "ipvs_real_server_weight",
          "ipvs_real_server_active_connections",
          "ipvs_real_server_inactive_connections",
          "ipvs_real_server_info",
        ]
        : [
          "ipvs_virtual_server_info",
          "ipvs_virtual_server_active_connections",
          "ipvs_virtual_server_inactive_connections",
        ],
    );
  }
});

Deno.test("the table says what it lacks, and has the columns that are known", () => {
  const lines = table(read(), { width: 80 }).split("\n");
  assert.ok(
    lines.includes("from /proc/net/ip_vs, which has no counters, rates, thresholds and tunnels"),
  );
  assert.match(lines.join("\n"), /\n +weight active inact\n/);
  assert.match(only(lines, "tcp 192.0.2.1:80"), /^tcp 192\.0\.2\.1:80 +wlc, persist +13 +15$/);
  assert.match(only(lines, "  10.1.0.1:80"), /masq, draining +0 +5 +6$/);
  assert.match(only(lines, "fwmark 8"), /^fwmark 8 +rr +0 +0$/);
  const rollup = table(read(), { width: 80, rollup: true }).split("\n");
  assert.match(only(rollup, "fwmark 8"), /real servers: 1 +7 +0 +0$/);
});

Deno.test("rules for ipvsadm are refused, as thresholds and flags are not known", () => {
  assert.throws(() => encodeIpvsadm(read(), () => assert.fail()), UnknownValueError);
});

Deno.test("servers are sorted by what is known; otherwise they keep their order", () => {
  const keys = (key: string) =>
    sortServers(read(), parseSortKey(key)).virtualServers.map(({ key }) => key);
  assert.deepEqual(keys("active_connections"), ["fwmark 8", "tcp 192.0.2.1:80"]);
  assert.deepEqual(keys("connections:desc"), ["tcp 192.0.2.1:80", "fwmark 8"]);
});
