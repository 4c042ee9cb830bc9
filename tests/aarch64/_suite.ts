/** The tests that `deno task test:aarch64` runs. */
import { join } from "node:path";

const tests = join(import.meta.dirname!, "..");

/** The directories with tests of decoding, captures, metrics and formats. */
const FOLDERS = ["capture", "ipvs", "metrics", "netlink", "output", "procfs"];

/** Tests that take minutes and do not depend on the processor, or that run other programs. */
const EXCLUDED = [
  "capture/memory_test.ts",
  "capture/work_test.ts",
  "ipvs/churn_test.ts",
  "output/promtool_test.ts",
];

function testsIn(folder: string): string[] {
  return Array.from(Deno.readDirSync(join(tests, folder)), ({ name }) => join(folder, name))
    .filter((path) => path.endsWith("_test.ts") && !EXCLUDED.includes(path));
}

/** The paths of the test files. */
export function suite(): string[] {
  const files = ["aarch64/target.ts", "golden_test.ts", ...FOLDERS.flatMap(testsIn).sort()];
  return files.map((path) => join(tests, path));
}
