/**
 * ipvstat's files through the textfile collector of the real node_exporter into the real Prometheus,
 * whose API then has every value.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { cannotFind, outputOf, withTempDir } from "../_commands.ts";
import { collect } from "../../lib/ipvs/collect.ts";
import type { Snapshot } from "../../lib/ipvs/snapshot.ts";
import type { Sink } from "../../lib/output/byte_writer.ts";
import { encodeNodeExporter } from "../../lib/output/node_exporter.ts";
import { encodePrometheus } from "../../lib/output/prometheus.ts";
import { hardKernel } from "../_hard_cases.ts";
import { parsePrometheus, textOf } from "../_output_parsers.ts";
import { query, startNodeExporter, startPrometheus, waitFor } from "./_prometheus.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const RECORDING = join(ROOT, "testdata/hard/capture.pcap");
const RUN = [
  "run",
  "--quiet",
  "--no-prompt",
  "--allow-read",
  "--allow-write",
  join(ROOT, "cli.ts"),
];

/** The options for each file of a folder. */
const FILES: Readonly<Record<string, readonly string[]>> = {
  "ipvs.prom": [],
  "node_ipvs.prom": ["--compat", "node_exporter"],
};

/** Writes the files of the recording. */
async function replayInto(folder: string, options: readonly string[]): Promise<void> {
  await Deno.mkdir(folder);
  for (const [file, own] of Object.entries(FILES)) {
    const words = ["show", "--replay", RECORDING, "-o", "prometheus", ...own, ...options];
    await outputOf([Deno.execPath(), ...RUN, ...words, "--output-file", join(folder, file)]);
  }
}

/** Writes the files of a table with counters up to 2^64-1. */
async function writeEdges(folder: string): Promise<void> {
  await Deno.mkdir(folder);
  const write = (file: string, encode: (snapshot: Snapshot, sink: Sink) => void) =>
    Deno.writeTextFile(join(folder, file), textOf((sink) => encode(collect(hardKernel()), sink)));
  await write("ipvs.prom", encodePrometheus);
  await write("node_ipvs.prom", encodeNodeExporter);
}

/** The series in the files, with the doubles that Prometheus can store. */
function seriesIn(folder: string): Map<string, number> {
  const samples = Object.keys(FILES).flatMap((file) =>
    parsePrometheus(Deno.readTextFileSync(join(folder, file))).flatMap((family) => family.samples)
  );
  return new Map(samples.map(({ name, labels, value }) => [
    seriesOf(name, Object.fromEntries(labels)),
    Number(value),
  ]));
}

function seriesOf(name: string, labels: Readonly<Record<string, string>>): string {
  return `${name} ${JSON.stringify(Object.entries(labels).sort())}`;
}

const JOBS = {
  recording: (folder: string) => replayInto(folder, []),
  aggregated: (folder: string) => replayInto(folder, ["--aggregate", "virtual"]),
  edges: writeEdges,
};

Deno.test({
  name: "Prometheus has every value of the files that node_exporter's textfile collector reads",
  ignore: cannotFind({
    prometheus: "prometheus",
    "prometheus-node-exporter": "prometheus-node-exporter",
  }),
  fn: () =>
    withTempDir(async (dir) => {
      await using servers = new AsyncDisposableStack();
      const targets: Record<string, string> = {};
      for (const [job, write] of Object.entries(JOBS)) {
        await write(join(dir, job));
        targets[job] = servers.use(await startNodeExporter(join(dir, job))).address;
      }
      const prometheus = servers.use(await startPrometheus(dir, targets));
      for (const job of Object.keys(JOBS)) {
        await waitFor(prometheus, `up{job="${job}"} == 1`);
        const [error] = await query(prometheus, `node_textfile_scrape_error{job="${job}"}`);
        assert.equal(error?.value[1], "0", job);
        const results = await query(prometheus, `{__name__=~"(node_)?ipvs_.*", job="${job}"}`);
        const stored = new Map(results.map(({ metric, value }) => {
          const { __name__: name, job: _, instance: __, ...labels } = metric;
          return [seriesOf(name!, labels), Number(value[1])];
        }));
        const written = seriesIn(join(dir, job));
        assert.ok(written.size > 900, `${job}: ${written.size}`);
        assert.deepEqual(stored, written);
      }
    }),
});
