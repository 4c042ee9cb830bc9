/** Other programs that a test may need. */

/** What a command left behind. */
export interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end. */
export async function run(
  words: readonly string[],
  options: Omit<Deno.CommandOptions, "args"> & { readonly input?: string } = {},
): Promise<Result> {
  const [command, ...args] = words;
  const { input, ...others } = options;
  const child = new Deno.Command(command!, {
    ...others,
    args,
    stdin: input === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  if (input !== undefined) {
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(input));
    await writer.close();
  }
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/**
 * For Deno.test: whether to skip for want of a command, after saying so in one line.
 * IPVSTAT_REQUIRE_ALL=1 lets nothing be skipped.
 */
export function lacks(command: string, debianPackage: string, what: string): boolean {
  try {
    new Deno.Command(command, { args: ["--version"], stdout: "null", stderr: "null" }).outputSync();
    return false;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    if (Deno.env.get("IPVSTAT_REQUIRE_ALL") === "1") return false;
    console.log(
      `${command} is not installed (Debian package ${debianPackage}): ${what} is skipped`,
    );
    return true;
  }
}
