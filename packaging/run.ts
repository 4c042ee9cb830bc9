/** Starts programs for the build. */

/** The environment variables that Deno needs: for its files and for network access. */
const KEPT = [
  ...["PATH", "HOME", "TMPDIR", "XDG_CACHE_HOME", "DENO_DIR"],
  ...["DENO_CERT", "DENO_TLS_CA_STORE", "NPM_CONFIG_REGISTRY"],
  ...["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"],
];

/** The result of a program. */
export interface Result {
  readonly success: boolean;
  readonly stdout: string;
  /** Includes the signal that terminated the program, if any. */
  readonly stderr: string;
}

/** How to start a program. */
export interface StartOptions {
  readonly cwd?: string;
  /** Additional environment variables. */
  readonly env?: Record<string, string>;
  /** Does not inherit environment variables of this process. */
  readonly clearEnv?: boolean;
}

async function start(words: readonly string[], options: StartOptions) {
  const args = words.slice(1);
  try {
    return await new Deno.Command(words[0]!, { args, stdin: "null", ...options }).output();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Deno.errors.NotFound(`Cannot find ${words[0]}; install it`, { cause: error });
  }
}

/**
 * Runs a program and waits for it.
 *
 * @throws {Deno.errors.NotFound} if there is no such program.
 */
export async function run(words: readonly string[], options: StartOptions = {}): Promise<Result> {
  const { success, signal, stdout, stderr } = await start(words, options);
  const text = new TextDecoder();
  const errors = text.decode(stderr);
  return { success, stdout: text.decode(stdout), stderr: signal ? `${errors}\n${signal}` : errors };
}

/**
 * Runs a program and waits for it.
 *
 * @throws {Error} with the reason that it prints, if it fails.
 */
export async function runOrThrow(words: readonly string[], options?: StartOptions): Promise<void> {
  const { success, stderr } = await run(words, options);
  if (!success) throw new Error(`${words[0]} failed: ${reasonOf(stderr)}`);
}

/**
 * The options to start Deno. It gets only the environment variables that it needs, because it writes
 * some of them into what it compiles.
 */
export function forDeno(more: Record<string, string> = {}): StartOptions {
  const kept = KEPT.map((name) => [name, Deno.env.get(name)]);
  const given = Object.fromEntries(kept.filter(([, value]) => value !== undefined));
  return { clearEnv: true, env: { ...given, NO_COLOR: "1", DENO_NO_PACKAGE_JSON: "1", ...more } };
}

/** What to do if Deno does not trust a certificate, such as that of a proxy; else nothing. */
export function certificateHint(reason: string): string {
  if (!/certificate/i.test(reason)) return "";
  return "; set DENO_TLS_CA_STORE=system to trust the system's certificates";
}

/** The reason in the output of a failed program, in one line; for Deno the innermost cause. */
export function reasonOf(stderr: string): string {
  const lines = stderr.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  const end = lines.findIndex((line) => line.startsWith("Stack backtrace"));
  const output = lines.slice(0, end < 0 ? undefined : end);
  const line = output.includes("Caused by:")
    ? output.at(-1)
    : output.find((line) => line.startsWith("error: ")) ?? output.at(-1);
  return (line ?? "no reason given").replace(/^(error|\d+): /, "");
}
