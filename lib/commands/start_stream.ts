/**
 * Sets up a stream as the command line describes it.
 *
 * @module
 */
import type { Consistency } from "../ipvs/snapshot.ts";
import type { Sink } from "../output/byte_writer.ts";
import { Alarm } from "./alarm.ts";
import { captureName } from "./capture_file.ts";
import { printMessage } from "./messages.ts";
import type { StreamFormat } from "./options.ts";
import type { Arguments } from "./parse.ts";
import { KernelReadings, type KernelSource, type Read, type Readings } from "./readings.ts";
import { RecordedReadings } from "./recorded_readings.ts";
import { RecordedSchedule, type Schedule, SteadySchedule } from "./schedule.ts";
import { type Encode, encoder } from "./show.ts";
import { SignalBlocker } from "./signal_blocker.ts";
import { stream, type StreamOptions } from "./stream.ts";
import { LineTrigger, SignalTrigger, TimerTrigger, type Trigger } from "./triggers.ts";
import { UsageError } from "./usage_error.ts";
import { parseSeconds, parseSize } from "./values.ts";

const DEFAULT_SECONDS = 2;
const NANOSECONDS_PER_MILLISECOND = 1e6;

/** What a stream needs from the program. */
export interface StreamEnvironment {
  /** Opens the running kernel. */
  readonly openKernel: () => KernelSource;
  /** The built-in recording. */
  readonly demo: URL;
  readonly read: Read;
  /** Reports a failed reading; returns its exit code. */
  readonly report: (error: unknown) => Promise<number>;
  /** Reports an inconsistent snapshot. */
  readonly verdict: (consistency: Consistency) => void;
}

/**
 * Runs `ipvstat stream`; returns the exit code. SIGINT and SIGTERM end it after the current reading.
 *
 * @throws {UsageError} if standard input is to be both the recording and the trigger.
 * @throws {CaptureFileError} if the recording cannot be read, or has no complete snapshot.
 * @throws whatever {@linkcode stream} throws.
 */
export async function startStream(
  { options }: Arguments,
  sink: Sink,
  environment: StreamEnvironment,
): Promise<number> {
  const alarm = new Alarm();
  using _blocker = new SignalBlocker(() => alarm.stop());
  using readings = openReadings(options, environment);
  using trigger = openTrigger(options, alarm, readings);
  return await stream(sink, {
    readings,
    trigger,
    encode: await streamEncoder(options),
    transform: await rateTransform(options),
    count: numberOf(options, "count"),
    failFast: options.has("fail-fast"),
    report: environment.report,
    verdict: environment.verdict,
  });
}

type Options = Arguments["options"];

function numberOf(options: Options, name: string): number | undefined {
  const value = options.get(name);
  return value === undefined ? undefined : Number(value);
}

function secondsOf(options: Options, name: string): number | undefined {
  const value = options.get(name);
  return value === undefined ? undefined : parseSeconds(value);
}

/** Measures rates, if the command line asks for them. */
async function rateTransform(options: Options): Promise<StreamOptions["transform"]> {
  const seconds = secondsOf(options, "rates");
  if (seconds === undefined) return undefined;
  const { RateHistory } = await import("../ipvs/rate_history.ts");
  const history = new RateHistory(seconds);
  return (snapshot) => history.measure(snapshot);
}

async function streamEncoder(options: Options): Promise<Encode> {
  const changes = numberOf(options, "changes");
  if (changes !== undefined) {
    const { ChangesEncoder } = await import("../output/ndjson_changes.ts");
    const changesEncoder = new ChangesEncoder(changes);
    return (snapshot, sink) => changesEncoder.encode(snapshot, sink);
  }
  const format = (options.get("output") ?? "ndjson") as StreamFormat;
  return await encoder({ format, extended: options.has("extended"), color: false });
}

function openReadings(options: Options, environment: StreamEnvironment): Readings {
  const { openKernel, demo, read } = environment;
  const file = options.get("replay") ?? (options.has("demo") ? demo : undefined);
  if (file === undefined) return new KernelReadings(openKernel, read);
  if (captureName(file) === "standard input" && options.get("on") === "stdin") {
    throw new UsageError("Options --replay - and --on stdin cannot be combined");
  }
  const maxSize = options.get("max-size");
  return new RecordedReadings(file, {
    loop: options.has("loop"),
    read,
    maxSize: maxSize === undefined ? undefined : parseSize(maxSize),
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
