/**
 * `ipvstat record`: captures what the kernel answers, to be replayed anywhere.
 *
 * @module
 */
import { Recorder } from "../capture/record.ts";
import { collect, type Source } from "../ipvs/collect.ts";
import type { Consistency } from "../ipvs/snapshot.ts";
import { sinkTo } from "./output.ts";

/** What is to be recorded. */
export interface RecordOptions {
  /** The file, replaced where it is there; `-` for standard output. */
  readonly file: string;
  /** How many readings, at least 1. */
  readonly rounds: number;
  /** Seconds between the beginnings of two readings. */
  readonly interval: number;
}

/**
 * Records; returns how consistent each reading was. A recording that fails leaves no file.
 *
 * @throws {NetlinkError} if the kernel refuses.
 * @throws {WriteError} if the file takes no more.
 */
export async function record(source: Source, options: RecordOptions): Promise<Consistency[]> {
  if (options.file === "-") return await recordTo(Deno.stdout, source, options);
  const file = Deno.openSync(options.file, { write: true, create: true, truncate: true });
  try {
    return await recordTo(file, source, options);
  } catch (error) {
    if (file.statSync().isFile) Deno.removeSync(options.file);
    throw error;
  } finally {
    file.close();
  }
}

async function recordTo(
  writable: { writeSync(bytes: Uint8Array): number },
  source: Source,
  options: RecordOptions,
): Promise<Consistency[]> {
  const recorder = new Recorder(sinkTo(writable, options.file));
  const results: Consistency[] = [];
  const begin = performance.now();
  for (let i = 0; i < options.rounds; i++) {
    const wait = begin + i * options.interval * 1000 - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    results.push(recorder.round(source, collect).consistency);
  }
  return results;
}
