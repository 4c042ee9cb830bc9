/** Runs programs for the tests. */
import assert from "node:assert/strict";

export interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export async function run(
  words: readonly string[],
  options: Pick<Deno.CommandOptions, "cwd" | "env" | "clearEnv"> = {},
): Promise<Result> {
  const [command, ...args] = words;
  const output = await new Deno.Command(command!, { args, stdin: "null", ...options }).output();
  const text = new TextDecoder();
  return {
    code: output.code,
    stdout: text.decode(output.stdout),
    stderr: text.decode(output.stderr),
  };
}

/** What a program prints that ends well. */
export async function outputOf(
  words: readonly string[],
  options?: Parameters<typeof run>[1],
): Promise<string> {
  const { code, stdout, stderr } = await run(words, options);
  assert.equal(code, 0, `${words.join(" ")}: ${stderr}`);
  return stdout;
}

/** Gives a test a folder of its own. */
export async function withTempDir<T>(use: (dir: string) => Promise<T>): Promise<T> {
  const dir = await Deno.makeTempDir({ prefix: "ipvstat-test-" });
  try {
    return await use(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/**
 * For Deno.test: whether to skip for want of programs, after saying in one plain line what to
 * install. IPVSTAT_REQUIRE_ALL=1 makes it a failure of the test.
 */
export function cannotFind(programs: Readonly<Record<string, string>>): boolean {
  const missing = Object.keys(programs).filter((program) => {
    const { success } = new Deno.Command("sh", { args: ["-c", `command -v ${program}`] })
      .outputSync();
    return !success;
  });
  if (missing.length === 0 || Deno.env.get("IPVSTAT_REQUIRE_ALL") === "1") return false;
  const packages = new Set(missing.map((program) => programs[program]));
  console.warn(`Skipped: Install the packages: apt-get install ${[...packages].join(" ")}`);
  return true;
}
