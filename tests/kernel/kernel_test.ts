/**
 * All that is tested on a real kernel, in one boot of it. IPVSTAT_KERNEL names the kernel. Each of the files
 * can be tested by itself, too: `deno test … tests/kernel/doctor.ts`.
 */
import { chosenKernel } from "./_kernels.ts";
import "./missing_module.ts";
import "./doctor.ts";
import "./status.ts";
import "./failures.ts";
import "./churn.ts";

// What does not differ from kernel to kernel is tested on the newest, and on that of Debian 12.
if (["7.2", "6.1"].includes(chosenKernel())) {
  await import("./output_file.ts");
  await import("../binary/least_privilege.ts");
  await import("../binary/textfile.ts");
}

// The longest, and under ptrace by far: a kernel is loaded with ip_vs some thirty times.
if (chosenKernel() === "7.2") await import("./attacks.ts");

// Last, as their connections hold ip_vs: the phases before begin with one that has counted nothing.
await import("./hard_cases.ts");
await import("./recording.ts");
