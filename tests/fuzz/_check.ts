/** Takes a file through the whole program, and says whether all of it went as it must. */
import assert from "node:assert/strict";
import { CaptureError, recordedError } from "../../lib/capture/error.ts";
import { openRecording, type Round } from "../../lib/capture/recording.ts";
import { collect } from "../../lib/ipvs/collect.ts";
import type { Snapshot } from "../../lib/ipvs/snapshot.ts";
import { DecodeError } from "../../lib/netlink/errors.ts";
import { NotRecordedError } from "../../lib/netlink/transport.ts";
import type { Sink } from "../../lib/output/byte_writer.ts";
import { encodeInflux } from "../../lib/output/influx.ts";
import { encodeJson } from "../../lib/output/json.ts";
import { encodeOpenMetrics, encodePrometheus } from "../../lib/output/prometheus.ts";
import { printable } from "../../lib/output/printable.ts";
import { encodeTable } from "../../lib/output/table.ts";
import { textOf } from "../_parsers.ts";
import { workOf } from "../capture/_work.ts";
import { compareOutputs, type Outputs, UNSEEN } from "./_compare.ts";

/** What became of a file. */
export interface Verdict {
  readonly isAccepted: boolean;
  /** Work for each byte of the file, beyond what the smallest file takes. */
  readonly workPerByte: number;
}

/**
 * What a file may cost: some work for what every output has, and some for each byte. A server takes
 * about 150 bytes, and each of its 20 numbers is written seven times.
 */
const WORK = { least: 100_000, perByte: 200 } as const;

/** Checks a file; throws where something is not as it must be. Counters must be installed. */
export function checkFile(file: Uint8Array): Verdict {
  let outputs: Outputs[] = [];
  let refusal: unknown;
  const work = workOf(() => {
    try {
      outputs = roundsOf(file).map((round) => encodeAll(collect(round.play())));
    } catch (error) {
      refusal = recordedError(error);
    }
  });
  if (refusal !== undefined) checkRefusal(refusal);
  for (const each of outputs) compareOutputs(each);
  const workPerByte = Math.max(0, work - WORK.least) / (file.length + 1);
  assert.ok(workPerByte < WORK.perByte, `Too much work: ${work} for ${file.length} bytes`);
  return { isAccepted: refusal === undefined, workPerByte };
}

/** The snapshot that a replay takes, and the first complete one where that is another. */
function roundsOf(file: Uint8Array): Round[] {
  const recording = openRecording(file);
  const last = recording.selectRound();
  const first = recording.rounds.find(({ whole }) => whole)!;
  return first === last ? [last] : [first, last];
}

/** A snapshot in every format. */
export function encodeAll(snapshot: Snapshot): Outputs {
  const text = (encode: (snapshot: Snapshot, sink: Sink) => void) =>
    textOf((sink) => encode(snapshot, sink));
  return {
    json: text(encodeJson),
    influx: text(encodeInflux),
    extended: text((snapshot, sink) => encodeInflux(snapshot, sink, { extended: true })),
    prometheus: text(encodePrometheus),
    openmetrics: text(encodeOpenMetrics),
    table: text((snapshot, sink) => encodeTable(snapshot, sink, { color: false })),
  };
}

function checkRefusal(error: unknown): void {
  const isDocumented = error instanceof CaptureError || error instanceof DecodeError ||
    error instanceof NotRecordedError;
  if (!isDocumented) throw error;
  const line = printable(error.message);
  assert.match(line, /^Cannot [^\n]+$/, "Not a message of one line");
  assert.doesNotMatch(line, UNSEEN, "A character that steers a terminal in a message");
}
