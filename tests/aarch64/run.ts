/**
 * `deno task test:aarch64`: runs the tests of decoding, captures, metrics and formats with Deno for
 * aarch64 in QEMU's user-mode emulation. Arguments select test files.
 */
import { join } from "node:path";
import { cacheDir } from "../_cache.ts";
import { mustSkip, outputOf } from "../_commands.ts";
import { aarch64Root, missingForEmulation, type Root } from "./_deno.ts";
import { suite } from "./_suite.ts";

const EMULATOR = "qemu-aarch64-static";

/** A processor without pointer authentication, which is twice as fast to emulate. */
const CPU = "cortex-a72";

const LOCK_FLAGS = ["--frozen", `--lock=${join(import.meta.dirname!, "..", "deno.lock")}`];

const TEST_FLAGS = [
  ...["--no-check", ...LOCK_FLAGS, "--cached-only", "--no-prompt"],
  ...["--allow-read", "--allow-write", "--allow-env"],
];

/** Runs tests in emulation and returns the exit code of `deno test`. */
async function test({ folder, fetched }: Root, paths: readonly string[]): Promise<number> {
  console.error(`On aarch64, emulated, with\n${fetched}`);
  const env = { DENO_DIR: join(await cacheDir(), "aarch64-deno-dir") };
  // The host's Deno fetches the npm packages.
  await outputOf([Deno.execPath(), "cache", "--no-check", ...LOCK_FLAGS, ...suite()], { env });
  const words = ["-cpu", CPU, "-L", folder, join(folder, "usr/bin/deno"), "test", ...TEST_FLAGS];
  const modules = paths.length > 0 ? paths : [join(import.meta.dirname!, "suite.ts")];
  const child = new Deno.Command(EMULATOR, { args: [...words, ...modules], env }).spawn();
  return (await child.status).code;
}

/** The exit code if the tests cannot run: 0 if they may be skipped. */
function cannotTest(reason: string): number {
  if (mustSkip(reason)) return 0;
  console.error(`Cannot test on aarch64: ${reason}`);
  return 1;
}

async function main(): Promise<number> {
  const missing = missingForEmulation({ [EMULATOR]: "qemu-user-static" });
  if (missing !== undefined) return cannotTest(missing);
  let root: Root;
  try {
    root = await aarch64Root();
  } catch (error) {
    return cannotTest((error as Error).message.split("\n")[0]!);
  }
  return await test(root, Deno.args);
}

Deno.exit(await main());
