/** What the real InfluxDB stores of line protocol, compared with the tables that were printed. */
import assert from "node:assert/strict";
import { openReplay } from "../../lib/commands/replay.ts";
import { collect } from "../../lib/ipvs/collect.ts";
import type { Snapshot } from "../../lib/ipvs/snapshot.ts";
import { encodeInflux } from "../../lib/output/influx.ts";
import { cannotFind, outputOf, withTempDir } from "../_commands.ts";
import { fakeKernel, type FakeService } from "../_fake_kernel.ts";
import { HARD_CPUS, HARD_SERVICES, HARD_TOTALS, hardKernel } from "../_hard_cases.ts";
import { textOf } from "../_output_parsers.ts";
import { read } from "../_pages.ts";
import { addOnce, assertListings, type Table } from "../kernel/_compare.ts";
import type { Files } from "../kernel/_files.ts";
import { serverKey, serviceKey } from "../kernel/_ipvs_attributes.ts";
import type { Fields } from "../kernel/_ipvsadm.ts";
import { cpuLines, realLines, totalLine, virtualLines } from "../output/_expected_influx.ts";
import { commandFor } from "./_telegraf.ts";
import { INFLUXDB, type Point, withInfluxDb } from "./_influxdb.ts";

const ignore = cannotFind(INFLUXDB);
const TESTDATA = new URL("../../testdata/", import.meta.url).pathname;

function influx(snapshot: Snapshot, extended: boolean): string {
  return textOf((sink) => encodeInflux(snapshot, sink, { extended }));
}

/** Sorts points by measurement, tags and time, and the tags and fields of each by name. */
function sorted(points: readonly Point[]): string[] {
  const text = (values: Point["tags"]) => JSON.stringify(Object.entries(values).sort());
  return points.map(({ measurement, tags, fields, time }) =>
    `${measurement} ${text(tags)} ${time} ${text(fields)}`
  ).sort();
}

for (const extended of [false, true]) {
  const form = extended ? "-o influx --extended" : "-o influx";

  Deno.test({
    name: `InfluxDB stores every tag, field and nanosecond of the hard cases in ${form}`,
    ignore,
    fn: () =>
      withInfluxDb(async (createDatabase) => {
        const database = await createDatabase("hard");
        const { time } = hardKernel().kernel;
        const times = [time, time + 1n];
        for (const time of times) {
          await database.write(influx(collect(hardKernel({ time })), extended));
        }
        const lines = [
          ...virtualLines(HARD_SERVICES, extended),
          ...realLines(HARD_SERVICES, extended),
          totalLine(HARD_TOTALS),
          ...(extended ? cpuLines(HARD_CPUS) : []),
        ];
        const points = times.flatMap((time) => lines.map((line) => ({ ...line, time: `${time}` })));
        assert.deepEqual(sorted(await database.points()), sorted(points));
      }),
  });
}

Deno.test({
  name: "InfluxDB stores every number as an integer, and only states as texts",
  ignore,
  fn: () =>
    withInfluxDb(async (createDatabase) => {
      const database = await createDatabase("types");
      await database.write(influx(collect(hardKernel()), true));
      const measurements = await database.query("SHOW FIELD KEYS");
      assert.equal(measurements.length, 4);
      for (const { columns, values } of measurements) {
        assert.deepEqual(columns, ["fieldKey", "fieldType"]);
        for (const [name, type] of values) {
          assert.equal(type, name === "state" ? "string" : "integer", `${name}`);
        }
      }
    }),
});

/** Every name of one to three of these characters. */
function namesOf(characters: readonly string[]): string[] {
  const longer = (names: string[]) =>
    names.flatMap((name) => characters.map((character) => name + character));
  const one = longer([""]), two = longer(one);
  return [...one, ...two, ...longer(two)];
}

Deno.test({
  name:
    "InfluxDB stores names as they are; a tab, and backslashes at the end, become an underscore",
  ignore,
  fn: () =>
    withInfluxDb(async (createDatabase) => {
      const names = namesOf(["a", " ", ",", "=", "\\", '"', "'", "#", "é"])
        .filter((name) => !name.endsWith("\\"));
      assert.equal(names.length, 8 * (1 + 9 + 9 * 9));
      const changed = { "a\tb": "a_b", "\\": "_", "a\\\\": "a_", "a\\b\\": "a\\b_" };
      const expected = [...names.map((name) => [name, name]), ...Object.entries(changed)];
      const services = expected.map(([name], i): FakeService => ({
        fwmark: i + 1,
        sched: name!,
        pe: expected.at(-1 - i)![0]!,
      }));
      const database = await createDatabase("names");
      await database.write(influx(collect(fakeKernel({ services })), true));
      const points = await database.points();
      assert.equal(points.length, services.length);
      for (const { tags } of points) {
        const at = Number(tags.fwmark) - 1;
        assert.deepEqual([tags.sched, tags.pe], [expected[at]![1], expected.at(-1 - at)![1]]);
      }
    }),
});

