import assert from "node:assert/strict";
import fc from "fast-check";
import {
  COMMANDS,
  FORMATS,
  OPTIONS,
  parseArguments,
  UsageError,
} from "../../lib/commands/options.ts";

function parse(...words: string[]) {
  const { command, operands, options } = parseArguments(words);
  return { command, operands: [...operands], options: Object.fromEntries(options) };
}

function refuses(words: string[], message: RegExp): void {
  assert.throws(() => parseArguments(words), (error) => {
    assert.ok(error instanceof UsageError, String(error));
    assert.match(error.message, message);
    assert.doesNotMatch(error.message, /\n/);
    return true;
  });
}

Deno.test("parseArguments() shows where no command is given", () => {
  assert.deepEqual(parse(), { command: "show", operands: [], options: {} });
  assert.equal(parse("-o", "json").command, "show");
});

Deno.test("parseArguments() takes an option's argument apart, attached and behind an equals sign", () => {
  const spellings = [["-o", "json"], ["-ojson"], ["-o=json"], ["--output", "json"]];
  for (const words of [...spellings, ["--output=json"]]) {
    assert.deepEqual(parse(...words).options, { output: "json" }, words.join(" "));
  }
});

Deno.test("parseArguments() takes options before and behind the command", () => {
  const expected = { command: "show", operands: [], options: { output: "influx", extended: "" } };
  assert.deepEqual(parse("show", "-o", "influx", "--extended"), expected);
  assert.deepEqual(parse("-o", "influx", "show", "--extended"), expected);
});

Deno.test("parseArguments() takes an argument with equals signs and dashes as it is", () => {
  assert.equal(parse("--replay=a=b").options["replay"], "a=b");
  assert.equal(parse("--replay", "-").options["replay"], "-");
  assert.equal(parse("--replay", "--demo").options["replay"], "--demo");
});

Deno.test("parseArguments() takes what follows -- as operands", () => {
  assert.deepEqual(parse("record", "--", "--odd.pcap").operands, ["--odd.pcap"]);
});

Deno.test("parseArguments() takes every format, and each command with its operands", () => {
  for (const format of FORMATS) assert.equal(parse("-o", format).options["output"], format);
  for (const { name, operands } of COMMANDS) {
    assert.equal(parse(name, ...operands).command, name);
  }
});

Deno.test("parseArguments() names the nearest command, option and format", () => {
  refuses(["shwo"], /^Unknown command "shwo"; did you mean show\?$/);
  refuses(["rec"], /did you mean record\?$/);
  refuses(["--ouput", "json"], /^Unknown option --ouput; did you mean --output\?$/);
  refuses(["--extend"], /did you mean --extended\?$/);
  refuses(["--verison"], /did you mean --version\?$/);
  refuses(["-o", "jsn"], /^Unknown FORMAT "jsn" of --output; did you mean json\?$/);
  refuses(["--output=prom"], /did you mean prometheus\?$/);
  refuses(["-o", "open-metrics"], /did you mean openmetrics\?$/);
  refuses(["-o", "JSON"], /"JSON".*(did you mean|it is one of)/);
});

Deno.test("parseArguments() lists the right words where none is near", () => {
  refuses(["-o", "xml"], /; it is one of table, json, influx, prometheus, openmetrics$/);
  refuses(["qqqqqqqq"], /; it is one of show, record, schema/);
  refuses(["--qqqqqqqqqq"], /; it is one of .*--output.*--version/);
});

Deno.test("parseArguments() points to the help for an unknown letter", () => {
  refuses(["-x"], /^Unknown option -x; see ipvstat --help$/);
});

Deno.test("parseArguments() misses an argument or operand by its name", () => {
  refuses(["-o"], /^--output needs its FORMAT$/);
  refuses(["--output="], /^--output needs its FORMAT$/);
  refuses(["--replay"], /^--replay needs its FILE$/);
  refuses(["record"], /^record needs its FILE$/);
});

Deno.test("parseArguments() refuses what a command or a flag does not take", () => {
  refuses(["show", "extra"], /^show takes no "extra"$/);
  refuses(["record", "a.pcap", "b.pcap"], /^record takes no "b\.pcap"$/);
  refuses(["record", "a.pcap", "--extended"], /^record takes no --extended/);
  refuses(["schema", "-o", "json"], /^schema takes no --output/);
  refuses(["--demo=yes"], /^--demo takes no argument$/);
});

Deno.test("parseArguments() asks for nothing else where help or the version is wanted", () => {
  assert.equal(parse("record", "--help").options["help"], "");
  assert.equal(parse("record", "-h").options["help"], "");
  assert.equal(parse("schema", "--version").options["version"], "");
});

Deno.test("every option is of commands that there are, with names that differ", () => {
  const commands = COMMANDS.map((command) => command.name);
  for (const { name, commands: of } of OPTIONS) {
    assert.ok(of.length > 0 && of.every((each) => commands.includes(each)), name);
  }
  for (const names of [OPTIONS.map((o) => o.name), OPTIONS.flatMap((o) => o.short ?? [])]) {
    assert.equal(new Set(names).size, names.length);
  }
});

Deno.test("parseArguments() throws nothing but UsageError, of one line, on any words", () => {
  const names = [...OPTIONS.map((o) => `--${o.name}`), ...COMMANDS.map((c) => c.name), ...FORMATS];
  const word = fc.oneof(
    fc.constantFrom(...names, "--", "-", "-o", "-h", "--=", "-="),
    fc.string({ unit: fc.constantFrom(..."-=abo jsn") }),
    fc.string(),
  );
  fc.assert(fc.property(fc.array(word, { maxLength: 6 }), (words) => {
    try {
      const { command } = parseArguments(words);
      assert.ok(COMMANDS.some(({ name }) => name === command));
    } catch (error) {
      assert.ok(error instanceof UsageError, String(error));
    }
  }));
});
