/** Starts programs for the build. */

/** What goes to Deno of the environment: where its files are and how it reaches the network. */
const KEPT = [
  ...["PATH", "HOME", "TMPDIR", "XDG_CACHE_HOME", "DENO_DIR"],
  ...["DENO_CERT", "DENO_TLS_CA_STORE", "NPM_CONFIG_REGISTRY"],
  ...["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"],
];

/** A program's end. */
export interface Ended {
  readonly success: boolean;
  readonly stdout: string;
  /** With the signal that ended it. */
  readonly stderr: string;
}

/** How to start a program. */
export interface StartOptions {
  readonly cwd?: string;
  /** Added to the environment. */
  readonly env?: Record<string, string>;
  /** Nothing of this process's environment goes to it. */
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
 * Runs a program to its end.
 *
 * @throws {Deno.errors.NotFound} where there is no such program.
 */
export async function run(words: readonly string[], options: StartOptions = {}): Promise<Ended> {
  const { success, signal, stdout, stderr } = await start(words, options);
  const text = new TextDecoder();
  const said = text.decode(stderr);
  return { success, stdout: text.decode(stdout), stderr: signal ? `${said}\n${signal}` : said };
}

/**
 * Runs a program to its good end.
 *
 * @throws {Error} with its last words, where that is another.
 */
export async function runOrThrow(words: readonly string[], options?: StartOptions): Promise<void> {
  const { success, stderr } = await run(words, options);
  if (!success) throw new Error(`${words[0]} failed: ${reasonOf(stderr)}`);
}

/**
 * How Deno is started. It writes some variables of its environment into what it compiles, so that
 * all but those that it needs stay out.
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

/** The reason that a program gives, in one line: of Deno's causes the innermost. */
export function reasonOf(stderr: string): string {
  const lines = stderr.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  const end = lines.findIndex((line) => line.startsWith("Stack backtrace"));
  const said = lines.slice(0, end < 0 ? undefined : end);
  const line = said.includes("Caused by:")
    ? said.at(-1)
    : said.find((line) => line.startsWith("error: ")) ?? said.at(-1);
  return (line ?? "no reason given").replace(/^(error|\d+): /, "");
}
