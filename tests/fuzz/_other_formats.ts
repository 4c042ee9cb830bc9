/**
 * Checks the formats that contain the same values as JSON in another arrangement, and those for one
 * other program each.
 */
import assert from "node:assert/strict";
import { withRates } from "../../lib/ipvs/rates.ts";
import type { Snapshot } from "../../lib/ipvs/snapshot.ts";
import type { Sink } from "../../lib/output/byte_writer.ts";
import { encodeJson } from "../../lib/output/json.ts";
import { encodeNdjson } from "../../lib/output/ndjson.ts";
import { netdataEncoder } from "../../lib/output/netdata.ts";
import { encodeNodeExporter } from "../../lib/output/node_exporter.ts";
import { encodePrometheus } from "../../lib/output/prometheus.ts";
import { parseExactJson, parsePrometheus, textOf } from "../_output_parsers.ts";
import { UNSAFE_CHARACTERS } from "./_compare.ts";

type Fields = Record<string, unknown>;
type Virtual = Fields & { real_servers: Fields[] };

/** A line of netdata's protocol, as its documentation has it. */
const NETDATA_LINE =
  /^(?:CHART(?: '[^'\n]*'| [^ '\n]+){6,}|DIMENSION [^\n]+|BEGIN [^ \n]+(?: \d+)?|SET [^ \n]+ = -?\d+|END|)$/;

/** Throws if a format is malformed, or differs from the JSON of the same snapshot. */
export function checkOtherFormats(snapshot: Snapshot, json: string): void {
  const text = (encode: (snapshot: Snapshot, sink: Sink) => void) =>
    textOf((sink) => encode(snapshot, sink));
  assert.deepEqual(ndjsonServers(text(encodeNdjson)), jsonServers(json));
  parsePrometheus(text((from, sink) => encodePrometheus(from, sink, { aggregate: "virtual" })));
  parsePrometheus(text(encodeNodeExporter));
  const options = { dialect: "openmetrics", aggregate: "virtual" } as const;
  parsePrometheus(text((from, sink) => encodeNodeExporter(from, sink, options)), true);
  const later = { ...snapshot, time: snapshot.time + 2_000_000_000n };
  checkNetdata([snapshot, later]);
  checkRates(withRates(later, snapshot));
}

/** The servers of a document in one list. */
function jsonServers(json: string): Fields[] {
  const { virtual_servers: servers } = parseExactJson(json) as { virtual_servers: Virtual[] };
  return servers.flatMap(({ real_servers: real, ...virtual }) => [virtual, ...real]);
}

/** The same from lines. */
function ndjsonServers(text: string): Fields[] {
  assert.doesNotMatch(text, UNSAFE_CHARACTERS);
  const [first, ...lines] = text.trimEnd().split("\n").map((line) =>
    parseExactJson(line) as Fields
  );
  assert.equal(first!.type, "ipvs");
  return lines.map(({ type, time: _, time_ns: __, ...fields }) => {
    const isReal = type === "real_server";
    return Object.fromEntries(
      Object.entries(fields).filter(([name]) => !isReal || !name.startsWith("virtual_")),
    );
  });
}

function checkNetdata(snapshots: readonly Snapshot[]): void {
  const encode = netdataEncoder({ updateEvery: 1, servers: true });
  for (const snapshot of snapshots) {
    for (const line of textOf((sink) => encode(snapshot, sink)).split("\n")) {
      assert.match(line, NETDATA_LINE);
      assert.doesNotMatch(line, UNSAFE_CHARACTERS);
    }
  }
}

/** Counters that stand still have the rate 0, if any. */
function checkRates(snapshot: Snapshot): void {
  const rates = textOf((sink) => encodeJson(snapshot, sink)).matchAll(/"measured_\w+":([^,}]+)/g);
  for (const [member, rate] of rates) assert.ok(rate === "0" || rate === "null", member);
}
