/** Runs programs for the tests, and reports which of them are missing. */
import { join } from "node:path";
import { installCommand, noteSkip } from "./_skips.ts";

/** What a program left behind. */
export interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How to start a program, and what it reads on standard input. */
export interface RunOptions extends Pick<Deno.CommandOptions, "cwd" | "env" | "clearEnv"> {
  readonly input?: string;
}

/** Runs a program to its end. */
export async function run(words: readonly string[], options: RunOptions = {}): Promise<Result> {
  const [command, ...args] = words;
  const { input, ...others } = options;
  const stdin = input === undefined ? "null" : "piped";
  const piped = { stdout: "piped", stderr: "piped" } as const;
  const child = new Deno.Command(command!, { ...others, ...piped, args, stdin }).spawn();
  // Read from the start, so that neither waits for the other.
  const ended = child.output();
  if (input !== undefined) await new Blob([input]).stream().pipeTo(child.stdin);
  const { code, stdout, stderr } = await ended;
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** What a program prints that ends well. */
export async function outputOf(words: readonly string[], options?: RunOptions): Promise<string> {
  const { code, stdout, stderr } = await run(words, options);
  if (code === 0) return stdout;
  throw new Error(`Cannot run ${words.join(" ")}: ${stderr.trim() || `exit code ${code}`}`);
}

/** Gives a test a folder of its own. */
export async function withTempDir<T>(use: (dir: string) => T | Promise<T>): Promise<T> {
  const dir = await Deno.makeTempDir({ prefix: "ipvstat-test-" });
  try {
    return await use(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** Gives a module of tests a folder of its own, which is removed when its tests have ended. */
export function moduleTempDir(): string {
  const dir = Deno.makeTempDirSync({ prefix: "ipvstat-test-" });
  addEventListener("unload", () => Deno.removeSync(dir, { recursive: true }));
  return dir;
}

/** Whether there is a file. */
export function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

/** The path of a program, also of those that only root has on its PATH, as in a guest. */
export function findProgram(name: string): string | undefined {
  const folders = `${Deno.env.get("PATH") ?? ""}:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin`;
  const paths = name.startsWith("/") ? [name] : folders.split(":").map((dir) => join(dir, name));
  return paths.find(exists);
}

/** Of each program, or file with its path, the Debian package that brings it. */
export type Programs = Readonly<Record<string, string>>;

function missingPackages(programs: Programs): string[] {
  return Object.keys(programs).filter((program) => !findProgram(program))
    .map((program) => programs[program]!);
}

/** One line that says which packages to install; undefined if every program is there. */
export function toInstall(programs: Programs): string | undefined {
  const packages = missingPackages(programs);
  if (packages.length === 0) return undefined;
  return `Install the packages: ${installCommand(packages)}`;
}

/** With IPVSTAT_REQUIRE_ALL=1 nothing is skipped, so that a test without its programs fails. */
function requiresAll(): boolean {
  return Deno.env.get("IPVSTAT_REQUIRE_ALL") === "1";
}

/**
 * For Deno.test: whether to skip for a reason that no package removes. The summary of the test run
 * has the reason.
 */
export function mustSkip(reason: string | undefined): boolean {
  if (reason === undefined || requiresAll()) return false;
  noteSkip({ packages: [], reason });
  return true;
}

/**
 * For Deno.test: whether to skip for want of programs. The summary of the test run has their
 * packages, and the command that installs them.
 */
export function cannotFind(programs: Programs): boolean {
  const packages = missingPackages(programs);
  if (packages.length === 0 || requiresAll()) return false;
  noteSkip({ packages });
  return true;
}

/** For Deno.test: whether any reason to skip holds. All are asked, so that the summary has all. */
export function anyOf(...skips: readonly boolean[]): boolean {
  return skips.includes(true);
}
