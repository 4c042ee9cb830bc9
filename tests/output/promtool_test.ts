import assert from "node:assert/strict";
import { collect } from "../../lib/ipvs/collect.ts";
import { encodeOpenMetrics, encodePrometheus } from "../../lib/output/prometheus.ts";
import { cannotFind, outputOf, run, withTempDir } from "../_commands.ts";
import type { FakeSource } from "../_fake_kernel.ts";
import { hardKernel } from "../_hard_cases.ts";
import { textOf } from "../_output_parsers.ts";
import { SETTINGS_FILES, statusText } from "../procfs/_status.ts";

/** The hard cases on a kernel that reports settings and status. */
function newKernel(): FakeSource {
  const { kernel } = hardKernel();
  const proc = { ...kernel.proc, ip_vs_status: statusText("demo"), ...SETTINGS_FILES };
  return hardKernel({ proc });
}

const CHECK = ["promtool", "check", "metrics"];
const SILENT = { code: 0, stdout: "", stderr: "" };
const ignore = cannotFind({ promtool: "prometheus" });

Deno.test({
  name: "promtool check metrics accepts the output of encodePrometheus()",
  ignore,
  async fn() {
    const input = textOf((sink) => encodePrometheus(collect(newKernel()), sink));
    assert.deepEqual(await run(CHECK, { input }), SILENT);
  },
});

Deno.test({
  name: "promtool check metrics accepts the names and help of encodeOpenMetrics()",
  ignore,
  async fn() {
    // The linter supports only the Prometheus format, with suffixes of counters and without info.
    const input = textOf((sink) => encodeOpenMetrics(collect(newKernel()), sink))
      .replace(/^# (HELP|TYPE) (\S+) (.*)$/gm, (line, word, name, rest) => {
        if (rest === "counter") return `# TYPE ${name}_total counter`;
        return word === "TYPE" && rest === "info" ? `# TYPE ${name}_info gauge` : line;
      })
      .replace(/^# HELP (\S+) (.*)\n# TYPE (\S+) (\S+)$/gm, "# HELP $3 $2\n# TYPE $3 $4");
    assert.deepEqual(await run(CHECK, { input }), SILENT);
  },
});

Deno.test({
  name: "Prometheus' OpenMetrics parser accepts the output of encodeOpenMetrics()",
  ignore,
  fn: () =>
    withTempDir(async (cwd) => {
      // promtool parses OpenMetrics only to store it, for which samples need timestamps.
      const text = textOf((sink) => encodeOpenMetrics(collect(newKernel()), sink))
        .replace(/^([^#].*)$/gm, "$1 1700000000");
      await Deno.writeTextFile(`${cwd}/input`, text);
      const store = ["promtool", "tsdb", "create-blocks-from", "openmetrics", "input", "."];
      await outputOf(store, { cwd });
      await Deno.writeTextFile(`${cwd}/input`, text.replace("# EOF", "# end"));
      assert.notEqual((await run(store, { cwd })).code, 0);
    }),
});
