/**
 * Why tests were skipped. Test modules append their reasons to a file, and tests/run.ts prints a
 * summary after the output of the test runner.
 *
 * @module
 */
import { relative } from "node:path";
import { fileURLToPath } from "node:url";

/** The environment variable with the path of the file for the reasons. */
export const SKIPS_FILE = "IPVSTAT_TEST_SKIPS";

/** Why tests of a file were skipped: missing packages, or another reason. */
export interface Skip {
  readonly file: string;
  readonly packages: readonly string[];
  readonly reason?: string;
}

const root = new URL("..", import.meta.url);

/** Reports why tests of this module are skipped: to tests/run.ts, or else on standard error. */
export function noteSkip(why: Omit<Skip, "file">): void {
  const path = Deno.env.get(SKIPS_FILE);
  if (path === undefined) {
    return console.warn(`Skipped: ${why.reason ?? installCommand(why.packages)}`);
  }
  const file = relative(fileURLToPath(root), fileURLToPath(runningModule()));
  // A single write, so that lines of modules that run in parallel are not interleaved.
  Deno.writeTextFileSync(path, `${JSON.stringify({ file, ...why })}\n`, { append: true });
}

/** The module that is being evaluated: a main module may import several test modules. */
function runningModule(): string {
  const frames = new Error().stack?.match(/file:\/\/[^\s()]+(?=:\d+:\d+)/g) ?? [];
  return frames.at(-1) ?? Deno.mainModule;
}

/** Parses the file with the reasons. */
export function parseSkips(text: string): Skip[] {
  return text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line) as Skip);
}

/** The command that installs packages. */
export function installCommand(packages: readonly string[]): string {
  return `apt-get install ${sortUnique(packages).join(" ")}`;
}

function sortUnique(texts: readonly string[]): string[] {
  return [...new Set(texts)].sort();
}

/** Lists what the tests of each file need, and the command that installs all packages. */
export function summarize(skips: readonly Skip[]): string {
  if (skips.length === 0) return "";
  const lines = ["Some tests were skipped:"];
  for (const file of sortUnique(skips.map((skip) => skip.file))) {
    const ofFile = skips.filter((skip) => skip.file === file);
    const packages = sortUnique(ofFile.flatMap((skip) => skip.packages));
    const reasons = sortUnique(ofFile.flatMap(({ reason }) => reason ?? []));
    if (packages.length > 0) reasons.unshift(`needs ${packages.join(", ")}`);
    lines.push(`  ${file}: ${reasons.join("; ")}`);
  }
  const packages = skips.flatMap((skip) => skip.packages);
  if (packages.length > 0) {
    lines.push(`To run those that need packages: ${installCommand(packages)}`);
  }
  return `${lines.join("\n")}\n`;
}
