import assert from "node:assert/strict";
import fc from "fast-check";
import { COMMANDS, FORMATS, OPTIONS, SHELLS } from "../../lib/commands/options.ts";
import { parseArguments, UsageError } from "../../lib/commands/parse.ts";

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
    const words = operands.map(({ values }) => typeof values === "string" ? "x" : values[0]!);
    assert.deepEqual(parse(name, ...words), { command: name, operands: words, options: {} });
  }
});

Deno.test("parseArguments() takes of a format what the command has, wherever it stands", () => {
  assert.equal(parse("-o", "json", "doctor").command, "doctor");
  refuses(
    ["-o", "influx", "doctor"],
    /^Unknown FORMAT "influx" of --output; it is one of table, json$/,
  );
  refuses(["doctor", "--output", "tabel"], /; did you mean table\?$/);
});

Deno.test("parseArguments() names the nearest command, option and choice", () => {
  refuses(["shwo"], /^Unknown command "shwo"; did you mean show\?$/);
  refuses(["rec"], /did you mean record\?$/);
  refuses(["Doctor"], /did you mean doctor\?$/);
  refuses(["--ouput", "json"], /^Unknown option --ouput; did you mean --output\?$/);
  refuses(["--extend"], /did you mean --extended\?$/);
  refuses(["--verison"], /did you mean --version\?$/);
  refuses(["-o", "jsn"], /^Unknown FORMAT "jsn" of --output; did you mean json\?$/);
  refuses(["--output=prom"], /did you mean prometheus\?$/);
  refuses(["-o", "open-metrics"], /did you mean openmetrics\?$/);
  refuses(["-o", "JSON"], /did you mean json\?$/);
  refuses(["completions", "zhs"], /^Unknown SHELL "zhs" of completions; did you mean zsh\?$/);
  refuses(["help", "recrod"], /^Unknown COMMAND "recrod" of help; did you mean record\?$/);
});

Deno.test("parseArguments() names the nearest option of the command where one is named before", () => {
  refuses(["record", "x", "--rund"], /did you mean --rounds\?$/);
  refuses(["show", "--rund"], /did you mean --round\?$/);
  refuses(["record", "x", "--round", "3"], /^record takes no --round; did you mean --rounds\?$/);
});

Deno.test("parseArguments() lists the right words where none is near", () => {
  refuses(["-o", "xml"], /; it is one of table, json, influx, prometheus, openmetrics$/);
  refuses(["completions", "powershell"], new RegExp(`; it is one of ${SHELLS.join(", ")}$`));
  refuses(["qqqqqqqq"], /; it is one of show, record, doctor, schema/);
  refuses(["--qqqqqqqqqq"], /; it is one of --output, --output-file, .*--version$/);
});

Deno.test("parseArguments() names an unknown letter's other case, or every letter", () => {
  refuses(["-O", "json"], /^Unknown option -O; did you mean -o\?$/);
  refuses(["-x"], /^Unknown option -x; it is one of -o, -h$/);
  refuses(["record", "-o", "x"], /^record takes no --output; it goes with show, doctor$/);
});

Deno.test("parseArguments() asks for the second dash of a word behind one", () => {
  refuses(["-help"], /^Unknown option -help; did you mean --help\?$/);
  refuses(["-output", "json"], /^Unknown option -output; did you mean --output\?$/);
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
  refuses(["record", "a.pcap", "--extended"], /^record takes no --extended; it goes with show$/);
  refuses(["schema", "-o", "json"], /^schema takes no --output; it goes with show, doctor$/);
  refuses(["--demo=yes"], /^--demo takes no argument$/);
});

Deno.test("parseArguments() takes whole numbers from 1 on, and seconds up to a day", () => {
  assert.equal(parse("--demo", "--round", "3").options["round"], "3");
  for (const wrong of ["0", "-1", "1.5", "1000000", "x", "1e3"]) {
    refuses(
      ["--round", wrong],
      new RegExp(`^--round takes a number from 1 to 999999, not "${wrong}"$`),
    );
  }
  for (const right of ["0", "2", "0.5", ".5", "86400"]) {
    assert.equal(parse("record", "x", "--interval", right).options["interval"], right);
  }
  for (const wrong of ["-1", "86401", "2s", "Infinity", "."]) {
    refuses(
      ["record", "x", "--interval", wrong],
      /^--interval takes seconds, from 0 to 86400, not/,
    );
  }
});

Deno.test("parseArguments() makes --help of a command its help, and asks for nothing else", () => {
  assert.deepEqual(parse("--help").operands, []);
  for (const words of [["record", "--help"], ["-h", "record"], ["record", "-h", "-o", "x"]]) {
    const { command, operands } = parse(...words);
    assert.deepEqual([command, operands], ["help", ["record"]], words.join(" "));
  }
  refuses(["recrod", "--help"], /did you mean record\?$/);
});

Deno.test("parseArguments() asks for nothing else where the version is wanted", () => {
  assert.equal(parse("record", "--version").options["version"], "");
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
