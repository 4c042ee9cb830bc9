/**
 * The units of packaging/systemd/ under systemd, and Debian's node_exporter, which reads what they
 * write.
 */
import assert from "node:assert/strict";
import { parseSample } from "../_output_parsers.ts";
import { textOf } from "../kernel/_files.ts";
import type { Test } from "../kernel/_guest.ts";
import { binaryPhase } from "./_guest.ts";

const COLLECTED = "/var/lib/prometheus/node-exporter/ipvs.prom";
const inGuest = binaryPhase("textfile.sh", {
  systemctl: "systemd",
  "prometheus-node-exporter": "prometheus-node-exporter",
});

const test: Test = (name, body) =>
  inGuest(name, (files) => {
    assert.equal(textOf(files, "script.txt"), "");
    return body(files);
  });

/**
 * Values by name and labels of the samples with a prefix. Labels with an empty value are omitted,
 * because node_exporter gives every sample of a metric the same labels.
 */
function samplesOf(text: string, prefix: string): Map<string, number> {
  const lines = text.split("\n").filter((line) => line.startsWith(prefix));
  return new Map(lines.map((line) => {
    const { name, labels, value } = parseSample(line, /^[-+.e\d]+$/);
    const pairs = [...labels].filter(([, text]) => text !== "").map((pair) => pair.join("="));
    return [`${name}{${pairs.sort()}}`, Number(value)];
  }));
}

test("node_exporter exposes every sample of the file, and no others", (files) => {
  const written = samplesOf(textOf(files, "ipvs.prom"), "ipvs_");
  assert.ok(written.size > 400);
  assert.deepEqual(samplesOf(textOf(files, "scrape.prom"), "ipvs_"), written);
});

test("node_exporter runs without its own ipvs collector, as in the example", (files) => {
  assert.doesNotMatch(textOf(files, "scrape.prom"), /^node_ipvs_/m);
});

test("node_exporter reports no error for the file, and its time", (files) => {
  const about = samplesOf(textOf(files, "scrape.prom"), "node_textfile_");
  assert.equal(about.get("node_textfile_scrape_error{}"), 0);
  const file = `node_textfile_mtime_seconds{file=${COLLECTED}}`;
  assert.ok(Math.abs(about.get(file)! - Date.now() / 1000) < 3600, [...about.keys()].join());
});

test("no scrape sees an incomplete file while it is replaced", (files) => {
  const lines = textOf(files, "meanwhile.txt").trim().split("\n");
  const counts = ["ipvs.prom", "as-root.prom"].map((name) =>
    String(samplesOf(textOf(files, name), "ipvs_").size)
  );
  assert.ok(lines.length >= 20);
  assert.deepEqual(
    lines.filter((line) => line === "node_textfile_scrape_error 0").length * 2,
    lines.length,
  );
  const others = lines.filter((line) =>
    !["node_textfile_scrape_error 0", ...counts].includes(line)
  );
  assert.deepEqual(others, []);
});

test("the file belongs to the dynamic user, is world-readable, and is linked for node_exporter", (files) => {
  assert.equal(
    textOf(files, "files.txt"),
    `/run/ipvstat: directory, 755, ipvstat
/run/ipvstat/ipvs.prom: regular file, 644, ipvstat
${COLLECTED}: symbolic link, 777, root
`,
  );
});

test("the timer starts the service again, which logs nothing on success", (files) => {
  assert.match(textOf(files, "next.txt"), /^\d[\d.]*(d|h|min|s|ms|us)( |$)/m);
  assert.equal(textOf(files, "journal.txt"), "");
});

test("the service has one capability, and no access to what it does not need", (files) => {
  const inside = textOf(files, "inside.txt");
  const status = (name: string) => new RegExp(`^${name}:\\s+(\\w+)`, "m").exec(inside)?.[1];
  for (const set of ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"]) {
    assert.equal(status(set), "0000000000001000", set);
  }
  assert.deepEqual([status("NoNewPrivs"), status("Seccomp"), status("Umask")], ["1", "2", "0077"]);
  assert.notEqual(status("Uid"), "0");
  const refusals = inside.split("\n").filter((line) => /^(ls|touch):/.test(line));
  assert.deepEqual(refusals.map((line) => /'(.*)'/.exec(line)?.[1]), [
    ...["/proc/meminfo", "/proc/1", "/var/lib/here", "/run/here"],
  ]);
});

test("without the capability the service exits 4, and the journal says why", (files) => {
  assert.equal(textOf(files, "lacking-status.txt"), "4\n");
  assert.match(textOf(files, "lacking-journal.txt"), /^ipvstat: .*CAP_NET_ADMIN/m);
});

test("a stopped timer leaves nothing behind", (files) => {
  assert.equal(textOf(files, "left.txt"), "");
});
