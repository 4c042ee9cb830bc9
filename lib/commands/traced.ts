/**
 * `--debug`: logs what is read from a source.
 *
 * @module
 */
import type { Source } from "../ipvs/collect.ts";
import { printMessage } from "./messages.ts";
import type { Arguments } from "./parse.ts";

/** A source that can be traced. */
export interface TraceableSource extends Source {
  /** Number of datagrams dropped because another process sent them. */
  readonly foreign?: number;
}

/** Uses a source, with --debug a traced one. */
export async function traced<T>(
  args: Arguments,
  source: TraceableSource,
  use: (source: Source) => T | Promise<T>,
): Promise<T> {
  if (!args.options.has("debug")) return await use(source);
  const log = (line: string) => printMessage(`debug: ${line}`);
  const { Trace } = await import("./trace.ts");
  const trace = new Trace(log);
  try {
    return await use(trace.attach(source));
  } finally {
    trace.finish();
    if (source.foreign) log(`${source.foreign} datagrams of other processes dropped`);
  }
}
