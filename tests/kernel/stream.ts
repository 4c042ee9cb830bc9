/** Streams of the running kernel: a table at rest, and ip_vs removed and loaded again. */
import assert from "node:assert/strict";
import { parseLineProtocol } from "../_output_parsers.ts";
import { type Files, seen, textOf } from "./_files.ts";
import { phase } from "./_guest.ts";

const test = phase("stream.sh");

/** The output of a command, without times. */
function timeless(files: Files, name: string): string {
  const { status, out, err } = seen(files, name);
  assert.deepEqual([status, err], [0, ""], name);
  return out.replaceAll(/\b\d{19}\b|\b\d{4}-\d\d-\d\dT[\d:.]+/g, "TIME");
}

test("stream prints what show prints, for each reading", (files) => {
  const held = "hold tcp,192.0.2.10,80";
  assert.equal(textOf(files, "held.txt"), `${held} 5/5\n`);
  for (const format of ["ndjson", "influx"]) {
    const shown = timeless(files, `show-${format}`);
    assert.match(shown, /active_connections"?[:=]5[i,]/);
    assert.equal(timeless(files, `stream-${format}`), shown.repeat(3));
  }
});

test("stream --changes prints no servers if nothing has changed", (files) => {
  const lines = timeless(files, "stream-changes").trimEnd().split("\n");
  const types = lines.map((line) => JSON.parse(line.replaceAll("TIME", "0")));
  assert.deepEqual(types.map(({ type, reading }) => reading ?? type), [
    ...["whole", "virtual_server", "real_server"],
    "changes",
    ...["whole", "virtual_server", "real_server"],
  ]);
});

/** The virtual servers of each reading, which begins with the totals. */
function tablesOf(text: string): string[][] {
  return text.split(/^(?=ipvs )/m).filter((reading) => reading !== "").map((reading) =>
    parseLineProtocol(reading).filter(({ measurement }) => measurement === "ipvs_virtual_server")
      .map(({ tags }) => tags.get("fwmark") ?? tags.get("address")!)
  );
}

const OLD = ["192.0.2.1", "192.0.2.1", "1"];
const NEW = ["192.0.2.2", "192.0.2.2", "2"];

test("stream goes on when ip_vs is removed and loaded again, with a line for each failure", (files) => {
  const { status, out, err } = seen(files, "reload");
  assert.equal(status, 0);
  assert.deepEqual(tablesOf(out), [OLD, NEW, NEW]);
  const lines = err.trimEnd().split("\n");
  assert.equal(lines.length, 2, err);
  for (const line of lines) assert.match(line, /^ipvstat: .*; try: sudo modprobe ip_vs /);
});

test("stream does not make the kernel load ip_vs", (files) => {
  assert.doesNotMatch(textOf(files, "modules-without.txt"), /^ip_vs /m);
});

test("stream --fail-fast exits 3 when ip_vs is removed", (files) => {
  const { status, out, err } = seen(files, "fail-fast");
  assert.equal(status, 3);
  assert.deepEqual(tablesOf(out), [NEW]);
  assert.match(err, /^ipvstat: [^\n]*modprobe ip_vs[^\n]*\n$/);
});

test("stream exits 3 with a line for each reading if all of them failed", (files) => {
  const { status, out, err } = seen(files, "missing");
  assert.deepEqual([status, out], [3, ""]);
  assert.equal(err.trimEnd().split("\n").length, 2, err);
});
