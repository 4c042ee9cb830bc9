/** Checks the systemd units with systemd-analyze; tests/binary/textfile.ts runs them. */
import assert from "node:assert/strict";
import { basename, join } from "node:path";
import { parseArguments } from "../../lib/commands/parse.ts";
import { UsageError } from "../../lib/commands/usage_error.ts";
import { ROOT } from "../../packaging/stage.ts";
import { cannotFind, type Result, run, withTempDir } from "../_commands.ts";

/** The maximum exposure level of each service, from 0.0 to 10.0. */
const EXPOSURE: Readonly<Record<string, string>> = {
  "packaging/systemd/ipvstat-textfile.service": "1.1",
  "packaging/systemd/ipvstat-textfile-folder.service": "0.4",
  "examples/ipvstat-exporter@.service": "1.4",
};

const ignore = cannotFind({ "systemd-analyze": "systemd" });

async function analyze(...words: string[]): Promise<Result> {
  return await run(["systemd-analyze", ...words], { env: { SYSTEMD_COLORS: "0" } });
}

function unitsIn(folder: string): string[] {
  const names = [...Deno.readDirSync(join(ROOT, folder))].map(({ name }) => name).sort();
  return names.filter((name) => /\.(service|timer)$/.test(name)).map((name) => `${folder}/${name}`);
}

function textOf(unit: string): string {
  return Deno.readTextFileSync(join(ROOT, unit));
}

/** The arguments of the program in each Exec line of a unit. */
function commandsIn(unit: string): string[][] {
  const lines = textOf(unit).matchAll(/^Exec\w+=ipvstat (.+)$/gm);
  return [...lines].map(([, words]) => words!.split(" "));
}

Deno.test("every service has a maximum exposure level", () => {
  const units = [...unitsIn("packaging/systemd"), ...unitsIn("examples")];
  assert.deepEqual(
    units.filter((unit) => unit.endsWith(".service")).sort(),
    Object.keys(EXPOSURE).sort(),
  );
  assert.ok(units.includes("packaging/systemd/ipvstat-textfile.timer"));
});

Deno.test({
  name: "systemd-analyze verify accepts the units",
  ignore,
  async fn() {
    await withTempDir(async (dir) => {
      const units = [...unitsIn("packaging/systemd"), ...unitsIn("examples")];
      for (const unit of units) {
        // The program need not be installed here.
        const text = textOf(unit).replaceAll("=ipvstat ", "=/bin/true ");
        await Deno.writeTextFile(join(dir, basename(unit)), text);
      }
      const paths = units.map((unit) => join(dir, basename(unit)));
      const result = await analyze("verify", "--man=no", ...paths);
      assert.deepEqual(result, { code: 0, stdout: "", stderr: "" });
    });
  },
});

for (const [unit, exposure] of Object.entries(EXPOSURE)) {
  Deno.test({
    name:
      `systemd-analyze security rates ${unit} at most ${exposure}, as docs/files-and-units.md says`,
    ignore,
    async fn() {
      const { stdout } = await analyze("security", "--offline=true", join(ROOT, unit));
      const [, measured = ""] = /Overall exposure level for \S+: ([\d.]+)/.exec(stdout) ?? [];
      assert.ok(Number(measured) <= Number(exposure), stdout);
      const page = Deno.readTextFileSync(join(ROOT, "docs", "files-and-units.md"));
      const row = page.split("\n").find((line) => line.startsWith(`| \`${basename(unit)}\` `));
      assert.match(row ?? "", new RegExp(`\\| +${RegExp.escape(exposure)} \\|$`));
    },
  });
}

Deno.test("the units start the program with valid options", () => {
  const commands = unitsIn("packaging/systemd").flatMap(commandsIn);
  assert.equal(commands.length, 1);
  for (const words of commands) {
    const { command, options } = parseArguments(words);
    assert.equal(command, "show");
    assert.deepEqual([...options], [["output", "prometheus"], [
      "output-file",
      "%t/ipvstat/ipvs.prom",
    ]]);
  }
});

Deno.test("the exporter's unit says that its command needs a later version, while that is so", () => {
  for (const words of commandsIn("examples/ipvstat-exporter@.service")) {
    assert.throws(() => parseArguments(words), UsageError);
  }
  assert.match(textOf("examples/ipvstat-exporter@.service"), /^# For a later version/);
});
