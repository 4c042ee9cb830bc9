/**
 * Takes snapshots with the program's code in one process, on request of the guest's script, as
 * starting Deno is slow in the guest. Each line on standard input is a request, and gets one line
 * in reply: 0, 5 if the snapshot could not be made consistent, or an error.
 *
 *     json FILE    writes a snapshot as JSON
 *     round FILE   appends a snapshot to a recording
 *     all NAME     writes a snapshot in every format (NAME.FORMAT, NAME-extended.influx), and its recording
 *                  (NAME.record)
 */
import { openLive } from "../../../ffi/live_source.ts";
import { Recorder } from "../../../lib/capture/recorder.ts";
import { FORMATS } from "../../../lib/commands/options.ts";
import { encoder, type ShowOptions } from "../../../lib/commands/show.ts";
import { collect } from "../../../lib/ipvs/collect.ts";
import type { Snapshot } from "../../../lib/ipvs/snapshot.ts";
import type { Sink } from "../../../lib/output/byte_writer.ts";

function writeFile(path: string, fill: (sink: Sink) => void): void {
  using file = Deno.openSync(path, { write: true, create: true, truncate: true });
  fill((chunk) => {
    for (let rest = chunk; rest.length > 0;) rest = rest.subarray(file.writeSync(rest));
  });
}

async function encode(
  path: string,
  snapshot: Snapshot,
  options: Partial<ShowOptions>,
): Promise<void> {
  const write = await encoder({ format: "json", extended: false, color: false, ...options });
  writeFile(path, (sink) => write(snapshot, sink));
}

function statusOf({ consistency }: Snapshot): string {
  return consistency.doubts.length > 0 ? "5" : "0";
}

async function readJson(file: string): Promise<string> {
  using source = openLive();
  const snapshot = collect(source);
  await encode(file, snapshot, {});
  return statusOf(snapshot);
}

const recordings = new Map<string, Recorder>();

function readRound(file: string): string {
  using source = openLive();
  let recorder = recordings.get(file);
  if (recorder === undefined) {
    Deno.writeFileSync(file, new Uint8Array());
    recorder = new Recorder((chunk) => Deno.writeFileSync(file, chunk, { append: true }));
    recordings.set(file, recorder);
  }
  return statusOf(recorder.round(source, collect));
}

async function readAll(name: string): Promise<string> {
  using source = openLive();
  let snapshot: Snapshot | undefined;
  writeFile(`${name}.record`, (sink) => snapshot = new Recorder(sink).round(source, collect));
  for (const format of FORMATS) await encode(`${name}.${format}`, snapshot!, { format });
  await encode(`${name}-extended.influx`, snapshot!, { format: "influx", extended: true });
  return statusOf(snapshot!);
}

async function handle(line: string): Promise<string> {
  const [request, file = ""] = line.split(" ");
  try {
    if (request === "json") return await readJson(file);
    if (request === "round") return readRound(file);
    if (request === "all") return await readAll(file);
    return `unknown request ${request}`;
  } catch (error) {
    return String(error).replaceAll("\n", " ");
  }
}

// The client waits for each reply, so there is one line at a time.
const buffer = new Uint8Array(4096);
for (;;) {
  const length = await Deno.stdin.read(buffer);
  if (length === null) break;
  const line = new TextDecoder().decode(buffer.subarray(0, length)).trimEnd();
  await Deno.stdout.write(new TextEncoder().encode(`${await handle(line)}\n`));
}
