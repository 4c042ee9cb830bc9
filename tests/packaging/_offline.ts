/** Prevents downloads of runtimes, as on a machine without network. */
import { join } from "node:path";
import { outputOf } from "../_commands.ts";
import { COMPILING_ENV, compilingDeno } from "./_binary.ts";

/** Creates a Deno cache with the bundler but no runtime; returns the environment to use it. */
export async function withoutRuntimes(dir: string): Promise<Record<string, string>> {
  const deno = await compilingDeno();
  await Deno.mkdir(join(dir, "dl"), { recursive: true });
  const script = join(dir, "empty.js");
  await Deno.writeTextFile(script, "");
  // Downloads the bundler to the user's cache.
  const bundle = [deno, "bundle", "--quiet", "--output", join(dir, "bundle.js"), script];
  await outputOf(bundle, { env: COMPILING_ENV });
  const { denoDir } = JSON.parse(await outputOf([deno, "info", "--json"])) as { denoDir: string };
  for (const { name } of Deno.readDirSync(join(denoDir, "dl"))) {
    if (!name.startsWith("esbuild")) continue;
    await Deno.symlink(join(denoDir, "dl", name), join(dir, "dl", name));
  }
  // Nothing listens on this port.
  return { ...COMPILING_ENV, DENO_DIR: dir, HTTPS_PROXY: "http://127.0.0.1:9" };
}
