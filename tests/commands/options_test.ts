import assert from "node:assert/strict";
import { COMMANDS, OPTIONS, optionsOf } from "../../lib/commands/options.ts";

const NAMES = COMMANDS.map(({ name }) => name);

Deno.test("every option is of commands that there are", () => {
  for (const { name, commands } of OPTIONS) {
    assert.ok(commands.length > 0 && commands.every((each) => NAMES.includes(each)), name);
  }
});

Deno.test("the commands and the options of each have names and letters that differ", () => {
  const ofOptions = NAMES.map((name) =>
    optionsOf(name).flatMap(({ name, short }) => [name, short])
  );
  for (const names of [NAMES, ...ofOptions]) {
    const given = names.filter((name) => name !== undefined);
    assert.equal(new Set(given).size, given.length, given.join(" "));
  }
});

Deno.test("the rows of one option agree in its letter, and in whether it has an argument", () => {
  for (const { name, short, argument } of OPTIONS) {
    const first = OPTIONS.find((option) => option.name === name)!;
    assert.equal(first.short, short, name);
    assert.equal(first.argument === undefined, argument === undefined, name);
  }
});

Deno.test("what the table says of a word is a phrase, and what it says besides is sentences", () => {
  for (const { name, help, more } of [...COMMANDS, ...OPTIONS]) {
    assert.match(help, /^[a-z][^\n]*[^.\n]$/, name);
    if (more !== undefined) assert.match(more, /^[^a-z][^\n]*[^\n ]$/, name);
  }
});
