import assert from "node:assert/strict";
import { collect } from "../../lib/ipvs/collect.ts";
import { encodeOpenMetrics, encodePrometheus } from "../../lib/output/prometheus.ts";
import { hardKernel } from "../_hard_cases.ts";
import { textOf } from "../_parsers.ts";

/** Whether to skip, after saying why; IPVSTAT_REQUIRE_ALL=1 lets nothing be skipped. */
function lacksPromtool(): boolean {
  try {
    new Deno.Command("promtool", { args: ["--version"] }).outputSync();
    return false;
  } catch (error) {
    if (Deno.env.get("IPVSTAT_REQUIRE_ALL") === "1") return false;
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    console.log("promtool is not installed (Debian package prometheus): its lint is skipped");
    return true;
  }
}

async function promtool(args: string[], input = ""): Promise<{ code: number; output: string }> {
  const command = new Deno.Command("promtool", {
    args,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  });
  const child = command.spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return { code, output: decoder.decode(stdout) + decoder.decode(stderr) };
}

const ignore = lacksPromtool();

Deno.test({
  name: "promtool check metrics finds nothing in encodePrometheus()'s text",
  ignore,
  async fn() {
    const text = textOf((sink) => encodePrometheus(collect(hardKernel()), sink));
    assert.deepEqual(await promtool(["check", "metrics"], text), { code: 0, output: "" });
  },
});

Deno.test({
  name: "promtool check metrics finds nothing in encodeOpenMetrics()'s names and help",
  ignore,
  async fn() {
    // The lint knows the old format alone: there a counter's name has its suffix, and no info is.
    const text = textOf((sink) => encodeOpenMetrics(collect(hardKernel()), sink))
      .replace(/^# (HELP|TYPE) (\S+) (.*)$/gm, (line, word, name, rest) => {
        if (rest === "counter") return `# TYPE ${name}_total counter`;
        return word === "TYPE" && rest === "info" ? `# TYPE ${name}_info gauge` : line;
      })
      .replace(/^# HELP (\S+) (.*)\n# TYPE (\S+) (\S+)$/gm, "# HELP $3 $2\n# TYPE $3 $4");
    assert.deepEqual(await promtool(["check", "metrics"], text), { code: 0, output: "" });
  },
});

Deno.test({
  name: "Prometheus' own parser of OpenMetrics takes encodeOpenMetrics()'s text",
  ignore,
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      // promtool reads OpenMetrics only to store it, for which every sample needs a time.
      const text = textOf((sink) => encodeOpenMetrics(collect(hardKernel()), sink))
        .replace(/^([^#].*)$/gm, "$1 1700000000");
      await Deno.writeTextFile(`${folder}/input`, text);
      const store = ["tsdb", "create-blocks-from", "openmetrics", `${folder}/input`, folder];
      const { code, output } = await promtool(store);
      assert.equal(code, 0, output);
      await Deno.writeTextFile(`${folder}/input`, text.replace("# EOF", "# end"));
      assert.notEqual((await promtool(store)).code, 0);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
