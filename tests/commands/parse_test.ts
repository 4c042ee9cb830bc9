import assert from "node:assert/strict";
import fc from "fast-check";
import { COMMANDS, FORMATS, OPTIONS } from "../../lib/commands/options.ts";
import { parseArguments } from "../../lib/commands/parse.ts";
import { UsageError } from "../../lib/commands/usage_error.ts";

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

Deno.test("parseArguments() defaults to show", () => {
  assert.deepEqual(parse(), { command: "show", operands: [], options: {} });
  assert.equal(parse("-o", "json").command, "show");
});

Deno.test("parseArguments() takes an argument as a separate word, attached, and after an equals sign", () => {
  const spellings = [["-o", "json"], ["-ojson"], ["-o=json"], ["--output", "json"]];
  for (const words of [...spellings, ["--output=json"]]) {
    assert.deepEqual(parse(...words).options, { output: "json" }, words.join(" "));
  }
});

Deno.test("parseArguments() takes options before and after the command", () => {
  const expected = { command: "show", operands: [], options: { output: "influx", extended: "" } };
  assert.deepEqual(parse("show", "-o", "influx", "--extended"), expected);
  assert.deepEqual(parse("-o", "influx", "show", "--extended"), expected);
});

Deno.test("parseArguments() keeps equals signs and dashes in arguments", () => {
  assert.equal(parse("--replay=a=b").options["replay"], "a=b");
  assert.equal(parse("--replay", "-").options["replay"], "-");
  assert.equal(parse("--replay", "--demo").options["replay"], "--demo");
});

Deno.test("parseArguments() takes words after -- as operands", () => {
  assert.deepEqual(parse("record", "--", "--odd.pcap").operands, ["--odd.pcap"]);
});

Deno.test("parseArguments() takes every format, and each command with its operands", () => {
  for (const format of FORMATS) assert.equal(parse("-o", format).options["output"], format);
  for (const { name, operands } of COMMANDS) {
    const words = operands.map(({ values }) => typeof values === "string" ? "1" : values[0]!);
    assert.deepEqual(parse(name, ...words), { command: name, operands: words, options: {} });
  }
});

Deno.test("parseArguments() checks a format by the command, also if the command follows", () => {
  assert.equal(parse("-o", "json", "doctor").command, "doctor");
  refuses(
    ["-o", "influx", "doctor"],
    /^Unknown FORMAT "influx" for --output; use table or json$/,
  );
  refuses(["doctor", "--output", "tabel"], /; did you mean table\?$/);
});

Deno.test("parseArguments() suggests the nearest command, option and choice", () => {
  refuses(["shwo"], /^Unknown command "shwo"; did you mean show\?$/);
  refuses(["rec"], /did you mean record\?$/);
  refuses(["Doctor"], /did you mean doctor\?$/);
  refuses(["--ouput", "json"], /^Unknown option --ouput; did you mean --output\?$/);
  refuses(["--extend"], /did you mean --extended\?$/);
  refuses(["--verison"], /did you mean --version\?$/);
  refuses(["-o", "jsn"], /^Unknown FORMAT "jsn" for --output; did you mean json\?$/);
  refuses(["--output=prom"], /did you mean prometheus\?$/);
  refuses(["-o", "open-metrics"], /did you mean openmetrics\?$/);
  refuses(["-o", "JSON"], /did you mean json\?$/);
  refuses(["completions", "zhs"], /^Unknown SHELL "zhs" for completions; did you mean zsh\?$/);
  refuses(["help", "recrod"], /^Unknown COMMAND "recrod" for help; did you mean record\?$/);
});

Deno.test("parseArguments() suggests options of the command, wherever it is on the line", () => {
  refuses(["record", "x", "--rund"], /did you mean --rounds\?$/);
  refuses(["--rund", "record", "x"], /did you mean --rounds\?$/);
  refuses(["show", "--rund"], /did you mean --round\?$/);
  refuses(["--rund"], /did you mean --round\?$/);
  refuses(
    ["record", "x", "--round", "3"],
    /^Option --round does not apply to record; did you mean --rounds\?$/,
  );
});

