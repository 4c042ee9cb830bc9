/** Which tests `deno task test:aarch64` runs. */
import { join } from "node:path";

const tests = join(import.meta.dirname!, "..");

/** The folders of what is between the kernel's bytes and the output. */
const FOLDERS = ["capture", "ipvs", "metrics", "netlink", "output", "procfs"];

/** Left out: what takes minutes without depending on the processor, and what starts other programs. */
const LEFT_OUT = [
  "capture/memory_test.ts",
  "capture/work_test.ts",
  "ipvs/churn_test.ts",
  "output/promtool_test.ts",
];

function testsIn(folder: string): string[] {
  return Array.from(Deno.readDirSync(join(tests, folder)), ({ name }) => join(folder, name))
    .filter((path) => path.endsWith("_test.ts") && !LEFT_OUT.includes(path));
}

/** The paths of the files. */
export function suite(): string[] {
  const files = ["aarch64/target.ts", "golden_test.ts", ...FOLDERS.flatMap(testsIn).sort()];
  return files.map((path) => join(tests, path));
}
