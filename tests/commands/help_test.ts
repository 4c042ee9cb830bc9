import assert from "node:assert/strict";
import { EXIT_CODES } from "../../lib/commands/exit_codes.ts";
import { helpText } from "../../lib/commands/help.ts";
import { COMMANDS, OPTIONS, optionsOf } from "../../lib/commands/options.ts";

const TEXTS = [undefined, ...COMMANDS.map(({ name }) => name)].map(helpText);

Deno.test("helpText() has every command and operand, and the options of the default command", () => {
  const text = helpText();
  const unwrapped = text.replaceAll(/\n {10,}/g, " ");
  for (const { name, operands, help } of COMMANDS) {
    const line = unwrapped.split("\n").find((line) => line.startsWith(`  ${name} `)) ?? "";
    assert.ok(line.endsWith(help), name);
    for (const operand of operands) assert.ok(line.includes(operand.name), name);
  }
  for (const { name, help } of optionsOf("show")) {
    assert.match(unwrapped, new RegExp(`--${name} .*${RegExp.escape(help)}\n`));
  }
});

Deno.test("helpText() of a command has its options and no others", () => {
  for (const { name } of COMMANDS) {
    const [, options = ""] = helpText(name).split("Options:");
    const shown = [...options.matchAll(/^ .{5}--([a-z-]+)/gm)].map((match) => match[1]);
    assert.deepEqual(shown, optionsOf(name).map((option) => option.name), name);
  }
  assert.ok(new Set(OPTIONS.map((option) => option.name)).size > optionsOf("record").length);
});

Deno.test("helpText() has every exit code of the command", () => {
  const general = { name: undefined, exitCodes: EXIT_CODES };
  for (const { name, exitCodes = EXIT_CODES } of [general, ...COMMANDS]) {
    for (const { code, meaning } of exitCodes) {
      assert.ok(helpText(name).replaceAll("\n", " ").includes(`${code} ${meaning}`), meaning);
    }
  }
});

Deno.test("helpText() is at most 80 columns wide and ends in one line feed", () => {
  for (const text of TEXTS) {
    assert.ok(text.split("\n").every((line) => line.length <= 80), text);
    assert.match(text, /[^\n]\n$/);
  }
});
