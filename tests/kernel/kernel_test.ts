/**
 * All tests on a real kernel, in one boot. IPVSTAT_KERNEL selects the kernel. Each file can also be
 * run by itself: `deno test -A tests/kernel/doctor.ts`.
 */
import { chosenKernel } from "./_kernels.ts";
import "./missing_module.ts";
import "./doctor.ts";
import "./status.ts";
import "./no_capability.ts";
import "./churn.ts";

// These do not depend on the kernel; they run on the newest one and on that of Debian 12.
if (["7.2", "6.1"].includes(chosenKernel())) {
  await import("./broken_outputs.ts");
  await import("./output_file.ts");
  await import("./rates.ts");
  await import("./stream.ts");
  await import("../binary/least_privilege.ts");
  await import("../binary/textfile.ts");
}

// The slowest, especially with ptrace: the attacks load ip_vs about thirty times.
if (chosenKernel() === "7.2") {
  await import("./attacks.ts");
  await import("./examples.ts");
  await import("./conns.ts");
  await import("./query.ts");
  await import("./netns.ts");
}

// Last, as their connections keep ip_vs loaded: other phases need a fresh one without any counts.
await import("./hard_cases.ts");
await import("./recording.ts");
if (chosenKernel() === "7.2") {
  await import("./anonymize.ts");
  await import("./node_exporter.ts");
  await import("./states.ts");
}
