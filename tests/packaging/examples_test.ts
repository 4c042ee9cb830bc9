/** Checks the example configurations, with promtool where it is installed. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { parseArguments } from "../../lib/commands/parse.ts";
import { ROOT } from "../../packaging/stage.ts";
import { cannotFind, outputOf, run, withTempDir } from "../_commands.ts";
import { binary } from "./_binary.ts";
import { cannotCompile } from "./_denort.ts";

const EXAMPLES = join(ROOT, "examples");
const DEMO = join(ROOT, "testdata", "demo");

/** Expects an alert for the old file, two virtual servers and three real servers, and no other. */
const RULE_TESTS = `
rule_files: [RULES]
evaluation_interval: 30s
tests:
  - interval: 30s
    input_series:
      - series: 'node_textfile_mtime_seconds{instance="old", file="/some/where/ipvs.prom"}'
        values: "0x200"
      - series: 'node_textfile_mtime_seconds{instance="new", file="/some/where/ipvs.prom"}'
        values: "0+30x200"
      - series: 'ipvs_virtual_server_info{virtual_address="192.0.2.1", state="down"}'
        values: "1x200"
      - series: 'ipvs_virtual_server_info{virtual_address="192.0.2.2", state="empty"}'
        values: "1x200"
      - series: 'ipvs_virtual_server_info{virtual_address="192.0.2.3", state="degraded"}'
        values: "1x200"
      - series: 'ipvs_virtual_server_info{virtual_address="192.0.2.4", state="ok"}'
        values: "1x200"
      - series: 'ipvs_real_server_info{address="10.0.0.1", state="draining"}'
        values: "1x200"
      - series: 'ipvs_real_server_info{address="10.0.0.2", state="drained"}'
        values: "1x200"
      - series: 'ipvs_real_server_info{address="10.0.0.3", state="draining"}'
        values: "1x20 _x100"
      - series: 'ipvs_real_server_info{address="10.0.0.4", state="draining"}'
        values: "1x60 _x100"
      - series: 'ipvs_real_server_info{address="10.0.0.4", state="still-receiving"}'
        values: "_x60 1x100"
      - series: 'ipvs_real_server_info{address="10.0.0.5", state="overloaded"}'
        values: "_x100 1x100"
      - series: 'ipvs_real_server_info{address="10.0.0.6", state="near-threshold"}'
        values: "1x200"
    promql_expr_test:
      - expr: &firing count by (alertname, instance, virtual_address, address) (ALERTS{alertstate="firing"})
        eval_time: 3m
        exp_samples:
          - labels: '{alertname="IpvsMetricsOld", instance="old"}'
            value: 1
          - labels: '{alertname="IpvsVirtualServerDown", virtual_address="192.0.2.1"}'
            value: 1
          - labels: '{alertname="IpvsVirtualServerDown", virtual_address="192.0.2.2"}'
            value: 1
      - expr: *firing
        eval_time: 61m
        exp_samples:
          - labels: '{alertname="IpvsMetricsOld", instance="old"}'
            value: 1
          - labels: '{alertname="IpvsVirtualServerDown", virtual_address="192.0.2.1"}'
            value: 1
          - labels: '{alertname="IpvsVirtualServerDown", virtual_address="192.0.2.2"}'
            value: 1
          - labels: '{alertname="IpvsRealServerStillDraining", address="10.0.0.1"}'
            value: 1
          - labels: '{alertname="IpvsRealServerStillDraining", address="10.0.0.4"}'
            value: 1
          - labels: '{alertname="IpvsRealServerOverloaded", address="10.0.0.5"}'
            value: 1
`;

function read(name: string): string {
  return Deno.readTextFileSync(join(EXAMPLES, name));
}

const withPromtool = { ignore: cannotFind({ promtool: "prometheus" }) };

Deno.test("telegraf.conf starts the program with valid options, and reads the format that it prints", () => {
  const text = read("telegraf.conf");
  const [, line = ""] = /^ {2}commands = \["\/usr\/bin\/ipvstat (.*)"\]$/m.exec(text) ?? [];
  const { command, options } = parseArguments(line.split(" "));
  assert.deepEqual([command, ...options], ["show", ["output", "influx"]]);
  assert.match(text, /^ {2}data_format = "influx"$/m);
  for (const [, words] of text.matchAll(/\/usr\/bin\/ipvstat (--[^"\n]*)/g)) {
    assert.equal(words, line);
  }
});

Deno.test("promtool accepts the Prometheus configuration", withPromtool, async () => {
  const config = join(EXAMPLES, "prometheus.yml");
  const output = await outputOf(["promtool", "check", "config", config]);
  assert.match(output, /SUCCESS: 4 rules found/);
});

Deno.test(
  "the rules alert on an old file, on virtual servers that are down or empty, and on draining or overloaded real servers",
  withPromtool,
  async () => {
    await withTempDir(async (dir) => {
      const file = join(dir, "rules_test.yml");
      const rules = join(EXAMPLES, "ipvs.rules.yml");
      await Deno.writeTextFile(file, RULE_TESTS.replace("RULES", JSON.stringify(rules)));
      await outputOf(["promtool", "test", "rules", file]);
    });
  },
);

Deno.test({
  name: "the job that compares a recording passes, and fails if one character differs",
  ignore: cannotCompile(),
  async fn() {
    const [, command = ""] = /^ {6}- run: (.*)$/m.exec(read("compare-recording.yml")) ?? [];
    const program = await binary();
    await withTempDir(async (dir) => {
      const compare = (expected: string) => {
        Deno.writeTextFileSync(join(dir, "expected.json"), expected);
        const env = { PATH: `${dir}:${Deno.env.get("PATH")}` };
        return run(["bash", "-e", "-c", command], { cwd: dir, env });
      };
      await Deno.symlink(program, join(dir, "ipvstat"));
      await Deno.copyFile(join(DEMO, "capture.pcap"), join(dir, "director.pcap"));
      const expected = await Deno.readTextFile(join(DEMO, "expected.json"));
      assert.deepEqual(await compare(expected), { code: 0, stdout: "", stderr: "" });
      assert.equal((await compare(expected.replace('"weight":1', '"weight":2'))).code, 1);
    });
  },
});
