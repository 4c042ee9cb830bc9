/**
 * Runs `deno test` with the permissions that the tests need and the given arguments, and then prints
 * a summary of the skipped tests. The exit code is that of `deno test`.
 *
 * @module
 */
import { join } from "node:path";
import { parseSkips, SKIPS_FILE, summarize } from "./_skips.ts";

const PERMISSIONS = ["ffi", "read", "write", "run", "env", "sys", "net"].map((name) =>
  `--allow-${name}`
);

/** The lock file of the npm packages that the tests import. */
const LOCK = `--lock=${join(import.meta.dirname!, "deno.lock")}`;

async function runTests(args: readonly string[], skips: string): Promise<number> {
  const options = { args: ["test", LOCK, ...PERMISSIONS, ...args], env: { [SKIPS_FILE]: skips } };
  const child = new Deno.Command(Deno.execPath(), options).spawn();
  // Ctrl-C reaches the test runner too; this process continues, to print the summary.
  Deno.addSignalListener("SIGINT", () => {});
  Deno.addSignalListener("SIGTERM", () => child.kill("SIGTERM"));
  return (await child.status).code;
}

if (import.meta.main) {
  const skips = await Deno.makeTempFile({ prefix: "ipvstat-test-skips-" });
  let code: number;
  try {
    code = await runTests(Deno.args, skips);
    const summary = summarize(parseSkips(await Deno.readTextFile(skips)));
    if (summary !== "") console.log(summary.trimEnd());
  } finally {
    await Deno.remove(skips);
  }
  Deno.exit(code);
}
