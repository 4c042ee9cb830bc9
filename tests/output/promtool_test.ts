import assert from "node:assert/strict";
import { collect } from "../../lib/ipvs/collect.ts";
import type { Snapshot } from "../../lib/ipvs/snapshot.ts";
import type { Sink } from "../../lib/output/byte_writer.ts";
import { encodeNodeExporter } from "../../lib/output/node_exporter.ts";
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

const AGGREGATE = { aggregate: "virtual" } as const;
const OPEN = { dialect: "openmetrics" } as const;

type Encode = (snapshot: Snapshot, sink: Sink) => void;

/** Every kind of output, in both formats. */
const OUTPUTS: readonly (readonly [name: string, prometheus: Encode, openMetrics: Encode])[] = [
  ["all metrics", encodePrometheus, encodeOpenMetrics],
  [
    "aggregated metrics",
    (snapshot, sink) => encodePrometheus(snapshot, sink, AGGREGATE),
    (snapshot, sink) => encodeOpenMetrics(snapshot, sink, AGGREGATE),
  ],
  [
    "the metrics of node_exporter",
    encodeNodeExporter,
    (snapshot, sink) => encodeNodeExporter(snapshot, sink, OPEN),
  ],
  [
    "the aggregated metrics of node_exporter",
    (snapshot, sink) => encodeNodeExporter(snapshot, sink, AGGREGATE),
    (snapshot, sink) => encodeNodeExporter(snapshot, sink, { ...OPEN, ...AGGREGATE }),
  ],
];

for (const [name, encodeText, encodeOpen] of OUTPUTS) {
  Deno.test({
    name: `promtool check metrics accepts ${name}`,
    ignore,
    async fn() {
      const input = textOf((sink) => encodeText(collect(newKernel()), sink));
      assert.deepEqual(await run(CHECK, { input }), SILENT);
    },
  });

  Deno.test({
    name: `promtool check metrics accepts the names and help of ${name} in OpenMetrics`,
    ignore,
    async fn() {
      // The linter supports only the Prometheus format, with suffixes of counters and without info.
      const input = textOf((sink) => encodeOpen(collect(newKernel()), sink))
        .replace(/^# (HELP|TYPE) (\S+) (.*)$/gm, (line, word, name, rest) => {
          if (rest === "counter") return `# TYPE ${name}_total counter`;
          return word === "TYPE" && rest === "info" ? `# TYPE ${name}_info gauge` : line;
        })
        .replace(/^# HELP (\S+) (.*)\n# TYPE (\S+) (\S+)$/gm, "# HELP $3 $2\n# TYPE $3 $4");
      assert.deepEqual(await run(CHECK, { input }), SILENT);
    },
  });

  Deno.test({
    name: `Prometheus' OpenMetrics parser accepts ${name}`,
    ignore,
    fn: () =>
      withTempDir(async (cwd) => {
        // promtool parses OpenMetrics only to store it, for which samples need timestamps.
        const text = textOf((sink) => encodeOpen(collect(newKernel()), sink))
          .replace(/^([^#].*)$/gm, "$1 1700000000");
        await Deno.writeTextFile(`${cwd}/input`, text);
        const store = ["promtool", "tsdb", "create-blocks-from", "openmetrics", "input", "."];
        await outputOf(store, { cwd });
        await Deno.writeTextFile(`${cwd}/input`, text.replace("# EOF", "# end"));
        assert.notEqual((await run(store, { cwd })).code, 0);
      }),
  });
}
