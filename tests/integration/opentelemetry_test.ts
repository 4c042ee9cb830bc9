/** Checks the configuration of the OpenTelemetry Collector, which is not run here. */
import assert from "node:assert/strict";
import { parse, stringify } from "npm:yaml@2.8.1";
import { cannotFind, outputOf, withTempDir } from "../_commands.ts";
import { read } from "../_pages.ts";

const TEXT = read("contrib/opentelemetry/collector.yaml");
const CONFIG = parse(TEXT);

/** The keys that the configuration schemas of the collector and its components document. */
const DOCUMENTED: Readonly<Record<string, readonly string[]>> = {
  "": ["receivers", "processors", "exporters", "connectors", "extensions", "service"],
  "receivers.prometheus": ["config", "target_allocator", "trim_metric_suffixes", "api_server"],
  "receivers.prometheus.config": [
    ...["global", "otlp", "runtime", "scrape_configs", "storage", "tracing"],
  ],
  "exporters.debug": [
    ...["output_paths", "sampling_initial", "sampling_thereafter", "sending_queue"],
    ...["use_internal_logger", "verbosity"],
  ],
  service: ["pipelines", "extensions", "telemetry"],
  "service.pipelines.metrics": ["receivers", "processors", "exporters"],
};

/** The keys of the part of the configuration at a path. */
function keysAt(path: string): string[] {
  const names = path === "" ? [] : path.split(".");
  return Object.keys(names.reduce((part, name) => part[name], CONFIG));
}

Deno.test("collector.yaml has only keys that the collector documents", () => {
  for (const [path, documented] of Object.entries(DOCUMENTED)) {
    const keys = keysAt(path);
    assert.ok(keys.length > 0, path);
    assert.deepEqual(keys.filter((key) => !documented.includes(key)), [], path);
  }
});

Deno.test("collector.yaml has one pipeline, and defines what that uses", () => {
  assert.deepEqual(keysAt("service.pipelines"), ["metrics"]);
  for (const kind of ["receivers", "exporters"]) {
    assert.deepEqual(CONFIG.service.pipelines.metrics[kind], keysAt(kind));
  }
});

Deno.test({
  name: "promtool accepts the configuration of the collector's Prometheus receiver",
  ignore: cannotFind({ promtool: "prometheus" }),
  fn: () =>
    withTempDir(async (dir) => {
      await Deno.writeTextFile(`${dir}/config.yml`, stringify(CONFIG.receivers.prometheus.config));
      const output = await outputOf(["promtool", "check", "config", `${dir}/config.yml`]);
      assert.match(output, /SUCCESS: \S+ is valid/);
    }),
});

Deno.test("the collector keeps every metric of ipvstat, and no other of node_exporter's", () => {
  const [job] = CONFIG.receivers.prometheus.config.scrape_configs;
  const [rule] = job.metric_relabel_configs;
  assert.equal(rule.action, "keep");
  // Prometheus anchors the expression.
  const kept = new RegExp(`^(?:${rule.regex})$`);
  const names = [...read("testdata/demo/expected.prom").matchAll(/^# TYPE (\S+)/gm)];
  assert.ok(names.length > 20);
  for (const [, name] of names) assert.match(name!, kept);
  assert.match("node_textfile_mtime_seconds", kept);
  assert.doesNotMatch("node_scrape_collector_success", kept);
});
