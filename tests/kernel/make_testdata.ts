/**
 * Records the input of the golden tests in the lab, while the counters are frozen. For a case of
 * testdata/, writes ipvstat's recording (capture.pcap), an nlmon capture of `ipvsadm -Ln`
 * (nlmon-ipvsadm.pcap), and all listings of ipvsadm (ipvsadm*.txt). For a kernel, records the hard
 * cases to tests/capture/data/linux-KERNEL.pcap. Run `deno task golden` afterwards to write the
 * expected outputs.
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
import { decodeCapture } from "./_capture_state.ts";

/** The commands that set up each case in the guest. */
const cases: Record<string, string> = {
  hard: '. "$LAB_GUEST/hard_cases.sh"; make_hard_cases',
  demo: '. "$LAB_GUEST/demo.sh"; make_demo',
  empty: "freeze_counters",
};

/** Maximum size of the demo's recording in bytes, as it is part of the program. */
const MAX_DEMO_SIZE = 60_000;

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
  // The captures must match ipvsadm's listings.
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
  if (name === "demo") assert.ok(size < MAX_DEMO_SIZE, `the demo's capture has ${size} bytes`);
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
  console.error(`Each CASE must be one of ${known.join(", ")}`);
  Deno.exit(2);
}
for (const name of Deno.args) {
  if (isKernelName(name)) await makeRecording(name);
  else await makeCase(name);
}
