/**
 * Reads and encodes the table repeatedly in one process, and prints the duration of each reading in
 * microseconds, one per line.
 *
 *   warm_reader.ts FORMAT READINGS
 */
import { openLive } from "../ffi/live_source.ts";
import {
  collect,
  encodeInflux,
  encodeJson,
  encodeOpenMetrics,
  encodePrometheus,
  encodeTable,
  type Sink,
  type Snapshot,
} from "../mod.ts";

const ENCODERS: Readonly<Record<string, (snapshot: Snapshot, sink: Sink) => void>> = {
  json: encodeJson,
  influx: encodeInflux,
  prometheus: encodePrometheus,
  openmetrics: encodeOpenMetrics,
  table: (snapshot, sink) => encodeTable(snapshot, sink, { color: false }),
};

function main(encode: (snapshot: Snapshot, sink: Sink) => void, readings: number): void {
  using source = openLive();
  const lines: string[] = [];
  for (let i = 0; i < readings; i++) {
    const begin = performance.now();
    let length = 0;
    encode(collect(source), (bytes) => length += bytes.length);
    lines.push((1000 * (performance.now() - begin)).toFixed(0));
    if (length === 0) throw new Error("The encoder wrote nothing");
  }
  console.log(lines.join("\n"));
}

if (import.meta.main) {
  const [format = "", readings] = Deno.args;
  main(ENCODERS[format]!, Number(readings));
}
