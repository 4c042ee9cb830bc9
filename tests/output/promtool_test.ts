import assert from "node:assert/strict";
import { collect } from "../../lib/ipvs/collect.ts";
import { encodeOpenMetrics, encodePrometheus } from "../../lib/output/prometheus.ts";
import { cannotFind, outputOf, run, withTempDir } from "../_commands.ts";
import type { FakeSource } from "../_fixtures.ts";
import { hardKernel } from "../_hard_cases.ts";
import { textOf } from "../_output_parsers.ts";
import { SETTINGS_FILES, statusText } from "../procfs/_status.ts";

/** The hard cases on a kernel that reports all there is. */
function newKernel(): FakeSource {
  const { kernel } = hardKernel();
  const proc = { ...kernel.proc, ip_vs_status: statusText("demo"), ...SETTINGS_FILES };
  return hardKernel({ proc });
}

const CHECK = ["promtool", "check", "metrics"];
const SILENT = { code: 0, stdout: "", stderr: "" };
const ignore = cannotFind({ promtool: "prometheus" });

Deno.test({
  name: "promtool check metrics finds nothing in encodePrometheus()'s text",
  ignore,
  async fn() {
    const input = textOf((sink) => encodePrometheus(collect(newKernel()), sink));
    assert.deepEqual(await run(CHECK, { input }), SILENT);
  },
});

Deno.test({
  name: "promtool check metrics finds nothing in encodeOpenMetrics()'s names and help",
  ignore,
  async fn() {
    // The lint knows the old format alone: there a counter's name has its suffix, and no info is.
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
  name: "Prometheus' own parser of OpenMetrics takes encodeOpenMetrics()'s text",
  ignore,
  fn: () =>
    withTempDir(async (cwd) => {
      // promtool reads OpenMetrics only to store it, for which every sample needs a time.
      const text = textOf((sink) => encodeOpenMetrics(collect(newKernel()), sink))
        .replace(/^([^#].*)$/gm, "$1 1700000000");
      await Deno.writeTextFile(`${cwd}/input`, text);
      const store = ["promtool", "tsdb", "create-blocks-from", "openmetrics", "input", "."];
      await outputOf(store, { cwd });
      await Deno.writeTextFile(`${cwd}/input`, text.replace("# EOF", "# end"));
      assert.notEqual((await run(store, { cwd })).code, 0);
    }),
});
