import assert from "node:assert/strict";
import { EXIT_CODES } from "../../lib/commands/exit_codes.ts";
import { manPage } from "../../lib/commands/man_page.ts";
import { type Argument, COMMANDS, OPTIONS, optionsOf } from "../../lib/commands/options.ts";
import { VERSION } from "../../lib/version.ts";
import { cannotFind, run } from "../_commands.ts";

const SECTIONS = "NAME|SYNOPSIS|DESCRIPTION|COMMANDS|OPTIONS|EXIT STATUS|ENVIRONMENT|FILES|" +
  "EXAMPLES|SECURITY|SEE ALSO";

const COMMON = ["help", "version"];

const ENV = { LC_ALL: "C.UTF-8", MANWIDTH: "200" };

Deno.test("manPage() has the usual sections in the usual order, and the version", () => {
  const page = manPage();
  const sections = [...page.matchAll(/^\.SH (.*)$/gm)].map((match) => match[1]);
  assert.equal(sections.join("|"), SECTIONS);
  assert.match(page, new RegExp(`^\\.TH IPVSTAT 1 .*"ipvstat ${RegExp.escape(VERSION)}"`));
});

Deno.test("manPage() is ASCII, and no text line is mistaken for a roff request", () => {
  for (const line of manPage().split("\n")) {
    assert.match(line, /^[ -~]*$/);
    assert.match(line, /^([^.']|\.(TH|SH|SS|TP|PP|BR|br|nf|fi|RS|RE)( |$)|$)/, line);
  }
});

Deno.test("manPage() groups the options by command", () => {
  const [, options = ""] = /^\.SH OPTIONS\n(.*?)^\.SH /ms.exec(manPage()) ?? [];
  const groups = options.split(/^\.SS /m).slice(1).map((group) => {
    const names = [...group.matchAll(/^\\fB.*?\\-\\-((?:\w|\\-)+)\\fR/gm)];
    return [group.split("\n")[0], names.map(([, name]) => name!.replaceAll("\\-", "-"))];
  });
  const own = (command: string) =>
    optionsOf(command).map(({ name }) => name).filter((name) => !COMMON.includes(name));
  assert.deepEqual(groups, [
    ...["show", "stream", "record", "doctor", "conns"].map((command) => [command, own(command)]),
    ["All commands", COMMON],
  ]);
});

Deno.test({
  name: "man renders manPage() without warnings, with every command, option and exit code",
  ignore: cannotFind({ man: "man-db" }),
  async fn() {
    const words = ["man", "--warnings", "-l", "-"];
    const { code, stdout, stderr } = await run(words, { input: manPage(), env: ENV });
    assert.deepEqual([code, stderr], [0, ""]);
    const text = stdout.replace(/\s+/g, " ");
    const called = (argument?: Argument) => argument === undefined ? "" : ` ${argument.name}`;
    for (const { name, operands, help } of COMMANDS) {
      assert.ok(text.includes(`${name}${called(operands.find((one) => !one.optional))}`), name);
      assert.ok(text.includes(help.slice(1)), help);
    }
    for (const { name, argument, help } of OPTIONS) {
      assert.ok(text.includes(`--${name}${called(argument)} `), name);
      assert.ok(text.includes(help.slice(1)), help);
    }
    for (const { code, meaning } of EXIT_CODES) {
      assert.match(text, new RegExp(` ${code} .?${meaning.slice(1)}`));
    }
  },
});

Deno.test({
  name: "groff has no warnings for manPage()",
  ignore: cannotFind({ groff: "groff-base" }),
  async fn() {
    const result = await run(["groff", "-man", "-Tutf8", "-ww", "-z"], { input: manPage() });
    assert.deepEqual(result, { code: 0, stdout: "", stderr: "" });
  },
});

Deno.test({
  name: "mandoc finds nothing in manPage() except the missing date",
  ignore: cannotFind({ mandoc: "mandoc" }),
  async fn() {
    const { stdout, stderr } = await run(["mandoc", "-T", "lint"], { input: manPage() });
    const lines = `${stdout}${stderr}`.trim().split("\n");
    // A date would make builds differ from day to day.
    assert.deepEqual(lines.filter((line) => !/missing date, using "": TH$/.test(line)), []);
  },
});
