import assert from "node:assert/strict";
import { COMMANDS, OPTIONS, optionsOf } from "../../lib/commands/options.ts";

const NAMES = COMMANDS.map(({ name }) => name);

Deno.test("every option belongs to existing commands", () => {
  for (const { name, commands } of OPTIONS) {
    assert.ok(commands.length > 0 && commands.every((each) => NAMES.includes(each)), name);
  }
});

Deno.test("commands have unique names, and the options of a command unique names and letters", () => {
  const ofOptions = NAMES.map((name) =>
    optionsOf(name).flatMap(({ name, short }) => [name, short])
  );
  for (const names of [NAMES, ...ofOptions]) {
    const given = names.filter((name) => name !== undefined);
    assert.equal(new Set(given).size, given.length, given.join(" "));
  }
});

Deno.test("the rows of an option have the same letter, and all or none have an argument", () => {
  for (const { name, short, argument } of OPTIONS) {
    const first = OPTIONS.find((option) => option.name === name)!;
    assert.equal(first.short, short, name);
    assert.equal(first.argument === undefined, argument === undefined, name);
  }
});

Deno.test("the default of an option is one of its values", () => {
  const given = OPTIONS.filter((option) => option.default !== undefined);
  assert.ok(given.length > 0);
  for (const { name, argument, default: value } of given) {
    assert.ok(argument?.values.includes(value!), name);
  }
});

Deno.test("help texts are phrases, and details are sentences", () => {
  for (const { name, help, details } of [...COMMANDS, ...OPTIONS]) {
    assert.match(help, /^[a-z][^\n]*[^.\n]$/, name);
    if (details !== undefined) assert.match(details, /^[^a-z][^\n]*[^\n ]$/, name);
  }
});

Deno.test("options need and exclude options of the same commands, and values that exist", () => {
  for (const { name, commands, needs = [], excludes } of OPTIONS) {
    const others = [...needs, ...(excludes === undefined ? [] : [{ option: excludes }])];
    for (const { option, value } of others as readonly { option: string; value?: string }[]) {
      for (const command of commands) {
        const row = optionsOf(command).find((each) => each.name === option);
        assert.ok(row !== undefined, `${command} --${name}`);
        if (value !== undefined) assert.ok(row.argument?.values.includes(value), name);
      }
    }
  }
});
