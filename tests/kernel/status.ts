/** Compares the reported tables, settings and estimator with the kernel's files. */
import assert from "node:assert/strict";
import { encodeJson } from "../../lib/output/json.ts";
import { collect } from "../../lib/ipvs/collect.ts";
import { openRecording } from "../../lib/capture/recording.ts";
import { textOf as encoded } from "../_output_parsers.ts";
import { type Files, textOf } from "./_files.ts";
import { phase } from "./_guest.ts";
import { chosenKernel } from "./_kernels.ts";
import { check } from "./_report.ts";

type Values = Record<string, unknown>;

const MOMENTS = ["fresh", "busy", "tuned", "stopped"];

/** The settings in the order of the JSON, with the kernel version that introduced each. */
const SETTINGS = [
  ["run_estimation", "5.16"],
  ["est_cpulist", "6.2"],
  ["est_nice", "6.2"],
  ["conn_max", "7.2"],
  ["conn_lfactor", "7.1"],
  ["svc_lfactor", "7.1"],
  ["conn_reuse_mode", "4.1"],
  ["conntrack", "2.6"],
  ["expire_nodest_conn", "2.6"],
  ["expire_quiescent_template", "2.6"],
  ["sloppy_tcp", "3.11"],
  ["sync_threshold", "2.6"],
  ["sync_period", "2.6"],
  ["sync_refresh_period", "3.5"],
  ["sync_ports", "3.5"],
  ["sync_persist_mode", "3.11"],
] as const;

/** Settings that are one of several numbers in a file: its name, and the place. */
const PARTS: Readonly<Record<string, readonly [file: string, index: number]>> = {
  sync_threshold: ["sync_threshold", 0],
  sync_period: ["sync_threshold", 1],
};

/** Whether the kernel is at least this version. */
function isAtLeast(version: string): boolean {
  const [[major, minor], [first, second]] = [chosenKernel(), version].map((each) =>
    each.split(".").map(Number) as [number, number]
  ) as [[number, number], [number, number]];
  return major > first || (major === first && minor >= second);
}

function settingOf(files: Files, moment: string, name: string): string | number | null {
  const [file, index] = PARTS[name] ?? [name, 0];
  if (files[`${moment}.${file}`] === undefined) return null;
  const text = textOf(files, `${moment}.${file}`).trim();
  return name === "est_cpulist" ? text : Number(text.split("\t")[index]);
}

function settingsOf(files: Files, moment: string): Values {
  const settings = SETTINGS.map(([name]) => [name, settingOf(files, moment, name)] as const);
  return Object.fromEntries(settings);
}

/** Parses ip_vs_status, independently of the program. */
function statusOf(text: string): Values {
  const words = new Map(
    text.trimEnd().split("\n").map((line) => line.split(":\t") as [string, string]),
  );
  const number = (name: string) => Number.parseInt(words.get(name)!);
  const unlessZero = (value: number) => (value === 0 ? null : value);
  const table = (name: string) => {
    const buckets = number(`${name} buckets`);
    const factor = Number(words.get(`${name} buckets`)!.split("lfactor ")[1]!.slice(0, -1));
    const lengths = ["empty", 1, 2, 3, 4, 5, 6, 7].map((length) => {
      const line = typeof length === "string" ? length : `len-${length}`;
      return Number.parseInt(words.get(`${name} buckets ${line}`) ?? "0");
    });
    return {
      buckets,
      load_factor: buckets === 0 ? null : factor,
      buckets_by_length: words.has(`${name} buckets empty`) ? lengths : null,
    };
  };
  return {
    connections: number("Conns"),
    connection_table: table("Conn"),
    virtual_servers: number("Services"),
    service_table: table("Service"),
    estimator: {
      thread_slots: number("Stats thread slots"),
      thread_slots_limit: unlessZero(
        Number.parseInt(words.get("Stats thread slots")!.split("max ")[1]!),
      ),
      chain_length_limit: unlessZero(number("Stats chain max len")),
      thread_capacity: unlessZero(number("Stats thread ests")),
    },
  };
}

function expectedStatus(files: Files, moment: string): Values | null {
  const name = `${moment}.ip_vs_status`;
  return files[name] === undefined ? null : statusOf(textOf(files, name));
}

/** The samples of settings, tables and estimator, as "name{labels} value". */
function samplesOf(text: string): string[] {
  const names = /^ipvs_(connection_table_(?!size)|service_table|estimator|settings)/;
  return text.split("\n").filter((line) => names.test(line)).toSorted();
}

function expectedSamples(files: Files, moment: string): string[] {
  const setting = (name: string) => settingOf(files, moment, name);
  const status = expectedStatus(files, moment);
  const part = (name: string) => status?.[name] as Values | undefined;
  const run = setting("run_estimation");
  const cpus = setting("est_cpulist");
  const gauges: [string, unknown][] = [
    ["connection_table_connections", status?.["connections"]],
    ["connection_table_limit", setting("conn_max")],
    ["connection_table_load_factor", setting("conn_lfactor")],
    ["service_table_size", part("service_table")?.["buckets"]],
    ["service_table_load_factor", setting("svc_lfactor")],
    ["estimator_enabled", run],
    ["estimator_nice", setting("est_nice")],
    ...SETTINGS.slice(6).map(([name]): [string, unknown] => {
      const unit = name === "sync_refresh_period" ? "_seconds" : "";
      return [`settings_${name}${unit}`, setting(name)];
    }),
    [
      cpus === "" ? "estimator_info" : `estimator_info{cpulist="${cpus}"}`,
      cpus === null ? null : 1,
    ],
    ...Object.entries(part("estimator") ?? {}).map(([name, value]) =>
      [`estimator_${name}`, value] as [string, unknown]
    ),
    ...["connection_table", "service_table"].flatMap((table) =>
      ((part(table)?.["buckets_by_length"] ?? []) as number[]).map((count, i) =>
        [`${table}_buckets{entries="${i}${i === 7 ? "+" : ""}"}`, count] as [string, unknown]
      )
    ),
  ];
  return gauges.filter(([, value]) => value !== null && value !== undefined)
    .map(([name, value]) => `ipvs_${name} ${value}`).toSorted();
}

