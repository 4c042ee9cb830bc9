import assert from "node:assert/strict";
import { blocks, read } from "./_pages.ts";

const README = read("README.md");

Deno.test("README has at most 150 lines", () => {
  assert.ok(README.trimEnd().split("\n").length <= 150);
});

Deno.test("README shows the demo's real output", () => {
  assert.equal(blocks(README, "text")[0], read("testdata/demo/expected-80.txt"));
});

Deno.test("README's lines of doctor are in the sample of docs/troubleshooting.md", () => {
  const [, sample = ""] = blocks(README, "text");
  assert.ok(sample.length > 0);
  assert.ok(read("docs/troubleshooting.md").includes(sample));
});

Deno.test("README's configurations are those of the examples", () => {
  const [toml = ""] = blocks(README, "toml");
  assert.ok(toml.length > 0 && read("examples/telegraf.conf").endsWith(toml));
  const [yaml = ""] = blocks(README, "yaml");
  assert.ok(yaml.length > 0 && read("examples/compare-recording.yml").endsWith(yaml));
});

Deno.test("README names the command that runs the tests", () => {
  assert.match(README, /`deno task test` runs the tests/);
});
