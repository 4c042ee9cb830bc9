import assert from "node:assert/strict";
import { collect } from "../../lib/ipvs/collect.ts";
import type { Snapshot } from "../../lib/ipvs/snapshot.ts";
import {
  COUNTERS,
  type Metric,
  REAL_METRICS,
  TOTAL_METRICS,
  VIRTUAL_METRICS,
} from "../../lib/metrics/catalogue.ts";
import { encodeOpenMetrics, encodePrometheus } from "../../lib/output/prometheus.ts";
import { VERSION } from "../../lib/version.ts";
import { fakeKernel, inconsistentKernel, type Kernel, TUNNEL } from "../_fake_kernel.ts";
import { HARD_CPUS, HARD_SERVICES, HARD_TOTALS, hardKernel } from "../_hard_cases.ts";
import { parsePrometheus, type PrometheusFamily, textOf } from "../_output_parsers.ts";
import { SETTINGS_FILES, statusText } from "../procfs/_status.ts";
import * as expected from "./_expected.ts";

const FORMATS = [
  { title: "encodePrometheus()", encode: encodePrometheus, open: false },
  { title: "encodeOpenMetrics()", encode: encodeOpenMetrics, open: true },
] as const;
type Format = typeof FORMATS[number];

function familiesOf(format: Format, snapshot: Snapshot): Map<string, PrometheusFamily> {
  const text = textOf((sink) => format.encode(snapshot, sink));
  return new Map(parsePrometheus(text, format.open).map((family) => [family.name, family]));
}

/** The name of a family in its HELP and TYPE lines. */
function familyName(name: string, kind: Metric<never>["kind"] | "info", open: boolean): string {
  if (open) return name;
  return kind === "counter" ? `${name}_total` : kind === "info" ? `${name}_info` : name;
}

function identityLabels(server: expected.ExpectedVirtual): Record<string, string> {
  return {
    virtual_address_family: server.addressFamily,
    ...expected.identityOf(server, "virtual_"),
  };
}

function labelsAndValues(family: PrometheusFamily | undefined): [Record<string, string>, string][] {
  return family!.samples.map(({ labels, value }) => [Object.fromEntries(labels), value]);
}

/** Families of the hash tables and the estimator, and those that every kernel reports. */
const STATUS_NAME = /^ipvs_(connection_table|service_table|estimator)/;
const OLD_NAMES = new Set(["ipvs_connection_table_size"]);