function jsonOf(files: Files, name: string): Values {
  return JSON.parse(textOf(files, name));
}

const test = phase("status.sh");

for (const moment of MOMENTS) {
  test(`the JSON matches the kernel's files: ${moment}`, (files) => {
    const { settings, kernel_status } = jsonOf(files, `${moment}.json`);
    assert.deepEqual(settings, settingsOf(files, moment));
    assert.deepEqual(kernel_status, expectedStatus(files, moment));
  });

  test(`the metrics match the kernel's files: ${moment}`, (files) => {
    const expected = expectedSamples(files, moment);
    assert.deepEqual(samplesOf(textOf(files, `${moment}.prometheus`)), expected);
    assert.deepEqual(samplesOf(textOf(files, `${moment}.openmetrics`)), expected);
  });

  test(`a recording replays to the same JSON: ${moment}`, (files) => {
    const recording = openRecording(files[`${moment}.record`]!);
    const snapshot = collect(recording.selectRound().play());
    const text = encoded((sink) => encodeJson(snapshot, sink));
    assert.equal(text, textOf(files, `${moment}.json`));
  });
}

for (const moment of ["busy", "tuned"]) {
  test(`doctor matches the kernel's files: ${moment}`, (files) => {
    const status = expectedStatus(files, moment);
    const part = (name: string) => status?.[name] as Values | undefined;
    const empty = (name: string) => (part(name)?.["buckets_by_length"] as number[] | null)?.[0];
    const setting = (name: string) => settingOf(files, moment, name);
    const { values = {} } = check(files, moment, "ipvs");
    const { connection_table_size: _, version: __, ...tables } = values;
    assert.deepEqual(tables, {
      conn_max: setting("conn_max"),
      conn_lfactor: setting("conn_lfactor"),
      svc_lfactor: setting("svc_lfactor"),
      connections: status?.["connections"] ?? null,
      connection_buckets: part("connection_table")?.["buckets"] ?? null,
      connection_buckets_empty: empty("connection_table") ?? null,
      virtual_servers: status?.["virtual_servers"] ?? null,
      service_buckets: part("service_table")?.["buckets"] ?? null,
      service_buckets_empty: empty("service_table") ?? null,
    });
    assert.deepEqual(check(files, moment, "estimator").values, {
      run_estimation: setting("run_estimation"),
      est_cpulist: setting("est_cpulist"),
      est_nice: setting("est_nice"),
      thread_slots: part("estimator")?.["thread_slots"] ?? null,
      thread_slots_limit: part("estimator")?.["thread_slots_limit"] ?? null,
      chain_length_limit: part("estimator")?.["chain_length_limit"] ?? null,
      thread_capacity: part("estimator")?.["thread_capacity"] ?? null,
    });
  });
}

test(`Linux ${chosenKernel()} has the files of its version, with changed values`, (files) => {
  for (const [name, since] of SETTINGS) {
    assert.equal(settingOf(files, "busy", name) !== null, isAtLeast(since), name);
  }
  assert.equal(files["busy.ip_vs_status"] !== undefined, isAtLeast("7.1"));
  const held = "hold tcp,192.0.2.10,80";
  assert.equal(textOf(files, "held.txt"), `${held} 40/40\n${held} 1/1\n`);
  if (!isAtLeast("7.1")) return;
  const busy = expectedStatus(files, "busy")!;
  assert.deepEqual([busy["connections"], busy["virtual_servers"]], [40, 2]);
  assert.notEqual((busy["estimator"] as Values)["thread_capacity"], null);
  const factor = (name: string) => (expectedStatus(files, "tuned")![name] as Values)["load_factor"];
  assert.deepEqual([factor("connection_table"), factor("service_table")], [2, 3]);
});

test(`a network namespace has its own settings and tables`, (files) => {
  assert.deepEqual(
    ["conn_reuse_mode", "sync_period", "sync_ports"].map((name) => settingOf(files, "tuned", name)),
    [2, 51, 4],
  );
  const { settings, kernel_status } = jsonOf(files, "other.json") as Record<
    string,
    Values | null
  >;
  assert.deepEqual([settings?.["conn_reuse_mode"], settings?.["sync_period"]], [1, 50]);
  assert.equal(settings?.["run_estimation"] ?? null, isAtLeast("5.16") ? 1 : null);
  assert.equal(settings?.["conn_max"] ?? null, isAtLeast("7.2") ? 5 : null);
  assert.equal(kernel_status?.["connections"] ?? null, isAtLeast("7.1") ? 0 : null);
});

test("doctor warns that new connections are dropped at the limit, and they are", (files) => {
  const isLimited = isAtLeast("7.2");
  const { status, finding } = check(files, "tuned", "ipvs");
  assert.equal(status, isLimited ? "warning" : "ok");
  assert.equal(finding.endsWith("new connections are dropped"), isLimited);
  const protocols = textOf(files, "conn.txt").split("\n").map((line) => line.split(" ")[0]);
  const count = (name: string) => protocols.filter((protocol) => protocol === name).length;
  assert.deepEqual([count("TCP"), count("UDP")], [41, isLimited ? 0 : 1]);
});
