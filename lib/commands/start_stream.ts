/**
 * Sets up a stream as the command line describes it.
 *
 * @module
 */
import type { Source } from "../ipvs/collect.ts";
import { type Consistency, mapSnapshots, type Snapshot, type Snapshots } from "../ipvs/snapshot.ts";
import type { Sink } from "../output/byte_writer.ts";
import { Alarm } from "./alarm.ts";
import { captureName } from "./capture_file.ts";
import { printMessage } from "./messages.ts";
import { NamespaceReadings } from "./namespace_readings.ts";
import type { NamespaceEnvironment } from "./namespaces.ts";
import type { StreamFormat } from "./options.ts";
import type { Arguments } from "./parse.ts";
import type { Query } from "./query.ts";
import { KernelReadings, type Read, type Readings } from "./readings.ts";
import { RecordedReadings } from "./recorded_readings.ts";
import { RecordedSchedule, type Schedule, SteadySchedule } from "./schedule.ts";
import { type Encode, encoder } from "./show.ts";
import { SignalBlocker } from "./signal_blocker.ts";
import { stream, type StreamOptions } from "./stream.ts";
import { LineTrigger, SignalTrigger, TimerTrigger, type Trigger } from "./triggers.ts";
import { UsageError } from "./usage_error.ts";
import { numberOf, secondsOf, sizeOf } from "./values.ts";

const DEFAULT_SECONDS = 2;
const NANOSECONDS_PER_MILLISECOND = 1e6;

/** What a stream needs from the program. */
export interface StreamEnvironment {
  /** Opens the running kernel. */
  readonly openKernel: () => Source & Disposable;
  /** Which servers to select, and their order; undefined for all. */
  readonly query?: Query | undefined;
  /** The network namespaces to read; undefined for this process's own one. */
  readonly namespaces?: NamespaceEnvironment | undefined;
  /** The recording to play; undefined for the running kernel. */
  readonly capture: string | URL | undefined;
  readonly read: Read;
  /** Reports a failed reading; returns its exit code. */
  readonly report: (error: unknown) => Promise<number>;
  /** Reports an inconsistent snapshot. */
  readonly verdict: (consistency: Consistency, netns?: string) => void;
}

/**
 * Runs `ipvstat stream`; returns the exit code. SIGINT and SIGTERM end it after the current reading.
 *
 * @throws {UsageError} if standard input is to be both the recording and the trigger, or if the
 * interval is given twice.
 * @throws {CaptureFileError} if the recording cannot be read, or has no complete snapshot.
 * @throws whatever {@linkcode stream} throws.
 */
export async function startStream(
  args: Arguments,
  sink: Sink,
  environment: StreamEnvironment,
): Promise<number> {
  const options = await optionsWithInterval(args);
  const { query } = environment;
  const alarm = new Alarm();
  using _blocker = new SignalBlocker(alarm);
  using readings = openReadings(options, environment);
  using trigger = openTrigger(options, alarm, readings);
  return await stream(sink, {
    readings,
    trigger,
    ...await encoderAndReport(options, sink, environment),
    transform: await transformOf(options, query),
    count: numberOf(options, "count"),
    failFast: options.has("fail-fast"),
    verdict: environment.verdict,
  });
}

type Options = Arguments["options"];

/** Measures rates and then selects servers, if the command line asks for that. */
async function transformOf(
  options: Options,
  query: Query | undefined,
): Promise<StreamOptions["transform"]> {
  const seconds = secondsOf(options, "rates");
  const selectOne = (snapshot: Snapshot) => query?.apply(snapshot) ?? snapshot;
  const select = (snapshots: Snapshots) => mapSnapshots(snapshots, selectOne);
  if (seconds === undefined) return select;
  const { RateHistories } = await import("../ipvs/rate_history.ts");
  const histories = new RateHistories(seconds);
  return (snapshots) => select(histories.measure(snapshots));
}

/** The options, with the interval that the operand or netdata sets. */
async function optionsWithInterval({ operands, options }: Arguments): Promise<Options> {
  const [seconds] = operands;
  const other = ["interval", "on"].find((name) => options.has(name));
  if (seconds !== undefined && other !== undefined) {
    throw new UsageError(`SECONDS and option --${other} cannot be combined`);
  }
  if (other !== undefined) return options;
  const interval = options.get("output") === "netdata"
    ? (await import("./netdata.ts")).netdataInterval(seconds)
    : seconds;
  return interval === undefined ? options : new Map([...options, ["interval", interval]]);
}

async function encoderAndReport(
  options: Options,
  sink: Sink,
  { capture, report }: StreamEnvironment,
): Promise<Pick<StreamOptions, "encode" | "report">> {
  if (options.get("output") !== "netdata") return { encode: await streamEncoder(options), report };
  const { netdataPlugin } = await import("./netdata.ts");
  const seconds = secondsOf(options, "interval") ?? (capture === undefined ? DEFAULT_SECONDS : 1);
  const updateEvery = Math.max(1, Math.ceil(seconds));
  return netdataPlugin(sink, { updateEvery, servers: options.has("servers"), report });
}

async function streamEncoder(options: Options): Promise<Encode> {
  const changes = numberOf(options, "changes");
  if (changes !== undefined) {
    const { ChangesEncoder } = await import("../output/ndjson_changes.ts");
    const changesEncoder = new ChangesEncoder(changes);
    return (snapshots, sink) => changesEncoder.encode(snapshots, sink);
  }
  const format = (options.get("output") ?? "ndjson") as Exclude<StreamFormat, "netdata">;
  return await encoder({ format, extended: options.has("extended"), color: false });
}

function openReadings(options: Options, environment: StreamEnvironment): Readings {
  const { openKernel, namespaces, capture, read } = environment;
  if (namespaces !== undefined) return new NamespaceReadings(namespaces);
  if (capture === undefined) return new KernelReadings(openKernel, read);
  if (captureName(capture) === "standard input" && options.get("on") === "stdin") {
    throw new UsageError("Options --replay - and --on stdin cannot be combined");
  }
  return new RecordedReadings(capture, {
    loop: options.has("loop"),
    read,
    maxSize: sizeOf(options, "max-size"),
    onIncomplete: printMessage,
  });
}

function openTrigger(options: Options, alarm: Alarm, readings: Readings): Trigger {
  const on = options.get("on");
  if (on === "stdin") return new LineTrigger(alarm, Deno.stdin);
  if (on !== undefined) return new SignalTrigger(alarm, on as Deno.Signal);
  return new TimerTrigger(alarm, scheduleOf(options, readings), {
    now: () => performance.now(),
    onSkip: (count) => {
      const skipped = count === 1 ? "1 reading" : `${count} readings`;
      printMessage(`Skipped ${skipped}: the one before took longer than the interval`);
    },
  });
}

/** The recording's own pace unless the command line sets another one. */
function scheduleOf(options: Options, readings: Readings): Schedule {
  const seconds = secondsOf(options, "interval");
  if (seconds === undefined && readings instanceof RecordedReadings) {
    return new RecordedSchedule((k) => Number(readings.offset(k)) / NANOSECONDS_PER_MILLISECOND);
  }
  return new SteadySchedule(1000 * (seconds ?? DEFAULT_SECONDS));
}
