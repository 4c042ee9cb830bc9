/** Checks one file: opens and replays it, encodes it in every format, and compares the formats. */
import assert from "node:assert/strict";
import { CaptureError, recordedError } from "../../lib/capture/error.ts";
import { openRecording, type Round } from "../../lib/capture/recording.ts";
import { collect } from "../../lib/ipvs/collect.ts";
import { countRealServers, type Snapshot } from "../../lib/ipvs/snapshot.ts";
import { DecodeError } from "../../lib/netlink/errors.ts";
import { NotRecordedError } from "../../lib/netlink/transport.ts";
import type { Sink } from "../../lib/output/byte_writer.ts";
import { encodeInflux } from "../../lib/output/influx.ts";
import { encodeJson } from "../../lib/output/json.ts";
import { encodeOpenMetrics, encodePrometheus } from "../../lib/output/prometheus.ts";
import { printable } from "../../lib/output/printable.ts";
import { encodeTable } from "../../lib/output/table.ts";
import { textOf } from "../_output_parsers.ts";
import { workOf } from "../capture/_count_work.ts";
import { compareOutputs, type Outputs, UNSAFE_CHARACTERS } from "./_compare.ts";
import { checkOtherFormats } from "./_other_formats.ts";

/**
 * Maximum work to read a file, by its size in bytes, and to encode a snapshot, by its number of
 * servers; see tests/capture/_count_work.ts. Typical values are up to 3 per byte and 9,000 per
 * server.
 */
const READING_LIMIT = { base: 5000, each: 8 } as const;
const ENCODING_LIMIT = { base: 400_000, each: 20_000 } as const;

/** Returns whether a file is accepted; throws if a check fails. */
export function checkFile(file: Uint8Array): boolean {
  let snapshots: Snapshot[] = [];
  let failure: unknown;
  const work = workOf(() => {
    try {
      snapshots = roundsOf(file).map((round) => collect(round.play()));
    } catch (error) {
      failure = recordedError(error);
    }
  });
  assertLimit("Reading", work, READING_LIMIT, file.length);
  if (failure !== undefined) checkError(failure);
  for (const snapshot of snapshots) {
    let outputs: Outputs | undefined;
    const work = workOf(() => outputs = encodeAll(snapshot));
    const { virtualServers, cpus } = snapshot;
    const rows = virtualServers.length + countRealServers(virtualServers) + (cpus?.length ?? 0);
    assertLimit("Encoding", work, ENCODING_LIMIT, rows);
    compareOutputs(outputs!);
    checkOtherFormats(snapshot, outputs!.json);
  }
  return failure === undefined;
}

function assertLimit(
  what: string,
  work: number,
  { base, each }: typeof READING_LIMIT | typeof ENCODING_LIMIT,
  count: number,
) {
  const limit = base + each * count;
  assert.ok(work <= limit, `${what} takes too much work: ${work} > ${limit}, for ${count}`);
}

/** The snapshot that is replayed by default and, if different, the first complete one. */
function roundsOf(file: Uint8Array): Round[] {
  const recording = openRecording(file);
  const last = recording.selectRound();
  const first = recording.rounds.find(({ complete }) => complete)!;
  return first === last ? [last] : [first, last];
}

/** Encodes a snapshot in every format. */
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

/** Checks that an error is documented, and its message is one safe line. */
function checkError(error: unknown): void {
  const isDocumented = error instanceof CaptureError || error instanceof DecodeError ||
    error instanceof NotRecordedError;
  if (!isDocumented) throw error;
  const line = printable(error.message);
  assert.match(line, /^Cannot [^\n]+$/, "the message is not one line");
  assert.doesNotMatch(line, UNSAFE_CHARACTERS, "an unsafe character in the message");
}
