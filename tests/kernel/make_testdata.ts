/**
 * Makes the material for the golden files: boots the lab for every case, and writes what was recorded of one
 * frozen moment. A case of testdata/ gets what ipvstat has recorded (capture.pcap), what nlmon has seen of
 * `ipvsadm -Ln` (nlmon-ipvsadm.pcap), and every listing of ipvsadm (ipvsadm*.txt). A kernel's name stands for
 * the hard cases on it, recorded to tests/capture/data/linux-KERNEL.pcap. `deno task golden` writes the
 * expected outputs then.
 *
 *     deno run -A tests/kernel/make_testdata.ts CASE...
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { assertListings } from "./_compare.ts";
import { type Files, textOf } from "./_files.ts";
import { isKernelName, KERNEL_NAMES, type KernelName } from "./_kernels.ts";
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

async function recordCase(name: string, kernel?: KernelName): Promise<Files> {
  const script = [
    "set -e",
    '. "$LAB_GUEST/topology.sh"',
    '. "$LAB_GUEST/steps.sh"',
    cases[name],
    record,
  ].join("\n");
  const { files, status, stderr } = await boot({ script, ...(kernel && { kernel }) });
  assert.equal(status, 0, stderr);
  // Nothing is written that the two oracles do not agree on.
  for (const capture of ["nlmon-ipvsadm.pcap", "capture.pcap"]) {
    assertListings(decodeCapture(files[capture]!).services, files, "ipvsadm");
  }
  if (files["traffic.txt"]) {
    assert.doesNotMatch(textOf(files, "traffic.txt"), / (\d+)\/(?!\1\n)/, "unanswered requests");
  }
  return files;
}

async function makeCase(name: string): Promise<void> {
  const files = await recordCase(name);
  const folder = join(checkout, "testdata", name);
  const size = files["capture.pcap"]!.length;
  if (name === "demo") assert.ok(size < DEMO_LIMIT, `the demo's capture has ${size} bytes`);
  await Deno.mkdir(folder, { recursive: true });
  for (const [file, bytes] of Object.entries(files)) {
    if (!/^(ipvsadm.*\.txt|.*\.pcap)$/.test(file)) continue;
    await Deno.writeFile(join(folder, file), bytes);
  }
}

async function makeRecording(kernel: KernelName): Promise<void> {
  const files = await recordCase("hard", kernel);
  const file = join(checkout, "tests/capture/data", `linux-${kernel}.pcap`);
  await Deno.writeFile(file, files["capture.pcap"]!);
}

const known = [...Object.keys(cases), ...KERNEL_NAMES];
const unknown = Deno.args.filter((name) => !known.includes(name));
if (Deno.args.length === 0 || unknown.length > 0) {
  console.error(`The cases are ${known.join(", ")}, not "${unknown.join(" ")}"`);
  Deno.exit(2);
}
for (const name of Deno.args) {
  if (isKernelName(name)) await makeRecording(name);
  else await makeCase(name);
}
