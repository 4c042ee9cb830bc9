/**
 * Why tests were skipped. Each test module notes its reasons, and tests/run.ts prints one summary
 * of them after the test runner's output.
 *
 * @module
 */
import { relative } from "node:path";
import { fileURLToPath } from "node:url";

/** The environment variable that names the file to which reasons are appended. */
export const SKIPS_FILE = "IPVSTAT_TEST_SKIPS";

/** Why tests of a file were skipped: for missing packages, or for a reason in words. */
export interface Skip {
  readonly file: string;
  readonly packages: readonly string[];
  readonly reason?: string;
}

const root = new URL("..", import.meta.url);

/** Notes why tests of the running module are skipped; without tests/run.ts, prints it at once. */
export function noteSkip(why: Omit<Skip, "file">): void {
  const path = Deno.env.get(SKIPS_FILE);
  if (path === undefined) {
    return console.warn(`Skipped: ${why.reason ?? installCommand(why.packages)}`);
  }
  const file = relative(fileURLToPath(root), fileURLToPath(runningModule()));
  // One write of one line, so that modules that run in parallel do not mix theirs.
  Deno.writeTextFileSync(path, `${JSON.stringify({ file, ...why })}\n`, { append: true });
}

/** The module that is being evaluated: several may stand behind one main module. */
function runningModule(): string {
  const frames = new Error().stack?.match(/file:\/\/[^\s()]+(?=:\d+:\d+)/g) ?? [];
  return frames.at(-1) ?? Deno.mainModule;
}

/** What was noted in a file. */
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

/** One summary: each file with what its tests lack, and the command that installs all of it. */
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
