/** Runs the recipes of docs/cookbook.md. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { OPTIONS } from "../lib/commands/options.ts";
import { cannotFind, run, withTempDir } from "./_commands.ts";
import { blocks, read } from "./_pages.ts";

const PAGE = read("docs/cookbook.md");
const ROOT = new URL("../", import.meta.url).pathname;

/** A command and what it prints; lines that do not begin with `$ ` are output. */
interface Recipe {
  readonly command: string;
  readonly output: string;
}

/** The commands of the page's blocks, in order. */
function recipes(page: string): Recipe[] {
  return blocks(page, "console").flatMap((block) =>
    block.split(/^\$ /m).slice(1).map((text) => {
      const [command = "", ...lines] = text.split(/(?<!\\)\n/);
      return { command, output: lines.join("\n") };
    })
  );
}

/** Runs a command in the checkout, where `ipvstat` is this program; both outputs in one. */
async function outputIn(bin: string, command: string): Promise<string> {
  const env = { PATH: `${bin}:${Deno.env.get("PATH")}`, NO_COLOR: "1" };
  const local = command.replace("/etc/keepalived/", "tests/cookbook/").replaceAll(
    "/run/",
    `${bin}/`,
  );
  const { stdout } = await run(["bash", "-c", `exec 2>&1; ${local}`], { cwd: ROOT, env });
  return stdout.replaceAll("\r\n", "\n");
}

/** Uses a directory that has the program as `ipvstat`. */
async function withProgram(use: (bin: string) => Promise<void>): Promise<void> {
  await withTempDir(async (bin) => {
    const program = join(bin, "ipvstat");
    const words = [Deno.execPath(), "run", "--quiet", "--no-lock", "--allow-read"];
    Deno.writeTextFileSync(program, `#!/bin/sh\nexec ${words.join(" ")} cli.ts "$@"\n`);
    // What the page reads of other programs is in tests/cookbook/.
    const kubectl = join(bin, "kubectl");
    Deno.writeTextFileSync(kubectl, "#!/bin/sh\nexec cat tests/cookbook/services.json\n");
    for (const path of [program, kubectl]) Deno.chmodSync(path, 0o755);
    await use(bin);
  });
}

Deno.test("docs/cookbook.md has recipes, each with its output", () => {
  const found = recipes(PAGE);
  assert.ok(found.length > 0);
  for (const { command, output } of found) assert.ok(output !== "" && output !== "x\n", command);
});

Deno.test("docs/cookbook.md uses every option except help and version", () => {
  const names = new Set(OPTIONS.map(({ name }) => name));
  const missing = [...names].filter((name) => !new RegExp(`--${name}(?![a-z-])`).test(PAGE));
  assert.deepEqual(missing.filter((name) => name !== "output"), ["help", "version"]);
  assert.match(PAGE, / -o json/);
});

Deno.test({
  name: "recipes of docs/cookbook.md print what the page shows",
  ignore: cannotFind({ bash: "bash", jq: "jq" }),
  fn: async (t) => {
    await withProgram(async (bin) => {
      for (const { command, output } of recipes(PAGE)) {
        await t.step(command, async () => {
          assert.equal(await outputIn(bin, command), output);
        });
      }
    });
  },
});

/** `deno run -A tests/cookbook_test.ts` writes the outputs on the page anew: look at the difference. */
if (import.meta.main) {
  await withProgram(async (bin) => {
    let page = PAGE;
    for (const { command, output } of recipes(PAGE)) {
      const found = await outputIn(bin, command);
      page = page.replace(`$ ${command}\n${output}`, () => `$ ${command}\n${found}`);
    }
    Deno.writeTextFileSync(join(ROOT, "docs/cookbook.md"), page);
  });
}