for (const format of FORMATS) {
  const { title, open } = format;

  Deno.test(`${title} prints the exact metrics of all virtual servers`, () => {
    const families = familiesOf(format, collect(hardKernel()));
    const servers = expected.serversOf(HARD_SERVICES);
    for (const metric of VIRTUAL_METRICS) {
      const name = familyName(`ipvs_virtual_server_${metric.prometheus}`, metric.kind, open);
      assert.deepEqual(
        labelsAndValues(families.get(name)),
        servers.map((server) => [identityLabels(server), String(server.values[metric.name])]),
        name,
      );
    }
  });

  Deno.test(`${title} prints the exact metrics of all real servers`, () => {
    const families = familiesOf(format, collect(hardKernel()));
    const servers = expected.pairsOf(expected.serversOf(HARD_SERVICES));
    for (const metric of REAL_METRICS) {
      const name = familyName(`ipvs_real_server_${metric.prometheus}`, metric.kind, open);
      assert.deepEqual(
        labelsAndValues(families.get(name)),
        servers.map(({ virtual, real }) => [
          { ...identityLabels(virtual), address: real.address, port: String(real.port) },
          String(real.values[metric.name]),
        ]),
        name,
      );
    }
  });

  Deno.test(`${title} prints the exact totals and CPU counters`, () => {
    const families = familiesOf(format, collect(hardKernel()));
    const totals = expected.totalValues(HARD_TOTALS);
    const cpus = HARD_CPUS.map(expected.cpuValues);
    for (const { name, prometheus, kind } of TOTAL_METRICS) {
      const family = families.get(familyName(`ipvs_${prometheus}`, kind, open));
      assert.deepEqual(labelsAndValues(family), [[{}, String(totals[name])]]);
    }
    for (const { name, prometheus, kind } of COUNTERS) {
      const family = families.get(familyName(`ipvs_cpu_${prometheus}`, kind, open));
      const values = cpus.map((each, i) => [{ cpu: String(i) }, String(each[name])]);
      assert.deepEqual(labelsAndValues(family), values);
    }
  });

  Deno.test(`${title} prints the configuration of servers in info metrics of value 1`, () => {
    const families = familiesOf(format, collect(hardKernel()));
    const servers = expected.serversOf(HARD_SERVICES);
    const virtual = servers.map((server) => [{
      ...identityLabels(server),
      sched: server.sched,
      ...(server.schedFlags.length === 0 ? {} : { sched_flags: server.schedFlags.join(",") }),
      one_packet: String(server.onePacket),
      persistent: String(server.persistent),
      netmask: String(server.netmask),
      ...(server.pe === undefined ? {} : { pe: server.pe }),
      state: server.state,
    }, "1"]);
    assert.deepEqual(
      labelsAndValues(families.get(familyName("ipvs_virtual_server", "info", open))),
      virtual,
    );
    const real = expected.pairsOf(servers).map(({ virtual, real }) => [{
      ...identityLabels(virtual),
      address: real.address,
      port: String(real.port),
      address_family: real.addressFamily,
      forwarding_method: real.forwardingMethod,
      ...(real.tunnel === undefined ? {} : {
        tunnel_type: real.tunnel.type,
        tunnel_port: String(real.tunnel.port),
        tunnel_checksum: real.tunnel.checksum,
      }),
      state: real.state,
    }, "1"]);
    assert.deepEqual(
      labelsAndValues(families.get(familyName("ipvs_real_server", "info", open))),
      real,
    );
  });

  Deno.test(`${title} prints the types of the catalogue, and help that ends in a period`, () => {
    const families = familiesOf(format, collect(hardKernel()));
    for (const { prometheus, kind } of REAL_METRICS) {
      const family = families.get(familyName(`ipvs_real_server_${prometheus}`, kind, open));
      assert.equal(family?.type, kind);
    }
    for (const { name, help, type } of families.values()) {
      assert.match(help, /\.$/, name);
      assert.ok(open || name.endsWith("_total") === (type === "counter"), name);
    }
  });

  Deno.test(`${title} escapes quotes, backslashes and line feeds in labels`, () => {
    const odd = 'a"b\\c\nd';
    const settings: Partial<Kernel> = {
      services: [{ fwmark: 1, sched: odd, pe: '\\"' }],
      daemons: [{ state: 1, interface: '\\n"', syncId: 1 }],
    };
    const families = familiesOf(format, collect(fakeKernel(settings)));
    const [virtual] = families.get(familyName("ipvs_virtual_server", "info", open))!.samples;
    assert.equal(virtual!.labels.get("sched"), odd);
    assert.equal(virtual!.labels.get("pe"), '\\"');
    const [daemon] = families.get(familyName("ipvs_sync_daemon", "info", open))!.samples;
    assert.equal(daemon!.labels.get("interface"), '\\n"');
  });

  Deno.test(`${title} prints versions, configuration, sync daemons and ipvs_up`, () => {
    const families = familiesOf(format, collect(hardKernel()));
    const get = (name: string) => labelsAndValues(families.get(name));
    assert.deepEqual(get(familyName("ipvs_build", "info", open)), [[{ version: VERSION }, "1"]]);
    assert.deepEqual(get(familyName("ipvs", "info", open)), [[{ version: "1.2.1" }, "1"]]);
    assert.deepEqual(get("ipvs_up"), [[{ reason: "ok" }, "1"]]);
    assert.deepEqual(get("ipvs_connection_table_size"), [[{}, "4096"]]);
    assert.deepEqual(get("ipvs_timeout_seconds"), [
      [{ state: "tcp" }, "900"],
      [{ state: "tcp_fin" }, "120"],
      [{ state: "udp" }, "300"],
    ]);
    assert.deepEqual(get(familyName("ipvs_sync_daemon", "info", open)), [
      [{ state: "master", interface: "eth0", sync_id: "1" }, "1"],
      [{
        state: "backup",
        interface: "bond0.100",
        sync_id: "255",
        mcast_group: "ff02::81",
        mcast_port: "8848",
        mcast_ttl: "255",
        sync_maxlen: "1472",
      }, "1"],
    ]);
  });

  Deno.test(`${title} prints the settings, hash tables and estimator of Linux 7.2`, () => {
    const proc = { ip_vs_status: statusText("demo"), ...SETTINGS_FILES };
    const families = familiesOf(format, collect(hardKernel({ proc })));
    const isStatus = (name: string) => STATUS_NAME.test(name) && !OLD_NAMES.has(name);
    const found = [...families.values()].filter(({ name }) => isStatus(name));
    assert.equal(found.filter(({ type }) => type !== "gauge").length, open ? 1 : 0);
    const gauge = (name: string, value: string) => [name, [[{}, value]]];
    const lengths = (name: string, counts: readonly number[]) => [
      name,
      counts.map((count, i) => [{ entries: i === 7 ? "7+" : String(i) }, String(count)]),
    ];
    assert.deepEqual(found.map((family) => [family.name, labelsAndValues(family)]), [
      gauge("ipvs_connection_table_connections", "982"),
      gauge("ipvs_connection_table_limit", "1073741824"),
      gauge("ipvs_connection_table_load_factor", "-4"),
      lengths("ipvs_connection_table_buckets", [2569, 1176, 301, 41, 8, 1, 0, 0]),
      gauge("ipvs_service_table_size", "128"),
      gauge("ipvs_service_table_load_factor", "3"),
      lengths("ipvs_service_table_buckets", [119, 7, 2, 0, 0, 0, 0, 0]),
      gauge("ipvs_estimator_enabled", "1"),
      [familyName("ipvs_estimator", "info", open), [[{ cpulist: "0-3,8" }, "1"]]],
      gauge("ipvs_estimator_nice", "-7"),
      gauge("ipvs_estimator_thread_slots", "1"),
      gauge("ipvs_estimator_thread_slots_limit", "4"),
      gauge("ipvs_estimator_thread_capacity", "9499200"),
      gauge("ipvs_estimator_chain_length_limit", "3958"),
    ]);
  });

  Deno.test(`${title} omits metrics that the kernel does not report`, () => {
    const names = (proc: Record<string, string>) =>
      [...familiesOf(format, collect(fakeKernel({ proc }))).keys()]
        .filter((name) => STATUS_NAME.test(name) && !OLD_NAMES.has(name));
    assert.deepEqual(names({}), []);
    const old = { "sys/net/ipv4/vs/run_estimation": "0\n" };
    assert.deepEqual(names(old), ["ipvs_estimator_enabled"]);
    assert.deepEqual(names({ ip_vs_status: statusText("fresh") }), [
      "ipvs_connection_table_connections",
      "ipvs_service_table_size",
      "ipvs_estimator_thread_slots",
    ]);
  });

  Deno.test(`${title} distinguishes a stopped estimator from one without CPUs`, () => {
    const samples = (name: string, setting: string, value: string) => {
      const proc = { ...SETTINGS_FILES, [`sys/net/ipv4/vs/${setting}`]: value };
      return labelsAndValues(familiesOf(format, collect(fakeKernel({ proc }))).get(name));
    };
    assert.deepEqual(samples("ipvs_estimator_enabled", "run_estimation", "0\n"), [[{}, "0"]]);
    assert.deepEqual(samples("ipvs_estimator_enabled", "run_estimation", "2\n"), [[{}, "1"]]);
    const name = familyName("ipvs_estimator", "info", open);
    assert.deepEqual(samples(name, "est_cpulist", "\n"), [[{}, "1"]]);
  });

  Deno.test(`${title} prints ipvs_up with the reason inconsistent if the snapshot is`, () => {
    const snapshot = collect(inconsistentKernel());
    assert.equal(snapshot.consistency.state, "inconsistent");
    const up = familiesOf(format, snapshot).get("ipvs_up");
    assert.deepEqual(labelsAndValues(up), [[{ reason: "inconsistent" }, "1"]]);
  });

  Deno.test(`${title} distinguishes the same fwmark in IPv4 and IPv6, with the same real servers`, () => {
    const destinations = [
      { address: "172.16.0.1", port: 80, method: TUNNEL },
      { address: "fd00::1", port: 80, method: TUNNEL },
    ];
    const services = [2, 10].map((family) => ({ fwmark: 7, family, destinations }));
    const families = familiesOf(format, collect(fakeKernel({ services })));
    assert.equal(families.get("ipvs_real_server_weight")!.samples.length, 4);
  });
}

