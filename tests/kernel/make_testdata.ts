/**
 * Makes the material for the golden files: boots the lab for every case and writes to
 * testdata/CASE/ what ipvstat has recorded (capture.pcap), what nlmon has seen of `ipvsadm -Ln`
 * (nlmon-ipvsadm.pcap), and every listing of ipvsadm (ipvsadm*.txt), all of one frozen moment.
 *
 *     deno run -A tests/kernel/make_testdata.ts [CASE...] [--to=FOLDER]
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { assertListings } from "./_compare.ts";
import { textOf } from "./_files.ts";
import { boot } from "./_lab.ts";
import { checkout } from "./_prepare.ts";
import { decodeCapture } from "./_wire_ipvs.ts";

/** How a case's table comes about in the guest. */
const cases: Record<string, string> = {
  hard: '. "$LAB_GUEST/hard_cases.sh"; make_hard_cases',
  demo: '. "$LAB_GUEST/demo.sh"; make_demo',
  empty: "freeze_counters",
};

/** The demo is part of the program, and everybody fetches it. */
const DEMO_LIMIT = 60_000;

const record = `
list_with_ipvsadm ipvsadm
with_nlmon "$LAB_OUT/nlmon-ipvsadm.pcap" ipvsadm -Ln > /dev/null
ipvstat record "$LAB_OUT/capture.pcap"
`;

async function make(name: string, folder: string): Promise<void> {
  const script = [
    "set -e",
    '. "$LAB_GUEST/topology.sh"',
    '. "$LAB_GUEST/steps.sh"',
    cases[name],
    record,
  ].join("\n");
  const { files, status, stderr } = await boot({ script });
  assert.equal(status, 0, stderr);
  // Nothing is written that the two oracles do not agree on.
  for (const capture of ["nlmon-ipvsadm.pcap", "capture.pcap"]) {
    assertListings(decodeCapture(files[capture]!).services, files, "ipvsadm");
  }
  if (files["traffic.txt"]) {
    assert.doesNotMatch(textOf(files, "traffic.txt"), / (\d+)\/(?!\1\n)/, "unanswered requests");
  }
  const size = files["capture.pcap"]!.length;
  if (name === "demo") assert.ok(size < DEMO_LIMIT, `the demo's capture has ${size} bytes`);
  await Deno.mkdir(join(folder, name), { recursive: true });
  for (const [file, bytes] of Object.entries(files)) {
    if (!/^(ipvsadm.*\.txt|.*\.pcap)$/.test(file)) continue;
    await Deno.writeFile(join(folder, name, file), bytes);
  }
  console.log(`${join(folder, name)}: capture.pcap has ${size} bytes`);
}

const to = Deno.args.find((word) => word.startsWith("--to="))?.slice("--to=".length);
const wanted = Deno.args.filter((word) => !word.startsWith("--"));
const unknown = wanted.filter((name) => !(name in cases));
if (unknown.length > 0) {
  console.error(`Unknown case ${unknown.join(", ")}; there are ${Object.keys(cases).join(", ")}`);
  Deno.exit(2);
}
for (const name of wanted.length > 0 ? wanted : Object.keys(cases)) {
  await make(name, to ?? join(checkout, "testdata"));
}