Deno.test("parseArguments() lists the options of the command if none is similar", () => {
  const none = /^Unknown option --qqqqqqqqqq; /;
  const ofRecord =
    /; record takes --service, .*, --rounds, --interval, .*, --debug, --help and --version$/;
  for (const words of [["record", "x", "--qqqqqqqqqq"], ["--qqqqqqqqqq", "y", "record", "x"]]) {
    refuses(words, none);
    refuses(words, ofRecord);
  }
  refuses(["--qqqqqqqqqq"], /; show takes --output, --color, .*, --help and --version$/);
  refuses(["schema", "--qqqqqqqqqq=1"], /^Unknown option --q+; schema takes --help and --version$/);
  refuses(["schema", "-x"], /^Unknown option -x; schema takes -h, -V, --help and --version$/);
});

Deno.test("parseArguments() lists the choices if none is similar", () => {
  refuses(
    ["-o", "xml"],
    /; use table, wide, json, ndjson, csv, influx, prometheus, openmetrics or ipvsadm$/,
  );
  refuses(["completions", "powershell"], /; use bash, zsh or fish$/);
  refuses(
    ["qqqqqqqq"],
    /^Unknown command "qqqqqqqq"; use show, stream, record, .*, version or help$/,
  );
});

Deno.test("parseArguments() suggests the other case of an unknown letter", () => {
  refuses(["-O", "json"], /^Unknown option -O; did you mean -o\?$/);
  refuses(["-v"], /^Unknown option -v; did you mean -V\?$/);
});

Deno.test("parseArguments() suggests two dashes for a long option with one", () => {
  refuses(["-help"], /^Unknown option -help; did you mean --help\?$/);
  refuses(["-output", "json"], /^Unknown option -output; did you mean --output\?$/);
});

Deno.test("parseArguments() lists the choices for a missing argument or operand", () => {
  const formats = "table, wide, json, ndjson, csv, influx, prometheus, openmetrics or ipvsadm";
  refuses(["-o"], new RegExp(`^Missing FORMAT for --output: use ${formats}$`));
  refuses(["--output="], new RegExp(`^Missing FORMAT for --output: use ${formats}$`));
  refuses(["doctor", "-o"], /^Missing FORMAT for --output: use table or json$/);
  refuses(["--output=", "doctor"], /^Missing FORMAT for --output: use table or json$/);
  refuses(["completions"], /^Missing SHELL for completions: use bash, zsh or fish$/);
  refuses(["--replay"], /^Missing FILE for --replay: use a file name or -$/);
  refuses(["record"], /^Missing FILE for record: use a file name or -$/);
  refuses(["--demo", "--round"], /^Missing N for --round: use a number from 1 to 999999$/);
});

Deno.test("parseArguments() refuses what a command or a flag does not take", () => {
  refuses(["show", "extra"], /^Unexpected argument "extra"; show takes no arguments$/);
  refuses(
    ["record", "a.pcap", "b.pcap"],
    /^Unexpected argument "b\.pcap"; record takes only FILE$/,
  );
  refuses(
    ["record", "a.pcap", "--extended"],
    /^Option --extended does not apply to record; use it with show or stream$/,
  );
  refuses(
    ["schema", "-o", "json"],
    /^Option --output does not apply to schema; use it with show, stream, doctor or conns$/,
  );
  refuses(["--demo=yes"], /^Option --demo takes no argument$/);
});