Deno.test("encodePrometheus() prints the labels of each tunnel, even if their numbers are similar", () => {
  const tunnels = [
    { method: TUNNEL, tunnel: { type: 1, port: 0, flags: 0 } },
    { method: TUNNEL, tunnel: { type: 0, port: 0, flags: 256 } },
    { method: TUNNEL, tunnel: { type: 0, port: 1, flags: 0 } },
    // Above the three bits of the method are flags of the kernel.
    { method: 8 | TUNNEL, tunnel: { type: 0, port: 0, flags: 0 } },
  ];
  const destinations = tunnels.map((each, i) => ({ address: `10.0.0.${i}`, ...each }));
  const snapshot = collect(fakeKernel({ services: [{ fwmark: 1, destinations }] }));
  const family = familiesOf(FORMATS[0], snapshot).get("ipvs_real_server_info");
  const labels = labelsAndValues(family).map(([{ tunnel_type, tunnel_port, tunnel_checksum }]) =>
    [tunnel_type, tunnel_port, tunnel_checksum].join(" ")
  );
  assert.deepEqual(labels, ["gue 0 nocsum", "ipip 0 256", "ipip 1 nocsum", "ipip 0 nocsum"]);
});

Deno.test("encodeOpenMetrics() prints the unit of every family whose name ends in it", () => {
  const families = familiesOf(FORMATS[1], collect(hardKernel()));
  for (const { prometheus, unit } of REAL_METRICS) {
    const family = families.get(`ipvs_real_server_${prometheus}`)!;
    assert.equal(family.unit ?? "", `_${prometheus}`.endsWith(`_${unit}`) ? unit : "", prometheus);
  }
  assert.equal(families.get("ipvs_real_server_incoming_bytes")!.unit, "bytes");
  assert.equal(families.get("ipvs_timeout_seconds")!.unit, "seconds");
});
