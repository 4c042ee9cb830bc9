import assert from "node:assert/strict";
import { dirname, join, normalize } from "node:path";
import { EXIT_CODES } from "../lib/commands/exit_codes.ts";
import { helpText } from "../lib/commands/help.ts";
import { parseArguments } from "../lib/commands/parse.ts";
import { REAL_METRICS, VIRTUAL_METRICS } from "../lib/metrics/catalogue.ts";
import { REAL_LABELS, VIRTUAL_LABELS } from "../lib/metrics/labels.ts";
import { tableColumns } from "../lib/output/table_columns.ts";
import { PERMISSIONS } from "../packaging/flags.ts";
import { familiesIn, withTables } from "./docs.ts";
import { AGGREGATE_DIFFERENCES, SERVER_DIFFERENCES } from "./kernel/_node_exporter_differences.ts";
import { anchors, blocks, commandLines, docsPages, links, read } from "./_pages.ts";

const PAGES = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", ...docsPages()];
const FORMATS = read("docs/formats.md");

Deno.test("docs/formats.md has the tables that `deno task docs` writes", () => {
  assert.equal(withTables(FORMATS), FORMATS);
});

Deno.test("docs/formats.md names every metric and label in every format", () => {
  for (const { name } of [...VIRTUAL_METRICS, ...REAL_METRICS, ...VIRTUAL_LABELS, ...REAL_LABELS]) {
    assert.ok(FORMATS.includes(`| \`${name}\` `), name);
  }
  for (const recording of ["testdata/hard", "testdata/demo", "testdata/empty"]) {
    for (const { name, kind } of familiesIn(read(`${recording}/expected.openmetrics`))) {
      const suffix = { counter: "_total", info: "_info" }[kind] ?? "";
      assert.ok(FORMATS.includes(`\`${name}${suffix}\``), name);
    }
  }
});

Deno.test("docs/formats.md lists the table's columns in the order in which they are left out", () => {
  const columns = tableColumns();
  const ranks = [...new Set(columns.map(({ rank }) => rank))].sort((a, b) => b - a);
  const groups = ranks.map((rank) => columns.filter((column) => column.rank === rank));
  const expected = groups.map((group, i) =>
    `${i + 1}. ${group.map(({ head }) => `\`${head}\``).join(", ")}`
  );
  assert.ok(FORMATS.includes(`\n\n${expected.join("\n")}\n\n`), expected.join("\n"));
});

const SOURCES: readonly string[] = [
  "expected.ndjson",
  "expected.influx",
  "expected-extended.influx",
  "expected.prom",
  "expected.openmetrics",
  "expected-aggregate.prom",
].map((file) => read(`testdata/demo/${file}`));

Deno.test("docs/formats.md has samples that are lines of the demo's real outputs", () => {
  const lines = blocks(FORMATS, "text").flatMap((block) => block.trimEnd().split("\n"));
  assert.ok(lines.length > 10);
  for (const line of lines) {
    assert.ok(SOURCES.some((source) => source.split("\n").includes(line)), line);
  }
});

Deno.test("docs/formats.md has JSON of the demo's real output", () => {
  const lines = read("testdata/demo/expected.json").split("\n");
  const [block = ""] = blocks(FORMATS, "json");
  assert.ok(block.includes("\n"));
  for (const line of block.trimEnd().split("\n")) {
    assert.ok(lines.some((real) => real.startsWith(line)), line);
  }
});

Deno.test("docs/node-exporter.md has samples of the demo's real output", () => {
  const lines = read("testdata/demo/expected-node-exporter.prom").split("\n");
  const [block = ""] = blocks(read("docs/node-exporter.md"), "text");
  assert.ok(block.includes("\n"));
  for (const line of block.trimEnd().split("\n")) assert.ok(lines.includes(line), line);
});

Deno.test("docs/node-exporter.md lists the differences that the lab finds, and no others", () => {
  const [, section = ""] = read("docs/node-exporter.md").split("\n## Differences\n");
  const [, rows = ""] = /\n\| -[-| ]+\n((?:\|.*\n)+)/.exec(section) ?? [];
  const cells = rows.trimEnd().split("\n").map((row) =>
    row.slice(1, -1).split("|").map((cell) => cell.trim())
  );
  const differences = [...SERVER_DIFFERENCES, ...AGGREGATE_DIFFERENCES];
  assert.deepEqual(
    cells,
    differences.map(({ subject, ipvstat, nodeExporter }) => [subject, ipvstat, nodeExporter]),
  );
});

Deno.test("docs/node-exporter.md names every metric of the two outputs that it compares", () => {
  const page = read("docs/node-exporter.md");
  const named = (text: string) =>
    text.split("\n").filter((line) => line.startsWith("# TYPE "))
      .map((line) => line.split(" ")[2]!);
  const backend = named(read("testdata/demo/expected-node-exporter.prom"))
    .filter((name) => name.includes("backend"));
  assert.equal(backend.length, 3);
  for (const name of backend) assert.ok(page.includes(`| \`${name}\` `), name);
  const own = named(read("testdata/demo/expected.prom"));
  for (const [, name = ""] of page.matchAll(/`(ipvs_[a-z_]+)`/g)) {
    assert.ok(own.includes(name), name);
  }
});

