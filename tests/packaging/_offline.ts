/** Lets the Deno that compiles have all that it downloads but a runtime. */
import { join } from "node:path";
import { outputOf } from "../_commands.ts";
import { COMPILING_ENV, compilingDeno } from "./_binary.ts";

/** Makes such a cache for Deno in a folder; returns the environment that keeps it so. */
export async function withoutRuntimes(dir: string): Promise<Record<string, string>> {
  const deno = await compilingDeno();
  await Deno.mkdir(join(dir, "dl"), { recursive: true });
  const script = join(dir, "empty.js");
  await Deno.writeTextFile(script, "");
  // So that the user's own cache has the bundler.
  const bundle = [deno, "bundle", "--quiet", "--output", join(dir, "bundle.js"), script];
  await outputOf(bundle, { env: COMPILING_ENV });
  const { denoDir } = JSON.parse(await outputOf([deno, "info", "--json"])) as { denoDir: string };
  for (const { name } of Deno.readDirSync(join(denoDir, "dl"))) {
    if (!name.startsWith("esbuild")) continue;
    await Deno.symlink(join(denoDir, "dl", name), join(dir, "dl", name));
  }
  // Nobody listens there.
  return { ...COMPILING_ENV, DENO_DIR: dir, HTTPS_PROXY: "http://127.0.0.1:9" };
}
