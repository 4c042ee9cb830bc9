import assert from "node:assert/strict";
import { join } from "node:path";
import { completions } from "../../lib/commands/completions.ts";
import {
  COMMANDS,
  DOCTOR_FORMATS,
  FORMATS,
  optionsOf,
  type Shell,
  SHELLS,
  STREAM_FORMATS,
} from "../../lib/commands/options.ts";
import { TRIGGERS } from "../../lib/commands/stream_options.ts";
import { cannotFind, run, withTempDir } from "../_commands.ts";

const NAMES = COMMANDS.map(({ name }) => name);
const FILE = "a-recording.pcap";

/** The line up to the tab, and the expected completions. */
const CASES: readonly (readonly [line: string, offered: readonly string[]])[] = [
  ["ipvstat ", NAMES],
  ["ipvstat sh", ["show"]],
  ["ipvstat st", ["stream"]],
  ["ipvstat -o json ", NAMES],
  ["ipvstat -o ", FORMATS],
  ["ipvstat --output=p", ["prometheus"]],
  ["ipvstat --compat ", ["node_exporter"]],
  ["ipvstat show --aggregate=v", ["virtual"]],
  ["ipvstat show --output ", FORMATS],
  ["ipvstat stream -o ", STREAM_FORMATS],
  ["ipvstat stream --on ", TRIGGERS],
  ["ipvstat doctor -o ", DOCTOR_FORMATS],
  ["ipvstat doctor --output=", DOCTOR_FORMATS],
  ["ipvstat -o json doctor -o t", ["table"]],
  ["ipvstat completions ", SHELLS],
  ["ipvstat help r", ["record"]],
  ["ipvstat v", ["version"]],
  ["ipvstat --o", ["--output", "--output-file"]],
  ["ipvstat record --o", []],
  ["ipvstat record ", [FILE]],
  ["ipvstat record a-", [FILE]],
  ["ipvstat --replay ", [FILE]],
  ["ipvstat show --output-file a-", [FILE]],
  ["ipvstat record --rounds ", []],
  ...NAMES.map((name) =>
    [`ipvstat ${name} --`, optionsOf(name).map((option) => `--${option.name}`)] as const
  ),
];

const DRIVERS = {
  bash: ["bash", "--norc"],
  zsh: ["zsh", "-f"],
  fish: ["fish", "--no-config"],
} as const;

/** Calls `body` with the script, and with a folder that contains one file. */
async function withScript(
  shell: Shell,
  body: (script: string, folder: string) => Promise<void>,
): Promise<void> {
  await withTempDir(async (dir) => {
    const folder = join(dir, "folder");
    await Deno.mkdir(folder);
    await Deno.writeTextFile(join(folder, FILE), "");
    await Deno.writeTextFile(join(dir, "script"), completions(shell));
    await body(join(dir, "script"), folder);
  });
}

for (const shell of SHELLS) {
  Deno.test({
    name: `completions() in ${shell} offer what the command has, and nothing else`,
    ignore: cannotFind({ [shell]: shell }),
    fn: () =>
      withScript(shell, async (script, cwd) => {
        const driver = join(import.meta.dirname!, `_complete.${shell}`);
        const words = [...DRIVERS[shell], driver, script, ...CASES.map(([line]) => line)];
        const { code, stdout, stderr } = await run(words, { cwd });
        assert.deepEqual([code, stderr], [0, ""]);
        const lines = stdout.replace(/\n$/, "").split("\n");
        assert.equal(lines.length, CASES.length, stdout);
        CASES.forEach(([line, expected], index) => {
          const offered = lines[index]!.split(" ").filter((word) => word !== "");
          const isFile = shell === "bash" && expected[0] === FILE;
          assert.deepEqual(offered.sort(), isFile ? ["FILE"] : [...expected].sort(), line);
        });
      }),
  });
}

Deno.test({
  name: "completions() complete file names at the prompt of bash",
  ignore: cannotFind({ bash: "bash" }),
  fn: () =>
    withScript("bash", async (script, cwd) => {
      const input = `ipvstat() { printf '<%s>' "$@"; echo; }
source ${script}
ipvstat record a-rec\t\nipvstat --replay=./a-\t\nipvstat doct\t--output=js\t\n`;
      const { stdout } = await run(["bash", "--norc", "-i"], { cwd, input });
      assert.deepEqual(stdout.trim().split("\n"), [
        `<record><${FILE}>`,
        `<--replay=./${FILE}>`,
        "<doctor><--output=json>",
      ]);
    }),
});