Deno.test("docs/states.md names the states that the labels name", () => {
  const page = read("docs/states.md");
  const states = [...page.matchAll(/^\| `([\w-]+)` /gm)].map(([, state]) => state!);
  const helps = [...REAL_LABELS, ...VIRTUAL_LABELS].filter(({ name }) => name === "state");
  const named = helps.flatMap(({ help }) =>
    help.replaceAll(/\(.*?\)/g, "").match(/\b(?!or\b)[\w-]+\b/g) ?? []
  );
  assert.deepEqual(states, named);
});

Deno.test("docs/commands.md shows the real help", () => {
  assert.ok(
    blocks(read("docs/commands.md"), "console").includes(`$ ipvstat --help\n${helpText()}`),
  );
});

Deno.test("docs/troubleshooting.md has the exit codes of the man page", () => {
  const page = read("docs/troubleshooting.md");
  for (const { code, meaning, details } of EXIT_CODES) {
    const words = details === undefined ? meaning : `${meaning} (${details})`;
    assert.match(page, new RegExp(`^\\| ${code} +\\| ${RegExp.escape(words)} +\\|$`, "m"));
  }
});

Deno.test("docs/building.md runs cli.ts with the permissions of the binary", () => {
  const page = read("docs/building.md").replaceAll(/ \\\n +/g, " ");
  const [line = ""] = /^ +(?:sudo )?deno run .*cli\.ts$/m.exec(page) ?? [];
  const flags = line.split(" ").filter((word) => word.startsWith("--allow-"));
  assert.deepEqual(flags, PERMISSIONS);
});

Deno.test("docs/library.md names only symbols that mod.ts exports", async () => {
  const exported = await import("../mod.ts");
  const page = read("docs/library.md");
  for (const [, name = ""] of page.matchAll(/`(\w+)\(\)`/g)) {
    const isMethod = ["collect", "filter", "map"].includes(name);
    assert.ok(isMethod || name in exported, name);
  }
});

for (const path of PAGES) {
  const page = read(path);

  Deno.test(`${path} names only tasks that exist`, () => {
    const { tasks } = JSON.parse(read("deno.json"));
    for (const [, task = ""] of page.matchAll(/(?:deno|deno@2\.9\.6) task ([\w:-]+)/g)) {
      assert.ok(task in tasks, task);
    }
  });

  Deno.test(`${path} has command lines that the program accepts`, () => {
    for (const words of commandLines(page)) {
      const isPlaceholder = words.some((word) => /^(COMMAND|FORMAT|bash\|.*|\[.*)$/.test(word));
      if (!isPlaceholder) assert.doesNotThrow(() => parseArguments(words), words.join(" "));
    }
  });

  Deno.test(`${path} links to files and headings that exist`, () => {
    for (const link of links(page)) {
      const [file = "", anchor] = link.split("#");
      const target = file === "" ? path : normalize(join(dirname(path), file));
      assert.ok(Deno.statSync(new URL(`../${target}`, import.meta.url)), link);
      if (anchor !== undefined) assert.ok(anchors(read(target)).includes(anchor), link);
    }
  });
}

Deno.test("the pages have command lines to check", () => {
  const count = PAGES.map((path) => commandLines(read(path)).length).reduce((a, b) => a + b);
  assert.ok(count > 20, `${count}`);
});
