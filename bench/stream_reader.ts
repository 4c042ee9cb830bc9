/**
 * Starts a stream in ndjson, parses each of its lines, and prints as JSON what it saw: the number of
 * readings and lines, the time from one reading to the next in milliseconds (median, 99th percentile,
 * maximum), and the memory in KiB and the open files of the stream over time.
 *
 *   stream_reader.ts SAMPLES COMMAND...
 */
import { median } from "./measure.ts";

/** What a stream did. */
export interface Summary {
  readonly readings: number;
  readonly lines: number;
  readonly code: number;
  readonly median: number;
  readonly p99: number;
  readonly maximum: number;
  /** Resident set size in KiB, at equal intervals of readings. */
  readonly memory: readonly number[];
  /** Number of open file descriptors at the same moments. */
  readonly descriptors: readonly number[];
}

/** Splits chunks of bytes into lines. */
async function* linesOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string[]> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    yield lines;
  }
  if (rest !== "") throw new Error(`The last line is incomplete: ${rest}`);
}

function residentKilobytes(pid: number): number {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]);
}

async function follow(command: readonly string[], every: number): Promise<Summary> {
  const [program = "", ...args] = command;
  const child = new Deno.Command(program, { args, stdout: "piped" }).spawn();
  let readings = 0, lines = 0, last = performance.now();
  const times: number[] = [], memory: number[] = [], descriptors: number[] = [];
  for await (const batch of linesOf(child.stdout)) {
    lines += batch.length;
    for (const line of batch) {
      if (JSON.parse(line).type !== "ipvs") continue;
      times.push(performance.now() - last);
      last = performance.now();
      if (readings++ % every !== 0) continue;
      memory.push(residentKilobytes(child.pid));
      descriptors.push([...Deno.readDirSync(`/proc/${child.pid}/fd`)].length);
    }
  }
  const { code } = await child.status;
  const sorted = times.slice(1).sort((a, b) => a - b);
  const p99 = sorted[Math.ceil(sorted.length * 0.99) - 1]!;
  const slowest = { median: median(sorted), p99, maximum: sorted.at(-1)! };
  return { readings, lines, code, ...slowest, memory, descriptors };
}

if (import.meta.main) {
  const [every = "1", ...command] = Deno.args;
  console.log(JSON.stringify(await follow(command, Number(every))));
}
