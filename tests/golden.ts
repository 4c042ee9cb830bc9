/**
 * `deno task golden`: rewrites the expected outputs of every case in testdata/, and of the
 * recordings of kernels. Review the diff before you commit it: users see these outputs.
 */
import { join } from "node:path";
import { encoder } from "../lib/commands/show.ts";
import { openReplay } from "../lib/commands/replay.ts";
import { collect } from "../lib/ipvs/collect.ts";
import type { ShowOptions } from "../lib/commands/show.ts";

/** The directory of the cases; each is a directory with a `capture.pcap`. */
export const TESTDATA: string = new URL("../testdata", import.meta.url).pathname;

const METRICS = { format: "prometheus", extended: false, color: false } as const;

/** The expected files next to a capture, and the options for each. */
export const GOLDENS: Readonly<Record<string, ShowOptions>> = {
  "expected.txt": { format: "table", extended: false, color: false },
  "expected-80.txt": { format: "table", extended: false, color: false, width: 80 },
  "expected.json": { format: "json", extended: false, color: false },
  "expected.ndjson": { format: "ndjson", extended: false, color: false },
  "expected.csv": { format: "csv", extended: false, color: false },
  "expected.rules": { format: "ipvsadm", extended: false, color: false },
  "expected-rollup.txt": {
    ...{ format: "table", extended: false, color: false, width: 80, rollup: true },
  },
  "expected.influx": { format: "influx", extended: false, color: false },
  "expected-extended.influx": { format: "influx", extended: true, color: false },
  "expected.prom": { format: "prometheus", extended: false, color: false },
  "expected.openmetrics": { format: "openmetrics", extended: false, color: false },
  "expected-aggregate.prom": { ...METRICS, aggregate: "virtual" },
  "expected-node-exporter.prom": { ...METRICS, compat: "node_exporter" },
  "expected-node-exporter-aggregate.prom": {
    ...METRICS,
    compat: "node_exporter",
    aggregate: "virtual",
  },
};

/** The directory of the recordings of several kernels: `linux-KERNEL.pcap` and expected JSON. */
export const RECORDINGS: string = new URL("./capture/data", import.meta.url).pathname;

/** Names of the recordings of kernels, without `.pcap`. */
export function recordings(): string[] {
  return [...Deno.readDirSync(RECORDINGS)].map(({ name }) => name)
    .filter((name) => /^linux-.*\.pcap$/.test(name))
    .map((name) => name.slice(0, -".pcap".length)).toSorted();
}

/** Names of the cases. */
export function cases(): string[] {
  return [...Deno.readDirSync(TESTDATA)].filter((entry) => entry.isDirectory)
    .map((entry) => entry.name).toSorted();
}

/** The output for the capture of a case. */
export function output(name: string, options: ShowOptions): Promise<string> {
  return outputOf(join(TESTDATA, name, "capture.pcap"), options);
}

/** The output for a capture. */
export async function outputOf(capture: string, options: ShowOptions): Promise<string> {
  const encode = await encoder(options);
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  const snapshot = collect(openReplay(capture));
  encode(snapshot, (chunk) => text += decoder.decode(chunk, { stream: true }));
  return text + decoder.decode();
}

if (import.meta.main) {
  for (const name of cases()) {
    for (const [file, options] of Object.entries(GOLDENS)) {
      Deno.writeTextFileSync(join(TESTDATA, name, file), await output(name, options));
    }
  }
  for (const name of recordings()) {
    const text = await outputOf(join(RECORDINGS, `${name}.pcap`), GOLDENS["expected.json"]!);
    Deno.writeTextFileSync(join(RECORDINGS, `${name}.json`), text);
  }
}
