/**
 * `deno task bench:stream`: many readings in one process, from a recording on this machine and from
 * the kernel of the lab. Another process parses each line.
 *
 *   deno run -A bench/stream.ts [READINGS]
 */
import { join } from "node:path";
import { quoteWords } from "../tests/kernel/_prepare.ts";
import { boot } from "../tests/kernel/_lab.ts";
import { outputOf, withTempDir } from "../tests/_commands.ts";
import { generateRecording } from "./generate.ts";
import { markdown, programCommand } from "./measure.ts";
import type { Summary } from "./stream_reader.ts";
import { parseTable, rulesOf } from "./table.ts";

const READINGS = 10_000;
const SAMPLES = 10;
const REPLAYED = "1000x10";
const LIVE = "100x10";

/** The command that follows a stream; all readings follow each other without a pause. */
function follower(readings: number, words: readonly string[]): string[] {
  const reader = join(import.meta.dirname!, "stream_reader.ts");
  // Files below /proc can be read with all permissions only.
  const run = [Deno.execPath(), "run", "--allow-all", "--no-lock", "--cached-only"];
  const stream = ["stream", "--interval", "0", "--count", String(readings), ...words];
  const every = Math.ceil(readings / SAMPLES);
  return [...run, reader, String(every), ...programCommand(), ...stream];
}

async function replay(readings: number, dir: string): Promise<Summary> {
  const recording = join(dir, "recording.pcap");
  using file = Deno.openSync(recording, { write: true, create: true });
  generateRecording(parseTable(REPLAYED), (chunk) => void file.writeSync(chunk));
  return JSON.parse(await outputOf(follower(readings, ["--replay", recording, "--loop"])));
}

async function live(readings: number): Promise<Summary> {
  const script = `set -e\nipvsadm -R < rules\n${quoteWords(follower(readings, []))}\n`;
  const files = { rules: rulesOf(parseTable(LIVE)) };
  const { status, stdout, stderr } = await boot({ script, files, memory: "2G" });
  if (status !== 0) throw new Error(`Cannot measure in the lab: ${stderr}`);
  return JSON.parse(stdout);
}

function row(name: string, summary: Summary): string[] {
  const { readings, lines, median, p99, maximum, memory, descriptors } = summary;
  const megabytes = memory.map((kilobytes) => (kilobytes / 1024).toFixed(0)).join(" ");
  const times = [median, p99, maximum].map((time) => time.toFixed(1));
  return [name, String(readings), String(lines), ...times, megabytes, descriptors.join(" ")];
}

if (import.meta.main) {
  const readings = Number(Deno.args[0] ?? READINGS);
  await withTempDir(async (dir) => {
    const rows = [
      row(`replay of ${REPLAYED}`, await replay(readings, dir)),
      row(`live, ${LIVE}`, await live(readings)),
    ];
    console.log("Streams in ndjson without pauses; another process parses each line.\n");
    const head = ["", "readings", "lines", "median ms", "p99 ms", "maximum ms"];
    console.log(markdown([...head, "memory MB over time", "open files over time"], rows));
  });
}
