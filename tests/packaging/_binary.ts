/** Compiles the program, and others to compare it with. */
import { dirname, join } from "node:path";
import { readCommit } from "../../packaging/commit.ts";
import { COMPILE_FLAGS } from "../../packaging/flags.ts";
import { ROOT } from "../../packaging/stage.ts";
import { outputOf } from "../_commands.ts";
import { cached, sha256 } from "../_cache.ts";
import { DENO_VERSION, denort } from "./_denort.ts";

/** The files that the program is compiled from. */
const SOURCES = ["cli.ts", "lib", "ffi", "packaging", "testdata/demo/capture.pcap"];

let found: Promise<string> | undefined;

async function findDeno(): Promise<string> {
  if (Deno.version.deno === DENO_VERSION) return Deno.execPath();
  const words = ["npx", "-y", `deno@${DENO_VERSION}`, "eval", "console.log(Deno.execPath())"];
  return (await outputOf(words)).trim();
}

/** The path of the Deno that compiles the program. */
export function compilingDeno(): Promise<string> {
  return found ??= findDeno();
}

/** The environment for this Deno, without DENORT_BIN. */
export const COMPILING_ENV: Readonly<Record<string, string>> = {
  DENORT_BIN: "",
  // A proxy of the build network may have a certificate that only the system trusts.
  DENO_TLS_CA_STORE: Deno.env.get("DENO_TLS_CA_STORE") ?? "mozilla,system",
};

/** The command that compiles the program of this checkout. */
export async function compileWords(output: string): Promise<string[]> {
  const permissions = ["--allow-read", "--allow-write", "--allow-run", "--allow-env"];
  const script = join(ROOT, "packaging", "compile.ts");
  return [await compilingDeno(), "run", "--no-lock", ...permissions, script, "--output", output];
}

async function runCompiler(words: readonly string[]): Promise<void> {
  await outputOf(words, { env: { ...COMPILING_ENV, DENORT_BIN: await denort() } });
}

function filesIn(path: string): string[] {
  if (!Deno.statSync(join(ROOT, path)).isDirectory) return [path];
  const names = [...Deno.readDirSync(join(ROOT, path))].map(({ name }) => name).sort();
  return names.flatMap((name) => filesIn(join(path, name)));
}

/** A digest of the commit and of files in the checkout. */
export async function keyOf(paths: readonly string[]): Promise<string> {
  const digests = paths.flatMap(filesIn).map((path) =>
    `${sha256(Deno.readFileSync(join(ROOT, path)))} ${path}`
  );
  return sha256([DENO_VERSION, (await readCommit(ROOT)).name, ...digests].join("\n"));
}

async function makeBinary(): Promise<string> {
  return await cached("ipvstat", await keyOf(SOURCES), async (unfinished) => {
    await runCompiler(await compileWords(unfinished));
  });
}

let made: Promise<string> | undefined;

/**
 * The path of the program, which is compiled once for every state of the checkout;
 * IPVSTAT_BIN overrides it.
 */
export function binary(): Promise<string> {
  const given = Deno.env.get("IPVSTAT_BIN");
  return made ??= given ? Deno.realPath(given) : makeBinary();
}

/** The path of another program, compiled in the same way. */
export function compiled(kind: string, script: string): Promise<string> {
  const key = sha256([DENO_VERSION, ...COMPILE_FLAGS, script].join("\n"));
  return cached(kind, key, async (unfinished) => {
    const path = join(dirname(unfinished), `${kind}.js`);
    await Deno.writeTextFile(path, script);
    const flags = [...COMPILE_FLAGS, "--no-config", "--no-lock", "--output", unfinished];
    await runCompiler([await compilingDeno(), "compile", ...flags, path]);
  });
}

/** The path of a program that does nothing. */
export function emptyBinary(): Promise<string> {
  return compiled("empty", "");
}

// For scripts: IPVSTAT_BIN=$(deno run … tests/packaging/_binary.ts).
if (import.meta.main) console.log(await binary());
