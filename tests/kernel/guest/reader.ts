/**
 * Reads the kernel by the program's own code in one process, as often as the guest's script asks: starting
 * Deno is what takes longest there. Each line on standard input is one request, and each gets one line in
 * answer: 0, or 5 where the reading could not be made consistent, or what failed.
 *
 *     json FILE    one reading, as JSON
 *     all NAME     one reading in every format (NAME.FORMAT, NAME-extended.influx), and recorded (NAME.record)
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

async function readAll(name: string): Promise<string> {
  using source = openLive();
  let snapshot: Snapshot | undefined;
  writeFile(`${name}.record`, (sink) => snapshot = new Recorder(sink).round(source, collect));
  for (const format of FORMATS) await encode(`${name}.${format}`, snapshot!, { format });
  await encode(`${name}-extended.influx`, snapshot!, { format: "influx", extended: true });
  return statusOf(snapshot!);
}

async function answer(line: string): Promise<string> {
  const [request, file = ""] = line.split(" ");
  try {
    if (request === "json") return await readJson(file);
    if (request === "all") return await readAll(file);
    return `there is no request ${request}`;
  } catch (error) {
    return String(error).replaceAll("\n", " ");
  }
}

// Whoever asks waits for the answer, so there is one line at a time.
const buffer = new Uint8Array(4096);
for (;;) {
  const length = await Deno.stdin.read(buffer);
  if (length === null) break;
  const line = new TextDecoder().decode(buffer.subarray(0, length)).trimEnd();
  await Deno.stdout.write(new TextEncoder().encode(`${await answer(line)}\n`));
}
