/** Runs programs for the tests, and reports which of them are missing. */
import { join } from "node:path";
import { installCommand, noteSkip } from "./_skips.ts";

/** The exit code and output of a program. */
export interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How to start a program, and its standard input. */
export interface RunOptions extends Pick<Deno.CommandOptions, "cwd" | "env" | "clearEnv"> {
  readonly input?: string;
}

/** Runs a program and waits for it. */
export async function run(words: readonly string[], options: RunOptions = {}): Promise<Result> {
  const [command, ...args] = words;
  const { input, ...others } = options;
  const stdin = input === undefined ? "null" : "piped";
  const piped = { stdout: "piped", stderr: "piped" } as const;
  const child = new Deno.Command(command!, { ...others, ...piped, args, stdin }).spawn();
  // Read while writing, so that neither process blocks the other.
  const ended = child.output();
  if (input !== undefined) await new Blob([input]).stream().pipeTo(child.stdin);
  const { code, stdout, stderr } = await ended;
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** The standard output of a program; throws if it fails. */
export async function outputOf(words: readonly string[], options?: RunOptions): Promise<string> {
  const { code, stdout, stderr } = await run(words, options);
  if (code === 0) return stdout;
  throw new Error(`Cannot run ${words.join(" ")}: ${stderr.trim() || `exit code ${code}`}`);
}

/** Runs a test with a temporary directory. */
export async function withTempDir<T>(use: (dir: string) => T | Promise<T>): Promise<T> {
  const dir = await Deno.makeTempDir({ prefix: "ipvstat-test-" });
  try {
    return await use(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** Creates a directory for a test module, which is removed after its tests. */
export function moduleTempDir(): string {
  const dir = Deno.makeTempDirSync({ prefix: "ipvstat-test-" });
  addEventListener("unload", () => Deno.removeSync(dir, { recursive: true }));
  return dir;
}

/** Whether a file exists. */
export function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

/** The path of a program; also finds programs that are only in root's PATH, as in a guest. */
export function findProgram(name: string): string | undefined {
  const folders = `${Deno.env.get("PATH") ?? ""}:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin`;
  const paths = name.startsWith("/") ? [name] : folders.split(":").map((dir) => join(dir, name));
  return paths.find(exists);
}

/** The Debian package that contains each program, or each file given by its path. */
export type Programs = Readonly<Record<string, string>>;

function missingPackages(programs: Programs): string[] {
  return Object.keys(programs).filter((program) => !findProgram(program))
    .map((program) => programs[program]!);
}

/** A line that says which packages to install; undefined if no program is missing. */
export function toInstall(programs: Programs): string | undefined {
  const packages = missingPackages(programs);
  if (packages.length === 0) return undefined;
  return `Install the packages: ${installCommand(packages)}`;
}

/** With IPVSTAT_REQUIRE_ALL=1 no test is skipped; those without their programs fail. */
function requiresAll(): boolean {
  return Deno.env.get("IPVSTAT_REQUIRE_ALL") === "1";
}

/**
 * For Deno.test: whether to skip a test for a reason that installing a package does not resolve.
 * The summary of the test run reports the reason.
 */
export function mustSkip(reason: string | undefined): boolean {
  if (reason === undefined || requiresAll()) return false;
  noteSkip({ packages: [], reason });
  return true;
}

/**
 * For Deno.test: whether to skip a test because programs are missing. The summary of the test run
 * reports their packages, and the command that installs them.
 */
export function cannotFind(programs: Programs): boolean {
  const packages = missingPackages(programs);
  if (packages.length === 0 || requiresAll()) return false;
  noteSkip({ packages });
  return true;
}

/** For Deno.test: whether to skip for any of several reasons; the summary reports all of them. */
export function anyOf(...skips: readonly boolean[]): boolean {
  return skips.includes(true);
}