Deno.test("parseArguments() refuses options without the option that they need", () => {
  for (const format of [[], ["-o", "json"], ["--output=table"]]) {
    refuses(["--extended", ...format], /^Option --extended requires --output influx$/);
  }
  assert.equal(parse("--extended", "-oinflux").options["extended"], "");
  refuses(["--round", "1"], /^Option --round requires --replay or --demo$/);
  refuses(["--max-size", "1M"], /^Option --max-size requires --replay or --demo$/);
  assert.equal(parse("--replay", "x", "--max-size", "1M").options["max-size"], "1M");
  refuses(["--demo", "--replay", "x"], /^Options --replay and --demo cannot be combined$/);
});

Deno.test("parseArguments() takes whole numbers from 1, and seconds up to a day", () => {
  assert.equal(parse("--demo", "--round", "3").options["round"], "3");
  for (const wrong of ["0", "-1", "1.5", "1000000", "x", "1e3"]) {
    refuses(
      ["--round", wrong],
      new RegExp(`^Invalid N "${wrong}" for --round: use a number from 1 to 999999$`),
    );
  }
  for (const right of ["0", "2", "0.5", ".5", "86400", "2s", "500ms", "1.5m", "24h"]) {
    assert.equal(parse("record", "x", "--interval", right).options["interval"], right);
  }
  for (const wrong of ["-1", "86401", "25h", "2d", "2 s", "Infinity", "."]) {
    refuses(
      ["record", "x", "--interval", wrong],
      /^Invalid SECONDS ".*" for --interval: use seconds from 0 to 86400, or a time such as 500ms or 2m$/,
    );
  }
});

Deno.test("parseArguments() turns --help into help for the command, whatever else is given", () => {
  assert.deepEqual(parse("--help").operands, []);
  for (
    const words of [
      ["record", "--help"],
      ["-h", "record"],
      ["record", "-h", "-o", "x"],
      ["record", "--interval", "-h"],
      ["record", "--qqq", "-h", "--demo=1", "a", "b"],
    ]
  ) {
    const { command, operands } = parse(...words);
    assert.deepEqual([command, operands], ["help", ["record"]], words.join(" "));
  }
  for (const words of [["-o", "-h"], ["--replay", "--help"], ["--qqq", "-h"], ["-x", "y", "-h"]]) {
    const { command, operands } = parse(...words);
    assert.deepEqual([command, operands], ["help", []], words.join(" "));
  }
  assert.equal(parse("--replay=-h").options["replay"], "-h");
  refuses(["recrod", "--help"], /did you mean record\?$/);
});

Deno.test("parseArguments() turns -V and --version into version, whatever else is given", () => {
  for (
    const words of [
      ["version"],
      ["-V"],
      ["--version"],
      ["record", "-V"],
      ["-V", "doctor", "-o", "x"],
      ["-o", "-V"],
      ["--qqq", "--version"],
    ]
  ) {
    assert.equal(parse(...words).command, "version", words.join(" "));
  }
  refuses(["version", "x"], /^Unexpected argument "x"; version takes no arguments$/);
});

Deno.test("parseArguments() throws only UsageError, for any words", () => {
  const names = [...OPTIONS.map((o) => `--${o.name}`), ...COMMANDS.map((c) => c.name), ...FORMATS];
  const word = fc.oneof(
    fc.constantFrom(...names, "--", "-", "-o", "-h", "-V", "--=", "-="),
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

Deno.test("parseArguments() keeps every argument of an option that can be repeated", () => {
  const words = [
    "--state",
    "down",
    "--fwmark=1",
    "--state=draining",
    "--fwmark",
    "2",
    "-o",
    "json",
  ];
  const { lists, options } = parseArguments(words);
  assert.deepEqual(Object.fromEntries(lists), { state: ["down", "draining"], fwmark: ["1", "2"] });
  assert.equal(options.get("output"), "json");
});

Deno.test("parseArguments() checks every argument of an option that can be repeated", () => {
  refuses(
    ["--state", "dwn", "--state", "down"],
    /^Unknown STATE "dwn" for --state; did you mean down\?$/,
  );
  refuses(["--service", "", "--service", ":80"], /^Missing SERVICE for --service/);
});