/** Tags that are numbers in ipvsadm's listings. */
const NUMBERS = ["fwmark", "port", "netmask", "tunnel_port"];

/** The tags and fields of a point as {@linkcode assertListings} expects them. */
function fieldsOf({ tags, fields }: Point): Fields {
  const typed = Object.entries({ ...tags, ...fields }).map(([name, text]) => {
    if (text === "true" || text === "false") return [name, text === "true"];
    return [
      name,
      name in fields && name !== "state" || NUMBERS.includes(name) ? BigInt(text) : text,
    ];
  });
  return { ...Object.fromEntries(typed), sched_flags: tags.sched_flags?.split("|").sort() ?? [] };
}

/** The servers in the database by identity. */
function tableOf(points: readonly Point[]): Table {
  const table: Table = new Map();
  const of = (name: string) => points.filter(({ measurement }) => measurement === name);
  for (const point of of("ipvs_virtual_server")) {
    const fields = fieldsOf(point);
    addOnce(table, serviceKey(fields), { fields, servers: new Map() });
  }
  for (const point of of("ipvs_real_server")) {
    const fields = fieldsOf(point);
    const own = Object.entries(fields).filter(([name]) => name.startsWith("virtual_"));
    const identity = own.map(([name, value]) => [name.slice("virtual_".length), value]);
    const { servers } = table.get(serviceKey(Object.fromEntries(identity)))!;
    addOnce(servers, serverKey(fields), fields);
  }
  return table;
}

for (const name of ["demo", "hard"]) {
  Deno.test({
    name: `InfluxDB stores what ipvsadm listed when testdata/${name} was recorded`,
    ignore,
    fn: () =>
      withInfluxDb(async (createDatabase) => {
        const folder = `${TESTDATA}${name}/`;
        const snapshot = collect(openReplay(`${folder}capture.pcap`));
        const database = await createDatabase(name);
        await database.write(influx(snapshot, true));
        const points = await database.points();
        const files: Files = Object.fromEntries(
          [...Deno.readDirSync(folder)].map(({ name }) => [
            name,
            Deno.readFileSync(folder + name),
          ]),
        );
        const compared = assertListings(tableOf(points), files, "ipvsadm");
        assert.ok(compared > 900, `compared ${compared} values`);
        assert.deepEqual([...new Set(points.map(({ time }) => time))], [String(snapshot.time)]);
      }),
  });
}

/** The active connections of the real servers in ipvsadm's listing, by the address of their service. */
function activeByAddress(listing: string): Record<string, number> {
  const sums: Record<string, number> = {};
  let address = "";
  for (const line of listing.split("\n").slice(3)) {
    const [, , service] = /^(TCP|UDP|FWM) +(\S+)/.exec(line) ?? [];
    if (service !== undefined) address = /^\[?(.*?)\]?:\d+$/.exec(service)?.[1] ?? "";
    const active = /^ +-> \S+ +\S+ +\d+ +(\d+)/.exec(line)?.[1];
    if (active !== undefined) sums[address] = (sums[address] ?? 0) + Number(active);
  }
  return sums;
}

Deno.test({
  name: "the commands of docs/influxdb.md write a snapshot and sum up connections",
  ignore: cannotFind({ ...INFLUXDB, influx: "influxdb-client", curl: "curl" }),
  fn: () =>
    withInfluxDb((_, address) =>
      withTempDir(async (dir) => {
        const { host, port } = new URL(address);
        const commands = read("docs/influxdb.md").split("\n").filter((line) => /^ {4}/.test(line));
        assert.equal(commands.length, 3);
        const [ipvstat] = await commandFor(["/usr/bin/ipvstat"], dir, "--demo");
        const script = [
          "set -e",
          `ipvstat() { '${ipvstat}' "$@"; }`,
          `influx() { command influx -port ${port} -format csv "$@"; }`,
          ...commands.map((command) => command.replace("127.0.0.1:8086", host)),
        ];
        const output = await outputOf(["sh", "-c", script.join("\n")]);
        const rows = output.matchAll(/^ipvs_real_server,virtual_address=(.*),.*,(\d+)$/gm);
        const sums = [...rows].map(([, address, sum]) => [address, Number(sum)]);
        assert.deepEqual(
          Object.fromEntries(sums),
          activeByAddress(read("testdata/demo/ipvsadm.txt")),
        );
      })
    ),
});
