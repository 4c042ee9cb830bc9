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
import { workOf } from "../capture/_count_work.ts";
import { compareOutputs, type Outputs, UNSEEN } from "./_compare.ts";

/**
 * What a file may cost, counted by the built-in functions' work: some for every file and some for
 * each byte to read it, some for every output and some for each server to encode it. What is read is
 * at most some 3 for a byte, and a server in all formats some 9,000.
 */
const READING = { least: 5000, each: 8 } as const;
const ENCODING = { least: 400_000, each: 20_000 } as const;

/** Whether a file is accepted; throws where something is not as it must be. */
export function checkFile(file: Uint8Array): boolean {
  let snapshots: Snapshot[] = [];
  let refusal: unknown;
  const work = workOf(() => {
    try {
      snapshots = roundsOf(file).map((round) => collect(round.play()));
    } catch (error) {
      refusal = recordedError(error);
    }
  });
  limit("Reading", work, READING, file.length);
  if (refusal !== undefined) checkRefusal(refusal);
  for (const snapshot of snapshots) {
    let outputs: Outputs | undefined;
    const work = workOf(() => outputs = encodeAll(snapshot));
    const { virtualServers, realServers } = snapshot.servers;
    const rows = virtualServers + realServers + (snapshot.cpus?.length ?? 0);
    limit("Encoding", work, ENCODING, rows);
    compareOutputs(outputs!);
  }
  return refusal === undefined;
}

function limit(
  what: string,
  work: number,
  { least, each }: typeof READING | typeof ENCODING,
  count: number,
) {
  const most = least + each * count;
  assert.ok(work <= most, `${what} takes too much work: ${work}, not ${most}, for ${count}`);
}

/** The snapshot that a replay takes, and the first complete one where that is another. */
function roundsOf(file: Uint8Array): Round[] {
  const recording = openRecording(file);
  const last = recording.selectRound();
  const first = recording.rounds.find(({ complete }) => complete)!;
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
